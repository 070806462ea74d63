import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { acknowledge, alarmsOf, alertsQuery, type Alert } from '~/stores/routing'
import { span, useSecond } from '~/stores/second'
import { useMe } from '~/stores/session'

/** What waits for my word: the next person is told when the time is over. */
export function Alarms() {
  const me = useMe()
  const list = alarmsOf(useQuery(alertsQuery).data?.items ?? [], me?.id)
  const first = list[0]
  return first ? <Card key={first.ticket_id} alarm={first} more={list.length - 1} /> : null
}

function Card({ alarm: a, more }: { alarm: Alert; more: number }) {
  const now = useSecond()
  const navigate = useNavigate()
  const left = a.next_at ? Date.parse(a.next_at) - now : undefined
  const look = () => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: a.ticket_id }, search: {} })
  return (
    <section className="alarm" role="alert" aria-label={t('alarm.title')}>
      <div className="row g8"><Icon name="warn" size="s" /><b className="sp">{t('alarm.serious')}</b>{more > 0 && <span className="f12 nw">{t('offer.more', { n: more })}</span>}{left !== undefined && <span className="nw f12" title={t('alarm.next')}>{left > 0 ? span(left) : t('alarm.passed')}</span>}</div>
      {(a.subject || a.number) && <p className="f13 clamp">{a.number && <span className="nw">{a.number}{' '}</span>}{a.subject}</p>}
      <div className="row g8">
        <Button look="p" keys="Shift+K" onClick={() => void acknowledge(a.ticket_id)}>{t('alarm.acknowledge')}</Button>
        <Button onClick={look} aria-label={a.number ? t('alarm.look', { number: a.number }) : undefined}>{t('notice.open')}</Button>
      </div>
    </section>
  )
}
