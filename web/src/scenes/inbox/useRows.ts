import { useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef, type RefObject } from 'react'
import type { TicketQuery } from '~/api/paths'
import type { Ticket } from '~/api/types'
import { listQuery } from '~/stores/ticket'
import { listing } from '~/stores/ui'
import { useFresh } from './useFresh'

/** The tickets of a list, page after page, each once; what is new waits behind a bar. */
export function useRows(query: TicketQuery) {
  const list = useInfiniteQuery(listQuery(query))
  const items = useMemo(() => {
    const ids = new Set<string>()
    return (list.data?.pages ?? []).flatMap((p) => p.items).filter((x) => !ids.has(x.id) && ids.add(x.id))
  }, [list.data])
  const fresh = useFresh(query, items)
  // nothing is under the pointer in an empty list: what comes is shown at once
  const { count: news, show: showNews } = fresh
  useEffect(() => {
    if (news > 0 && items.length === 0) showNews()
  }, [news, items.length, showNews])
  useEffect(() => listing.set((old) => ({ ...old, ids: items.map((x) => x.id) })), [items])
  return { list, items, fresh, partial: list.data?.pages.at(-1)?.partial === true }
}

export interface Window { scroll: RefObject<HTMLDivElement | null>; drawn: VirtualItem[]; height: number }

/** Only what is seen is drawn; near the end the next page is asked for. */
export function useWindow(items: Ticket[], height: number, at: number, more: { can: boolean; busy: boolean; get: () => unknown }, head = 0): Window {
  const scroll = useRef<HTMLDivElement>(null)
  // another function would have all rows measured again, ten thousand in every frame
  const getItemKey = useCallback((i: number) => items[i]!.id, [items])
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => scroll.current, estimateSize: () => height, overscan: 8, scrollPaddingEnd: head, getItemKey })
  useEffect(() => rows.measure(), [height, rows])
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' })
  }, [at, rows])
  const drawn = rows.getVirtualItems()
  const last = drawn.at(-1)?.index ?? 0
  const { can, busy, get } = more
  useEffect(() => {
    if (can && !busy && last >= items.length - 10) void get()
  }, [last, items.length, can, busy, get])
  return { scroll, drawn, height: rows.getTotalSize() }
}
