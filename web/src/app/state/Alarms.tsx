import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { acknowledgeNotice, urgentQuery, type Notice } from '~/stores/notify'
import { span, useSecond } from '~/stores/second'

/** Urgent notices that wait for my word: the next person is told when the time is over. */
export function useAlarms(): Notice[] {
  return (useQuery(urgentQuery).data ?? []).toSorted((a, b) => a.acknowledge_by!.localeCompare(b.acknowledge_by!))
}

export function Alarms() {
  const list = useAlarms()
  const first = list[0]
  if (!first) return null
  return <Card key={first.id} notice={first} more={list.length - 1} />
}

function Card({ notice: n, more }: { notice: Notice; more: number }) {
  const now = useSecond()
  const navigate = useNavigate()
  const left = Date.parse(n.acknowledge_by!) - now
  const look = () => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: n.ticket_id! }, search: {} })
  return (
    <section className="alarm" role="alert" aria-label={t('alarm.title')}>
      <div className="row g8"><Icon name="warn" size="s" /><b className="sp">{n.title}</b><span className="nw f12" title={t('alarm.next')}>{left > 0 ? span(left) : t('alarm.passed')}</span></div>
      {n.text && <p className="f13 clamp">{n.text}</p>}
      <div className="row g8">
        <Button look="p" keys="Shift+K" onClick={() => void acknowledgeNotice(n)}>{t('alarm.acknowledge')}</Button>
        {n.ticket_id && <Button onClick={look}>{n.number ? t('alarm.look', { number: n.number }) : t('notice.open')}</Button>}
        <span className="sp" />
        {more > 0 && <span className="f12 nw">{t('offer.more', { n: more })}</span>}
      </div>
    </section>
  )
}
