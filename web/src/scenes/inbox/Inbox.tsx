import { useQuery } from '@tanstack/react-query'
import { Navigate, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { Waiting } from '~/app/pages'
import { ActionButton } from '~/actions/ActionButton'
import type { TicketQuery } from '~/api/paths'
import type { Sort, View } from '~/api/types'
import { t, type Key } from '~/i18n'
import { count } from '~/i18n/format'
import { IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState } from '~/parts/State'
import { clearSelection, selection } from '~/stores/bulk'
import { prefer, prefs, type Column } from '~/stores/prefs'
import { useStore } from '~/stores/store'
import { known } from '~/stores/ticket'
import { listBase, listing, show, ui } from '~/stores/ui'
import { countsQuery, viewName, viewsQuery } from '~/stores/view'
import { usual } from './columns'
import { AddFilter, FilterBar, unfolded, type Condition } from './FilterBar'
import { Preview } from './Preview'
import { sorts, type InboxSearch } from './search'
import { TicketList } from './TicketList'
import { ViewChanges } from './ViewChanges'
import { Views, ViewStrip } from './Views'
import './inbox.css'
import './table.css'

const Panel = lazy(() => import('~/scenes/ticket/panels/Panel').then((m) => ({ default: m.Panel })))
const TicketScene = lazy(() => import('~/scenes/ticket/TicketScene').then((m) => ({ default: m.TicketScene })))
const kept = 24 // views whose own columns are remembered

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Views, the list of one of them, and the ticket that is open. */
export function Inbox() {
  const params = useParams({ strict: false }) as { view?: string; ticket?: string }
  const search = useSearch({ from: '/desk/inbox' })
  const views = useQuery(viewsQuery)
  const view = views.data?.find((v) => v.id === params.view)
  const current = params.view ?? ''
  useEffect(() => {
    listing.set((old) => ({ ...old, view: current || 'all', base: `/inbox/${current || 'all'}`, cursor: params.ticket ?? (old.view === current ? old.cursor : undefined) }))
  }, [current, params.ticket])
  useEffect(clearSelection, [current])
  // the code of the ticket is fetched while the list is being read
  useEffect(() => void import('~/scenes/ticket/TicketScene'), [])

  if (views.error && !views.data) return <main className="sheet"><FailedState error={views.error} retry={() => void views.refetch()} /></main>
  if (!params.view) {
    const first = views.data?.[0]
    if (!views.data) return <main className="sheet"><Waiting /></main>
    return <Navigate to="/inbox/$view" params={{ view: first?.id ?? 'all' }} search={search} replace />
  }
  return (
    <div className="inbox">
      <Views views={views.data} current={current} />
      <main className="sheet" id="main">
        {views.data && <Shown view={view} views={views.data} viewID={current} search={search} open={params.ticket} />}
        {params.ticket ? (
          <Suspense fallback={<div className="conv"><Waiting /></div>}><TicketScene id={params.ticket} key={params.ticket} view={current} /></Suspense>
        ) : <Beside />}
      </main>
    </div>
  )
}

/** What stands beside a list of which nothing is open. */
export function Beside() {
  const table = useStore(listing, (l) => l.table === true)
  const preview = useStore(ui, (u) => u.preview === true)
  const cursor = useStore(listing, (l) => l.cursor)
  const panel = useStore(ui, (u) => u.panel)
  const chosen = useStore(selection)
  const first = [...chosen].map(known).find((x) => x !== undefined)
  return (
    <>
      {table ? preview && cursor && <Preview key={cursor} id={cursor} /> : (
        <div className="conv none">
          <EmptyState icon="inbox" title={t('inbox.pick')} help={t('inbox.pick.help')}>
            <span className="row g4 f12"><Kbd keys="j" /><Kbd keys="k" />{t('inbox.pick.keys')}</span>
            <span className="row g4 f12"><Kbd keys="Mod+K" />{t('nav.palette')}</span>
          </EmptyState>
        </div>
      )}
      {panel && first && <Suspense><Panel name={panel} ticket={first} ids={[...chosen]} /></Suspense>}
    </>
  )
}

/** Changes what the address says of the list; what is undefined goes out of it. */
function useSearchChange(): (change: Partial<InboxSearch>) => void {
  const navigate = useNavigate()
  return (change) => void navigate({ to: '.', search: ((old: InboxSearch) => Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, v]) => v !== undefined))) as never, replace: true })
}

/** The columns that the reader sees of a view: their own, the view's, the usual ones. */
export function useColumns(viewID: string, view: Pick<View, 'columns'> | undefined): { columns: Column[]; own: boolean; change: (columns: Column[]) => void } {
  const own = useStore(prefs, (p) => p.columns[viewID])
  const theirs = view?.columns.length ? view.columns : usual
  return {
    columns: own ?? theirs, own: own !== undefined && !same(own, theirs),
    change: (columns) => {
      const { [viewID]: _old, ...rest } = prefs.get().columns
      prefer({ columns: same(columns, theirs) ? rest : Object.fromEntries([...Object.entries(rest), [viewID, columns] as const].slice(-kept)) })
    },
  }
}

function Shown({ view, views, viewID, search, open }: { view?: View; views: View[]; viewID: string; search: InboxSearch; open?: string }) {
  const change = useSearchChange()
  const counts = useQuery(countsQuery).data
  const bar = useStore(unfolded)
  const layout = useStore(prefs, (p) => p.layout)
  const cols = useColumns(viewID, view)
  const usualSort = (view?.sort as Sort | undefined) ?? '-updated'
  const sort = search.sort ?? usualSort
  const cel = search.filter ?? view?.filter ?? ''
  const edited = search.filter !== undefined || search.sort !== undefined || (cols.own && layout === 'table')
  const query: TicketQuery = { sort, ...(search.filter === undefined && view ? { view: view.id } : cel ? { filter: cel } : {}) }
  const condition: Condition = { cel, change: (next) => change({ filter: next === (view?.filter ?? '') ? undefined : next }) }
  const onSort = (next: Sort) => change({ sort: next === usualSort ? undefined : next })
  const title = view ? viewName(view) : t('inbox.all')
  const head = (
    <>
      <header className="lhead">
        <b className="ell">{title}</b>
        {search.filter === undefined && <span className="t3 f12">{count(counts?.[viewID])}</span>}
        {edited && <span className="chip" title={t('views.edited.help')}>{t('views.edited')}</span>}
        <span className="sp" />
        <AddFilter condition={condition} />
        <Pop placement="bottomRight" content={(close) => <ChoiceList label={t('sort.title')} choices={sorts.map((s) => ({ id: s, text: t(`sort.${s}` as Key), on: s === sort }))} onChoose={(id) => { close(); onSort(id as Sort) }} />}>
          <IconButton icon="sort" label={t('sort.title')} on={search.sort !== undefined} />
        </Pop>
        <LayoutButton open={open !== undefined} />
        <ActionButton id="list.export" bare small />
        <span className="only-phone"><ActionButton id="app.create" bare /></span>
      </header>
      <div className="only-phone"><ViewStrip views={views} current={viewID} /></div>
      <SearchButton />
      {(edited || bar) && (
        <FilterBar condition={condition}>
          {edited && <ViewChanges view={view} shown={{ filter: cel, sort, columns: cols.own || view?.columns.length ? cols.columns : [] }} discard={() => change({ filter: undefined, sort: undefined })} />}
          {!edited && <button type="button" className="chip ol" onClick={() => unfolded.set(false)}>{t('filter.fold')}</button>}
        </FilterBar>
      )}
    </>
  )
  return <TicketList key={JSON.stringify(query)} query={query} viewID={viewID} base={`/inbox/${viewID}`} title={title} open={open} head={head} narrowed={search.filter !== undefined} table={{ columns: cols.columns, sort, onColumns: cols.change, onSort }} />
}

/** Two lines or a table; out of an open ticket it leads back to the table. */
export function LayoutButton({ open }: { open: boolean }) {
  const layout = useStore(prefs, (p) => p.layout)
  const base = useStore(listing, listBase)
  const navigate = useNavigate()
  const close = () => open && void navigate({ to: base, search: true as never })
  if (layout === 'list') return <IconButton className="not-narrow" icon="table" label={t('action.table')} keys="v" onClick={() => { prefer({ layout: 'table' }); close() }} />
  return open
    ? <IconButton className="not-narrow" icon="table" label={t('action.toTable')} keys="Escape" onClick={close} />
    : <IconButton className="not-narrow" icon="list" label={t('action.rows')} keys="v" onClick={() => prefer({ layout: 'list' })} />
}

/** The one box: it opens over whatever is on screen. */
export function SearchButton({ words }: { words?: string }) {
  return (
    <button type="button" className="search" data-search onClick={() => show({ palette: 'search' })}>
      <Icon name="search" size="s" /><span className={words ? 'sp ell t1' : 'sp ell'}>{words || t('search.hint')}</span><Kbd keys="/" />
    </button>
  )
}
