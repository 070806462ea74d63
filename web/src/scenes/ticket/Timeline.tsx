import { useInfiniteQuery } from '@tanstack/react-query'
import { useLayoutEffect, useMemo, useRef } from 'react'
import type { Entry, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { FailedState, Skeleton } from '~/parts/State'
import { entriesOf, timelineQuery } from '~/stores/message'
import { EventFold } from './EventFold'
import { MessageItem } from './MessageItem'

/** Messages as they are, events between them folded into one line. */
export function groups(entries: Entry[]): (Entry | Entry[])[] {
  const out: (Entry | Entry[])[] = []
  for (const entry of entries) {
    const last = out.at(-1)
    if (entry.kind === 'message' && entry.message) out.push(entry)
    else if (Array.isArray(last)) last.push(entry)
    else out.push([entry])
  }
  return out
}

export function Timeline({ ticket }: { ticket: Ticket }) {
  const timeline = useInfiniteQuery(timelineQuery(ticket.id))
  const entries = useMemo(() => entriesOf(timeline.data), [timeline.data])
  const parts = useMemo(() => groups(entries), [entries])
  const box = useRef<HTMLDivElement>(null)
  const before = useRef({ top: 0, height: 0, first: 0, last: 0 })

  // the newest stays in view while the reader is there; what is loaded above moves nothing
  useLayoutEffect(() => {
    const el = box.current
    if (!el || entries.length === 0) return
    const was = before.current
    const first = entries[0]!.seq
    const last = entries.at(-1)!.seq
    const atEnd = was.height === 0 || was.height - was.top - el.clientHeight < 80
    if (last !== was.last && atEnd) el.scrollTop = el.scrollHeight
    else if (first < was.first) el.scrollTop = was.top + el.scrollHeight - was.height
    before.current = { top: el.scrollTop, height: el.scrollHeight, first, last }
  }, [entries])

  return (
    <div className="tl" ref={box} role="log" aria-label={t('timeline.title')} tabIndex={0} onScroll={(e) => (before.current.top = e.currentTarget.scrollTop)}>
      {timeline.isPending && <div style={{ display: 'grid', gap: 16 }}><Skeleton width="62%" height={58} /><Skeleton width="40%" height={36} /></div>}
      {timeline.error && !timeline.data && <FailedState error={timeline.error} retry={() => void timeline.refetch()} />}
      {timeline.hasNextPage && <div style={{ textAlign: 'center' }}><Button look="q sm" disabled={timeline.isFetchingNextPage} onClick={() => void timeline.fetchNextPage()}>{t(timeline.isFetchingNextPage ? 'common.loading' : 'timeline.earlier')}</Button></div>}
      {parts.map((part) =>
        Array.isArray(part) ? <EventFold key={`e${part[0]!.seq}`} entries={part} /> : <MessageItem key={part.message!.id} ticket={ticket} message={part.message!} />,
      )}
    </div>
  )
}
