import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { acknowledgeNotice, urgentQuery } from '~/stores/notify'
import { acknowledge, alarmsOf, alertsQuery } from '~/stores/routing'
import { span, useSecond } from '~/stores/second'
import { useMe } from '~/stores/session'

interface Alarm { key: string; title: string; text?: string; ticket?: string; number?: string; by?: string; answer: () => unknown }

/** What waits for my word: the next person is told when the time is over. */
function useAlarms(): Alarm[] {
  const me = useMe()
  const notices = useQuery(urgentQuery).data ?? []
  const alerts = alarmsOf(useQuery(alertsQuery).data?.items ?? [], me?.id)
  const serious = new Set(alerts.map((a) => a.ticket_id))
  return [
    ...alerts.map((a): Alarm => ({ key: `t${a.ticket_id}`, title: t('alarm.serious'), text: a.subject, ticket: a.ticket_id, number: a.number, by: a.next_at, answer: () => acknowledge(a.ticket_id) })),
    ...notices.filter((n) => !serious.has(n.ticket_id ?? '')).map((n): Alarm => ({ key: `n${n.id}`, title: n.title, text: n.text, ticket: n.ticket_id, number: n.number, by: n.acknowledge_by, answer: () => acknowledgeNotice(n) })),
  ]
}

export function Alarms() {
  const list = useAlarms()
  const first = list[0]
  return first ? <Card key={first.key} alarm={first} more={list.length - 1} /> : null
}

function Card({ alarm: a, more }: { alarm: Alarm; more: number }) {
  const now = useSecond()
  const navigate = useNavigate()
  const left = a.by ? Date.parse(a.by) - now : undefined
  const look = () => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: a.ticket! }, search: {} })
  return (
    <section className="alarm" role="alert" aria-label={t('alarm.title')}>
      <div className="row g8"><Icon name="warn" size="s" /><b className="sp">{a.title}</b>{more > 0 && <span className="f12 nw">{t('offer.more', { n: more })}</span>}{left !== undefined && <span className="nw f12" title={t('alarm.next')}>{left > 0 ? span(left) : t('alarm.passed')}</span>}</div>
      {(a.text || a.number) && <p className="f13 clamp">{a.number && <span className="nw">{a.number}{' '}</span>}{a.text}</p>}
      <div className="row g8">
        <Button look="p" keys="Shift+K" onClick={() => void a.answer()}>{t('alarm.acknowledge')}</Button>
        {a.ticket && <Button onClick={look} aria-label={a.number ? t('alarm.look', { number: a.number }) : undefined}>{t('notice.open')}</Button>}
      </div>
    </section>
  )
}
