import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { Brief, Status, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { useNames } from '~/stores/session'
import { act } from '~/stores/ticket'
import { listing } from '~/stores/ui'
import { understandingQuery } from '~/stores/understanding'
import { percent } from './values'

/** A ticket by its number and subject; of one that the reader may not read only the number is there. */
export function BriefLink({ ticket, sub, children }: { ticket: Brief; sub?: React.ReactNode; children?: React.ReactNode }) {
  return (
    <div className="kn">
      <Link className="row g8 sp" to="/inbox/$view/$ticket" params={{ view: listing.get().view || 'all', ticket: ticket.id }} search={true as never}>
        <StatusGlyph status={ticket.status} /><span className="hide">{statusName(ticket.status)}</span>
        <span className="ell sp" title={ticket.subject}>{ticket.subject || t('brief.hidden', { number: ticket.number })}</span>
        {sub ? <span className="f12 t3 nw">{sub}</span> : ticket.subject && <span className="f12 t3 nw">{ticket.number}</span>}
      </Link>
      {children}
    </div>
  )
}

const outcome = (status: Status, code: string): React.ReactNode => (status === 'solved' || status === 'closed' ? <span className="green row g4"><Icon name="check" size="s" />{code || t('similar.solved')}</span> : statusName(status))

/** Other open tickets of this customer on the same matter, and how the like was solved. */
export function Similar({ ticket }: { ticket: Ticket }) {
  const u = useQuery({ ...understandingQuery(ticket), enabled: false }).data
  const names = useNames()
  const navigate = useNavigate()
  if (!u || (!u.similar.length && !u.duplicates.length)) return null
  const mergeInto = async (into: Brief) => {
    const ref = { id: into.id, number: into.number, subject: into.subject ?? '', status: into.status }
    const answer = await act(ticket.id, 'merge', { into: into.id }, { merged_into: ref }, { text: t('said.merged', { number: into.number }) })
    if (answer) void navigate({ to: '/inbox/$view/$ticket', params: { view: listing.get().view || 'all', ticket: into.id }, search: true as never })
  }
  const able = !ticket.actions || ticket.actions.includes('merge')
  return (
    <>
      {u.duplicates.length > 0 && !ticket.merged_into && (
        <section aria-label={t('dup.title')}>
          <h3>{t('dup.title')}<span className="t3 f12">{t('dup.sub')}</span></h3>
          {u.duplicates.slice(0, 3).map((x) => (
            <BriefLink key={x.ticket.id} ticket={x.ticket} sub={percent(x.score)}>{able && <Button look="sm" aria-label={t('dup.merge.into', { number: x.ticket.number })} onClick={() => void mergeInto(x.ticket)}>{t('dup.merge')}</Button>}</BriefLink>
          ))}
        </section>
      )}
      {u.similar.length > 0 && (
        <section aria-label={t('similar.title')}>
          <h3>{t('similar.title')}</h3>
          {u.similar.slice(0, 5).map((x) => <BriefLink key={x.ticket.id} ticket={x.ticket} sub={outcome(x.ticket.status, names.keyed('resolution_codes', x.resolution_code))} />)}
        </section>
      )}
    </>
  )
}
