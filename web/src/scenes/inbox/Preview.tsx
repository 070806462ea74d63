import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { context } from '~/actions/action'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { PriorityBars, priorityName, StatusGlyph, statusName } from '~/parts/Glyph'
import { SlaChip } from '~/parts/SlaChip'
import { FailedState, Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import type { Ticket } from '~/api/types'
import { entriesOf, timelineQuery } from '~/stores/message'
import { standing } from '~/stores/sla'
import { ticketQuery } from '~/stores/ticket'
import { listBase, show } from '~/stores/ui'

/** A look at a ticket beside the table: its last messages, without opening it. */
export function Preview({ id }: { id: string }) {
  const ticket = useQuery(ticketQuery(id)).data
  const timeline = useInfiniteQuery(timelineQuery(id))
  const open = () => context().go(`${listBase()}/${id}`)
  const messages = entriesOf(timeline.data).filter((e) => e.message).slice(-8)
  return (
    <aside className="peek" aria-label={t('preview.title')}>
      <header className="row g8">
        <span className="t3 f12 sp">{ticket?.number}</span>
        <Button look="sm" keys="o" onClick={open}>{t('action.open')}</Button>
        <IconButton icon="close" small label={t('common.close')} keys="Space" onClick={() => show({ preview: false })} />
      </header>
      {ticket && <><h2>{ticket.subject || t('ticket.noSubject')}</h2><Chips ticket={ticket} /></>}
      <div className="pmsgs">
        {timeline.error && !timeline.data ? <FailedState error={timeline.error} retry={() => void timeline.refetch()} />
          : timeline.isPending ? <div style={{ display: 'grid', gap: 12 }}><Skeleton width="80%" height={48} /><Skeleton width="60%" height={32} /></div>
          : messages.map((e) => (
            <article key={e.seq || e.message!.id} className={`pm is-${e.message!.kind}`}>
              <div className="row g8 f12 t3"><b className="ell">{e.message!.author.name || t(e.message!.kind === 'customer' ? 'preview.customer' : 'preview.us')}</b>{e.message!.kind === 'note' && <span>{t('action.note')}</span>}<span className="sp" /><Time at={e.at} /></div>
              <p>{e.message!.withdrawn ? t('preview.withdrawn') : e.message!.text.slice(0, 1200)}</p>
            </article>
          ))}
      </div>
    </aside>
  )
}

function Chips({ ticket }: { ticket: Ticket }) {
  return (
    <div className="row g8 wrap f12">
      <span className="chip"><StatusGlyph status={ticket.status} />{statusName(ticket.status)}</span>
      <span className="chip"><PriorityBars priority={ticket.priority} />{priorityName(ticket.priority)}</span>
      <SlaChip standing={standing(ticket.sla, { ...ticket, from: ticket.sla_from })} metric={ticket.sla_metric} />
      <span className="t3">{[ticket.requester?.name, ticket.assignee?.name ?? t('common.nobody')].filter(Boolean).join(' · ')}</span>
    </div>
  )
}
