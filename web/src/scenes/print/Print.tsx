import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Message } from '~/api/types'
import { t } from '~/i18n'
import { exact } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { channelName, priorityName, statusName } from '~/parts/Glyph'
import { PlainText, RichText } from '~/parts/RichText'
import { FailedState, Skeleton } from '~/parts/State'
import { eventText } from '~/scenes/ticket/eventText'
import { fieldText } from '~/scenes/ticket/fieldValue'
import { named } from '~/i18n'
import { entriesOf, timelineQuery } from '~/stores/message'
import { useNames } from '~/stores/session'
import { ticketQuery } from '~/stores/ticket'
import './print.css'

/** A ticket on paper: all of its conversation, with or without what was only for colleagues. */
export function Print() {
  const { ticket: id = '' } = useParams({ strict: false }) as { ticket?: string }
  const { data: ticket, error, refetch } = useQuery(ticketQuery(id))
  const timeline = useInfiniteQuery(timelineQuery(id))
  const names = useNames()
  const [notes, setNotes] = useState(false)
  const [events, setEvents] = useState(false)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = timeline
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  useEffect(() => {
    if (ticket) document.title = `${ticket.number} ${ticket.subject}`
  }, [ticket])
  if (error && !ticket) return <main className="paper" id="main"><FailedState error={error} retry={() => void refetch()} /></main>
  if (!ticket) return <main className="paper" id="main" aria-busy="true"><Skeleton width="60%" height={28} /></main>
  const ready = timeline.data !== undefined && !hasNextPage
  const shown = entriesOf(timeline.data).filter((e) => (e.message ? (e.message.kind !== 'note' || notes) && !e.message.withdrawn : events))
  const facts: [string, string | undefined][] = [
    [t('action.status'), statusName(ticket.status)], [t('action.priority'), priorityName(ticket.priority)], [t('action.type'), names.type(ticket.type)], [t('action.category'), names.category(ticket.category_id)],
    [t('side.customer'), ticket.requester?.name], [t('side.company'), ticket.company?.name], [t('side.assignee'), ticket.assignee?.name], [t('side.team'), ticket.team?.name],
    [t('side.created'), exact(ticket.created_at)], [t('action.tags'), ticket.tags.join(t('common.and'))],
    ...names.config.fields.filter((f) => f.key in ticket.fields).map((f): [string, string | undefined] => [named(f.name), fieldText(f, ticket.fields[f.key], names.config)]),
    [t('side.resolution'), ticket.resolution && [names.keyed('resolution_codes', ticket.resolution.code), ticket.resolution.note].filter(Boolean).join(' · ')],
  ]
  return (
    <main className="paper" id="main">
      <div className="paperbar row g12 wrap">
        <label className="row g6"><input type="checkbox" checked={notes} onChange={(e) => setNotes(e.target.checked)} />{t('print.notes')}</label>
        <label className="row g6"><input type="checkbox" checked={events} onChange={(e) => setEvents(e.target.checked)} />{t('print.events')}</label>
        <span className="sp" />
        <Button look="p lg" icon="print" disabled={!ready} onClick={() => window.print()}>{t(ready ? 'print.go' : 'print.loading')}</Button>
      </div>
      <header><p className="number">{ticket.number}</p><h1>{ticket.subject || t('ticket.noSubject')}</h1></header>
      <dl>{facts.filter(([, v]) => v).map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>
      {shown.map((e) => (e.message
        ? <Said key={e.message.id} m={e.message} customer={ticket.requester?.name} />
        : <p key={e.seq} className="event">{exact(e.at)}{' · '}{e.actor.kind === 'system' ? t('actor.system') : e.actor.name}{' '}{eventText(e, names)}</p>))}
      <footer>{names.config.staff.length > 0 && t('print.at', { at: exact(new Date().toISOString()) })}</footer>
    </main>
  )
}

function Said({ m, customer }: { m: Message; customer?: string }) {
  return (
    <section className={`said is-${m.kind}`}>
      <h2>{m.author.name || customer}<span>{m.kind === 'note' ? t('print.note') : channelName(m.channel)}{' · '}{exact(m.at)}</span></h2>
      {m.html ? <RichText html={m.html} /> : <PlainText text={m.text} />}
      {m.signature && <div className="plain signature">{m.signature}</div>}
      {m.attachments.filter((a) => a.image).map((a) => <img key={a.id} src={a.url} alt={a.name} />)}
      {m.attachments.some((a) => !a.image) && <p className="names">{m.attachments.filter((a) => !a.image).map((a) => a.name).join(t('common.and'))}</p>}
    </section>
  )
}
