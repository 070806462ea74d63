import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import type { TicketQuery } from '~/api/paths'
import type { View } from '~/api/types'
import { ActionButton } from '~/actions/ActionButton'
import { t } from '~/i18n'
import { count } from '~/i18n/format'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { running, selection, stretch, toggle } from '~/stores/bulk'
import { listed } from '~/stores/exchange'
import { prefs } from '~/stores/prefs'
import { can, useMe } from '~/stores/session'
import { useStore } from '~/stores/store'
import { listQuery, refused } from '~/stores/ticket'
import { listing, seen } from '~/stores/ui'
import { countsQuery, viewName, viewsQuery } from '~/stores/view'
import { BulkBar } from './BulkBar'
import { AddFilter, FilterBar, SearchBox, SortMenu } from './FilterBar'
import { useFresh } from './useFresh'
import type { InboxSearch } from './search'
import { TicketRow } from './TicketRow'
import { ViewStrip } from './Views'

const heights = { compact: 44, normal: 62, roomy: 76 } as const

export function TicketList({ query, view, viewID, search, open }: { query: TicketQuery; view?: View; viewID: string; search: InboxSearch; open?: string }) {
  const navigate = useNavigate()
  const me = useMe()
  const list = useInfiniteQuery(listQuery(query))
  const views = useQuery(viewsQuery).data
  const counts = useQuery(countsQuery).data
  const density = useStore(prefs, (p) => p.density)
  const chosen = useStore(selection)
  const order = useStore(running)
  const looked = useStore(seen)
  const refusals = useStore(refused)
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
  useEffect(() => { listed.set(query); return () => listed.set(undefined) }, [query])

  const scroll = useRef<HTMLDivElement>(null)
  const phone = typeof matchMedia !== 'undefined' && matchMedia('(max-width:767px)').matches
  const height = phone ? 72 : heights[density]
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => scroll.current, estimateSize: () => height, overscan: 8, getItemKey: (i) => items[i]!.id })
  useEffect(() => rows.measure(), [height, rows])
  const at = open ? items.findIndex((x) => x.id === open) : -1
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' })
  }, [at, rows])
  const drawn = rows.getVirtualItems()
  const last = drawn.at(-1)?.index ?? 0
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= items.length - 10) void fetchNextPage()
  }, [last, items.length, hasNextPage, isFetchingNextPage, fetchNextPage])

  const go = useCallback((id: string) => void navigate({ to: '/inbox/$view/$ticket', params: { view: viewID, ticket: id }, search: true }), [navigate, viewID])
  const choose = useCallback((id: string, range: boolean) => (range ? stretch(id, listing.get().ids) : toggle(id)), [])

  const filtered = Boolean(query.filter)
  const title = search.q ? t('inbox.results') : view ? viewName(view) : t('inbox.all')
  return (
    <section className="list" data-view={viewID} aria-label={title}>
      <header className="lhead">
        <b className="ell">{title}</b>
        {!search.q && !filtered && <span className="t3 f12">{count(counts?.[viewID])}</span>}
        <span className="sp" />
        <AddFilter search={search} />
        <SortMenu query={query} search={search} />
        {can(me, 'export') && <ActionButton id="list.export" bare small />}
        <span className="only-phone"><ActionButton id="app.create" bare /></span>
      </header>
      <div className="only-phone"><ViewStrip views={views} current={viewID} /></div>
      <SearchBox search={search} />
      <FilterBar search={search} view={view} query={query} />
      {fresh.count > 0 && <button type="button" className="fresh" onClick={() => { fresh.show(); scroll.current?.scrollTo({ top: 0 }) }}>{t('list.fresh', { n: fresh.count })}</button>}
      {list.error && !list.data ? (
        <FailedState error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <div aria-busy="true" aria-label={t('common.loading')}>{Array.from({ length: 12 }, (_, i) => <RowSkeleton key={i} height={height} />)}</div>
      ) : items.length === 0 ? (
        <Nothing search={search} filtered={filtered} />
      ) : (
        <div className="rows" ref={scroll}>
          <div
            role="listbox" aria-label={title} aria-multiselectable="true" tabIndex={0}
            aria-activedescendant={at >= 0 ? `row-${open}` : undefined}
            style={{ height: rows.getTotalSize(), position: 'relative' }}
            onKeyDown={(e) => {
              const by = { ArrowDown: 1, ArrowUp: -1 }[e.key]
              const next = by && items[Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
              if (next) {
                e.preventDefault()
                go(next.id)
              }
            }}
          >
            {drawn.map((v) => {
              const ticket = items[v.index]!
              const unread = !!ticket.last_message?.from_customer && (looked[ticket.id] ?? '') < ticket.last_message.at && ticket.id !== open && !['solved', 'closed', 'cancelled'].includes(ticket.status)
              return (
                <div key={v.key} id={`row-${ticket.id}`} role="option" aria-selected={ticket.id === open || chosen.has(ticket.id)} aria-posinset={v.index + 1} aria-setsize={hasNextPage ? -1 : items.length}
                  style={{ position: 'absolute', left: 0, right: 0, top: 0, height: v.size, transform: `translateY(${v.start}px)` }}>
                  <TicketRow ticket={ticket} open={ticket.id === open} chosen={chosen.has(ticket.id)} choosing={chosen.size > 0} unread={unread} density={phone ? 'normal' : density} refused={refusals.has(ticket.id)} onOpen={go} onChoose={choose} />
                </div>
              )
            })}
          </div>
          {isFetchingNextPage && <RowSkeleton height={height} />}
          {list.data?.pages.at(-1)?.partial && <p className="t3 f12" style={{ padding: '8px 16px' }}>{t('list.partial')}</p>}
        </div>
      )}
      {(chosen.size > 0 || order) && <BulkBar all={items.map((x) => x.id)} query={query} more={hasNextPage} />}
    </section>
  )
}

function RowSkeleton({ height }: { height: number }) {
  return (
    <div style={{ height, padding: '12px 16px', display: 'grid', gap: 10, alignContent: 'start' }}>
      <Skeleton width="78%" /><Skeleton width="46%" height={10} />
    </div>
  )
}

function Nothing({ search, filtered }: { search: InboxSearch; filtered: boolean }) {
  const navigate = useNavigate()
  if (search.q || filtered) {
    return (
      <EmptyState icon="search" title={t(search.q ? 'list.none.search' : 'list.none.filter')} help={t(search.q ? 'list.none.search.help' : 'list.none.filter.help')}>
        <button type="button" className="btn" onClick={() => void navigate({ to: '.', search: {} })}>{t('list.none.reset')}</button>
      </EmptyState>
    )
  }
  return <EmptyState icon="check" title={t('list.none')} help={t('list.none.help')}><ActionButton id="app.create" /></EmptyState>
}
