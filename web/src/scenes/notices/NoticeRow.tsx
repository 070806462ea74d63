import { useNavigate } from '@tanstack/react-router'
import { t } from '~/i18n'
import { Icon, type IconName } from '~/parts/Icon'
import { Time } from '~/parts/Time'
import { markRead, type Notice } from '~/stores/notify'

const icons: Record<string, IconName> = {
  assigned: 'person', offered: 'hand', mentioned: 'at', customer_replied: 'reply', reopened: 'history', collaborating: 'people', chased: 'clock', urged: 'clock', watched: 'eye',
  team_received: 'transfer', returned: 'undo', ruling_asked: 'gavel', assist_asked: 'people', assist_done: 'check', leave_asked: 'calendar', acknowledged: 'check', handed_over: 'transfer', queue_waits: 'queue', abnormal_ticket: 'warn', serious_ticket: 'warn', incident_proposed: 'burst',
  sla_warning: 'clock', sla_breach: 'clock', sla_escalated: 'warn', supervised: 'flag', extension_asked: 'clock', extension_judged: 'check',
  leave_decided: 'calendar', roster_published: 'calendar', state_forced: 'lock', delivery_failed: 'mail', export_ready: 'download', import_ended: 'upload',
}

/** The page of the roster that a notification speaks of. */
const roster: Record<string, string> = { roster_published: 'mine', leave_asked: 'requests', leave_decided: 'requests', handed_over: 'handovers' }

/** One notification: what happened, to which ticket, when; read once it is opened. */
export function NoticeRow({ notice: n, onOpen }: { notice: Notice; onOpen?: () => void }) {
  const navigate = useNavigate()
  const unread = !n.read_at
  const go = () => {
    if (unread) void markRead([n.id])
    onOpen?.()
    if (n.ticket_id && !n.out_of_reach) void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: n.ticket_id }, search: {} })
    else if (n.event in roster) void navigate({ to: '/roster/$page', params: { page: roster[n.event]! } })
    else if (n.event === 'export_ready') void navigate({ to: '/exports' })
    else if (n.event === 'import_ended') void navigate({ to: '/imports' })
    else if (n.event === 'incident_proposed') void navigate({ to: '/incidents' })
    else if (n.event === 'queue_waits') void navigate({ to: '/queue' })
  }
  return (
    <div className={['nrow', unread && 'un', n.urgent && 'urgent'].filter(Boolean).join(' ')}>
      <button type="button" className="nmain" onClick={go}>
        <span className="nicon"><Icon name={icons[n.event] ?? 'bell'} /></span>
        <span className="nwords"><span className="row g8"><b className="sp ell">{n.title}</b><span className="f12 t3"><Time at={n.at} /></span></span>{n.text && <span className="f12 t2 clamp">{n.text}</span>}</span>
        {unread && <span className="hide">{t('list.unread')}</span>}
      </button>
    </div>
  )
}
