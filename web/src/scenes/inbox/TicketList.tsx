import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useSyncExternalStore, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { context } from '~/actions/action'
import { ActionButton } from '~/actions/ActionButton'
import type { TicketQuery } from '~/api/paths'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { running, selection, stretch, toggle } from '~/stores/bulk'
import { listed } from '~/stores/exchange'
import { prefs } from '~/stores/prefs'
import { useStore } from '~/stores/store'
import { refused } from '~/stores/ticket'
import { listing, show, ui } from '~/stores/ui'
import { BulkBar } from './BulkBar'
import { openMenu, RowMenu } from './RowMenu'
import { TicketRow } from './TicketRow'
import { TicketTable, type TableState } from './TicketTable'
import { useRows, useWindow } from './useRows'

const heights = { compact: 44, normal: 62, roomy: 76 } as const
const wide = typeof matchMedia === 'undefined' ? undefined : matchMedia('(min-width:900px)')
const narrow = typeof matchMedia === 'undefined' ? undefined : matchMedia('(max-width:767px)')
const useWide = (): boolean => useSyncExternalStore((f) => { wide?.addEventListener('change', f); return () => wide?.removeEventListener('change', f) }, () => wide?.matches ?? false)

export interface ListProps {
  query: TicketQuery
  /** Names the list in the styles: the view's id. */
  viewID: string
  base: string
  title: string
  open?: string
  table: TableState
  head: ReactNode
  /** Something other than the whole view is shown. */
  narrowed: boolean
  /** Hits further back are asked for by hand. */
  further?: boolean
}

/** A list of tickets: two lines each, or as a table while none is open. */
export function TicketList({ query, viewID, base, title, open, table, head, narrowed, further }: ListProps) {
  const { list, items, fresh, partial } = useRows(query)
  const layout = useStore(prefs, (p) => p.layout)
  const chosen = useStore(selection)
  const order = useStore(running)
  const marked = useStore(listing, (l) => (l.table ? l.cursor : undefined))
  const changing = chosen.size > 0 || order !== undefined
  const roomy = useWide()
  const asTable = layout === 'table' && roomy && !open
  useEffect(() => { listed.set(query); return () => listed.set(undefined) }, [query]) // what an export would be of
  useEffect(() => {
    listing.set((old) => ({ ...old, table: asTable }))
    if (!asTable) show({ preview: false })
    return () => listing.set((old) => ({ ...old, table: false }))
  }, [asTable])
  const at = items.findIndex((x) => x.id === (asTable ? marked : open))
  const go = useCallback((id: string) => context().go(`${base}/${id}`), [base])
  const press = useCallback((id: string, e: MouseEvent) => {
    if (e.shiftKey) stretch(id, listing.get().ids)
    else if (e.metaKey || e.ctrlKey) toggle(id)
    else if (!listing.get().table) go(id)
    else if (e.detail > 1) go(id)
    else { listing.set((old) => ({ ...old, cursor: id })); if (!ui.get().preview) show({ preview: true }) }
  }, [go])
  const choose = useCallback((id: string, range: boolean) => (range ? stretch(id, listing.get().ids) : toggle(id)), [])
  const walk = useCallback((e: KeyboardEvent) => {
    if ((e.target as HTMLElement).closest('.th, .menu, .popform')) return
    if (e.key === 'Enter' && listing.get().cursor && listing.get().table) { e.preventDefault(); return go(listing.get().cursor!) }
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key]
    const { ids, cursor } = listing.get()
    const from = cursor ? ids.indexOf(cursor) : -1
    const next = by && ids[Math.min(ids.length - 1, Math.max(0, from < 0 ? 0 : from + by))]
    if (!next) return
    e.preventDefault()
    if (e.shiftKey) { if (cursor && !selection.get().has(cursor)) toggle(cursor); stretch(next, ids) }
    if (listing.get().table) listing.set((old) => ({ ...old, cursor: next }))
    else go(next)
  }, [go])
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const more = { can: hasNextPage && !(further && partial), busy: isFetchingNextPage, get: fetchNextPage }
  const tail = (height: number) => (
    <>
      {isFetchingNextPage && <RowSkeleton height={height} />}
      {further && partial && hasNextPage && !isFetchingNextPage && <div className="further"><span className="t3 f12">{t('list.further.help')}</span><button type="button" className="btn" onClick={() => void fetchNextPage()}>{t('list.further')}</button></div>}
      {!further && partial && <p className="t3 f12" style={{ padding: '8px 16px' }}>{t('list.partial')}</p>}
    </>
  )
  return (
    <section className={['list', asTable && 'table', changing && 'changing'].filter(Boolean).join(' ')} data-view={viewID} aria-label={title}>
      {head}
      {fresh.count > 0 && <button type="button" className="fresh" onClick={() => { fresh.show(); document.querySelector('.rows')?.scrollTo({ top: 0 }) }}>{t('list.fresh', { n: fresh.count })}</button>}
      {list.error && !list.data ? (
        <FailedState error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <div role="status" aria-busy="true" aria-label={t('common.loading')}>{Array.from({ length: 12 }, (_, i) => <RowSkeleton key={i} height={asTable ? 40 : 62} />)}</div>
      ) : items.length === 0 && !(further && hasNextPage) ? (
        <Nothing words={Boolean(query.q)} narrowed={narrowed} />
      ) : asTable ? (
        <TicketTable items={items} at={at} more={more} state={table} chosen={chosen} onPress={press} onChoose={choose} onKey={walk} tail={tail(40)} />
      ) : (
        <Rows items={items} at={at} open={open} title={title} more={more} chosen={chosen} onPress={press} onChoose={choose} onKey={walk} tail={tail(62)} />
      )}
      {changing && <BulkBar all={items.map((x) => x.id)} query={query} more={hasNextPage} />}
      <RowMenu />
    </section>
  )
}

/** What is open is being read. */
export const isUnread = (x: Ticket, open: string | undefined): boolean => x.unread && x.id !== open

export interface RowsProps {
  items: Ticket[]; at: number; more: { can: boolean; busy: boolean; get: () => unknown }; chosen: ReadonlySet<string>
  onPress: (id: string, e: MouseEvent) => void; onChoose: (id: string, range: boolean) => void; onKey: (e: KeyboardEvent) => void; tail: ReactNode
}

function Rows({ items, at, open, title, more, chosen, onPress, onChoose, onKey, tail }: RowsProps & { open?: string; title: string }) {
  const density = useStore(prefs, (p) => p.density)
  const refusals = useStore(refused)
  const phone = narrow?.matches ?? false
  const view = useWindow(items, phone ? 72 : heights[density], at, more)
  return (
    <div className="rows" ref={view.scroll}>
      <div role="listbox" aria-label={title} aria-multiselectable="true" tabIndex={0} aria-activedescendant={at >= 0 ? `row-${open}` : undefined} style={{ height: view.height, position: 'relative' }} onKeyDown={onKey}>
        {view.drawn.map((v) => {
          const ticket = items[v.index]!
          return (
            <div key={v.key} id={`row-${ticket.id}`} role="option" aria-selected={ticket.id === open || chosen.has(ticket.id)} aria-posinset={v.index + 1} aria-setsize={more.can ? -1 : items.length}
              onContextMenu={(e) => openMenu(ticket.id, e)} style={{ position: 'absolute', left: 0, right: 0, top: 0, height: v.size, transform: `translateY(${v.start}px)` }}>
              <TicketRow ticket={ticket} open={ticket.id === open} chosen={chosen.has(ticket.id)} choosing={chosen.size > 0} unread={isUnread(ticket, open)} density={phone ? 'normal' : density} refused={refusals.has(ticket.id)} onOpen={onPress} onChoose={onChoose} />
            </div>
          )
        })}
      </div>
      {tail}
    </div>
  )
}

function RowSkeleton({ height }: { height: number }) {
  return (
    <div style={{ height, padding: height < 50 ? '14px 16px' : '12px 16px', display: 'grid', gap: 10, alignContent: 'start' }}>
      <Skeleton width="78%" />{height > 50 && <Skeleton width="46%" height={10} />}
    </div>
  )
}

function Nothing({ words, narrowed }: { words: boolean; narrowed: boolean }) {
  const navigate = useNavigate()
  if (words || narrowed) {
    return (
      <EmptyState icon="search" title={t(words ? 'list.none.search' : 'list.none.filter')} help={t(words ? 'list.none.search.help' : 'list.none.filter.help')}>
        {narrowed && <button type="button" className="btn" onClick={() => void navigate({ to: '.', search: ((old: { q?: string }) => (old.q ? { q: old.q } : {})) as never })}>{t('list.none.reset')}</button>}
      </EmptyState>
    )
  }
  return <EmptyState icon="check" title={t('list.none')} help={t('list.none.help')}><ActionButton id="app.create" /></EmptyState>
}
