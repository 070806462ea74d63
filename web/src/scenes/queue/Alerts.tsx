import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { acknowledge, alertsQuery, type Alert } from '~/stores/routing'
import { span, useSecond } from '~/stores/second'
import { useNames } from '~/stores/session'

/** 应急响应: serious and abnormal matters that nobody has answered for yet. */
export function Alerts() {
  const list = useQuery(alertsQuery).data?.items ?? []
  if (!list.length) return null
  return (
    <section className="qalerts" aria-label={t('queue.alerts')}>
      {list.slice(0, 20).map((a) => <Line key={a.ticket_id} alert={a} />)}
      {list.length > 20 && <p className="f12 t3">{t('queue.alerts.more', { n: list.length - 20 })}</p>}
    </section>
  )
}

function Line({ alert: a }: { alert: Alert }) {
  const now = useSecond()
  const names = useNames()
  const told = [...new Set(a.told.map((x) => names.staff(x.user_id)).filter(Boolean))]
  return (
    <div className={a.response === 'serious' ? 'qalert red' : 'qalert amber'}>
      <Icon name="warn" size="s" />
      <div className="sp">
        <Link className="ell qt" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: a.ticket_id }} search={{}}>{a.subject || t('ticket.noSubject')}</Link>
        <div className="l2">{[a.number, t(`response.${a.response}`), told.length > 0 ? t('queue.told', { names: told.join(t('common.and')) }) : '', a.acknowledged_by ? t('queue.acknowledged', { name: names.staff(a.acknowledged_by) }) : a.next_at ? t('queue.nextTold', { span: span(Date.parse(a.next_at) - now) }) : ''].filter(Boolean).join(' · ')}</div>
      </div>
      {!a.acknowledged_by && <Button look="sm" onClick={() => void acknowledge(a.ticket_id)}>{t('alarm.acknowledge')}</Button>}
    </div>
  )
}
