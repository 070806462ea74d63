import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Entry, Ticket } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { FailedState, Skeleton } from '~/parts/State'
import { entriesOf, PENDING, timelineQuery } from '~/stores/message'
import { markRead } from '~/stores/read'
import { useMe } from '~/stores/session'
import { useStore } from '~/stores/store'
import { shownEntries, type Shown } from '~/stores/ui'
import { EventFold } from './EventFold'
import { MessageItem } from './MessageItem'
import { Waiting } from './Waiting'

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

/** What a choice of the filter lets through. */
export function only(shown: Shown, entries: Entry[]): Entry[] {
  switch (shown) {
    case 'messages': return entries.filter((e) => e.message && e.message.kind !== 'note')
    case 'notes': return entries.filter((e) => e.message?.kind === 'note')
    case 'activity': return entries.filter((e) => !e.message)
    default: return entries
  }
}

/** Goes to the newest entry of the conversation on screen. */
export function jump(): void {
  const el = document.querySelector<HTMLElement>('.tl')
  el?.scrollTo({ top: el.scrollHeight, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' })
}

const choices: Shown[] = ['all', 'messages', 'notes', 'activity']
const NEAR = 80

export function Timeline({ ticket }: { ticket: Ticket }) {
  const me = useMe()
  const timeline = useInfiniteQuery(timelineQuery(ticket.id))
  const shown = useStore(shownEntries)
  const entries = useMemo(() => entriesOf(timeline.data), [timeline.data])
  const parts = useMemo(() => groups(only(shown, entries)), [entries, shown])
  const box = useRef<HTMLDivElement>(null)
  const before = useRef({ top: 0, height: 0, first: 0, last: 0 })
  const end = useRef(true)
  const [away, setAway] = useState(false)
  const [passed, setPassed] = useState(0)

  // the newest stays in view while the reader is there; what is loaded above moves nothing
  useLayoutEffect(() => {
    const el = box.current
    if (!el || entries.length === 0) return
    const was = before.current
    const first = entries[0]!.seq
    const last = entries.at(-1)!.seq
    const atEnd = was.height === 0 || end.current
    if (last !== was.last && atEnd) el.scrollTop = el.scrollHeight
    else if (first < was.first) el.scrollTop = was.top + el.scrollHeight - was.height
    else if (last !== was.last && was.last) setPassed((n) => n + entries.filter((e) => e.seq > was.last && e.message && e.actor.id !== me?.id).length)
    before.current = { top: el.scrollTop, height: el.scrollHeight, first, last }
  }, [entries, me?.id])
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }, [shown])
  // neither a composer that grows nor what is drawn later pushes the newest out of sight
  useEffect(() => {
    const el = box.current
    if (!el || typeof ResizeObserver === 'undefined') return
    const stay = () => {
      if (end.current) el.scrollTop = el.scrollHeight
    }
    const sizes = new ResizeObserver(stay)
    const children = new MutationObserver(() => {
      for (const child of el.children) sizes.observe(child)
      stay()
    })
    sizes.observe(el)
    children.observe(el, { childList: true })
    return () => { sizes.disconnect(); children.disconnect() }
  }, [])
  const scroll = (el: HTMLElement) => {
    // only who scrolls up leaves the end: what grows below does not take them away from it
    const up = el.scrollTop < before.current.top
    before.current.top = el.scrollTop
    end.current = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR || (end.current && !up)
    const far = el.scrollHeight - el.scrollTop - el.clientHeight > NEAR * 3
    setAway(far)
    if (!far) setPassed(0)
  }
  const newest = entries.findLast((e) => e.message && !e.message.id.startsWith(PENDING))?.message?.id
  useEffect(() => markRead(ticket, newest), [ticket, newest])

  return (
    <div className="tlbox">
      {entries.length > 3 && (
        <div className="tlbar">
          <div className="segment" role="radiogroup" aria-label={t('timeline.filter')}>{choices.map((x) => <button key={x} type="button" role="radio" aria-checked={x === shown} onClick={() => shownEntries.set(x)}>{t(`timeline.${x}` as Key)}</button>)}</div>
        </div>
      )}
      <div className="tl" ref={box} role="log" aria-label={t('timeline.title')} tabIndex={0} onScroll={(e) => scroll(e.currentTarget)}>
        {timeline.isPending && <div style={{ display: 'grid', gap: 16 }}><Skeleton width="62%" height={58} /><Skeleton width="40%" height={36} /></div>}
        {timeline.error && !timeline.data && <FailedState error={timeline.error} retry={() => void timeline.refetch()} />}
        {timeline.hasNextPage && <div style={{ textAlign: 'center' }}><Button look="q sm" disabled={timeline.isFetchingNextPage} onClick={() => void timeline.fetchNextPage()}>{t(timeline.isFetchingNextPage ? 'common.loading' : 'timeline.earlier')}</Button></div>}
        {parts.map((part) =>
          Array.isArray(part) ? <EventFold key={`${shown}${part[0]!.seq}`} entries={part} open={shown === 'activity'} /> : <MessageItem key={part.message!.id} ticket={ticket} message={part.message!} />,
        )}
        {timeline.data && parts.length === 0 && <p className="f13 t3" style={{ textAlign: 'center' }}>{t('timeline.nothing')}</p>}
        {(shown === 'all' || shown === 'messages') && <Waiting ticket={ticket} />}
      </div>
      {away && <button type="button" className="jump" onClick={jump}><Icon name="down" size="s" />{passed > 0 ? t('timeline.fresh', { n: passed }) : t('timeline.newest')}</button>}
    </div>
  )
}
