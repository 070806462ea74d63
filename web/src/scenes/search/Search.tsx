import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { Waiting } from '~/app/pages'
import type { TicketQuery } from '~/api/paths'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { AddFilter, FilterBar, type Condition } from '~/scenes/inbox/FilterBar'
import { Beside, LayoutButton, SearchButton, useColumns } from '~/scenes/inbox/Inbox'
import type { ResultSearch } from '~/scenes/inbox/search'
import { TicketList } from '~/scenes/inbox/TicketList'
import { clearSelection } from '~/stores/bulk'
import { prefs } from '~/stores/prefs'
import { dropSearch, keepSearch, sameSearch } from '~/stores/search'
import { useStore } from '~/stores/store'
import { say } from '~/stores/toast'
import { listing, show } from '~/stores/ui'
import { Facets } from './Facets'
import '~/scenes/inbox/inbox.css'
import './search.css'

const TicketScene = lazy(() => import('~/scenes/ticket/TicketScene').then((m) => ({ default: m.TicketScene })))
const NONE = 'results' // under which the reader's own columns are kept

/** The page of results: what they are like, the hits with the places found, and the ticket that is open. */
export function Search() {
  const { ticket } = useParams({ strict: false }) as { ticket?: string }
  const { q = '', only = '' } = useSearch({ from: '/desk/search' })
  const navigate = useNavigate()
  useEffect(() => listing.set((old) => ({ ...old, view: 'all', base: '/search', cursor: ticket })), [ticket])
  useEffect(clearSelection, [q, only])
  useEffect(() => void import('~/scenes/ticket/TicketScene'), [])
  // whoever comes without words wants to type them
  useEffect(() => { if (!q && !only) show({ palette: 'search' }) }, [q, only])
  const change = (next: ResultSearch) => void navigate({ to: '/search', search: Object.fromEntries(Object.entries({ q, only, ...next }).filter(([, v]) => v)), replace: true })
  const condition: Condition = { cel: only, change: (cel) => change({ only: cel }) }
  const asked = Boolean(q || only)
  return (
    <div className="inbox results">
      <Facets q={q} condition={condition} />
      <main className="sheet" id="main">
        {asked ? <Hits q={q} condition={condition} open={ticket} /> : (
          <div className="conv none"><EmptyState icon="search" title={t('results.start')} help={t('results.start.help')}><Button keys="/" onClick={() => show({ palette: 'search' })}>{t('action.search')}</Button></EmptyState></div>
        )}
        {ticket ? <Suspense fallback={<div className="conv"><Waiting /></div>}><TicketScene id={ticket} key={ticket} view="all" /></Suspense> : asked && <Beside />}
      </main>
    </div>
  )
}

function Hits({ q, condition, open }: { q: string; condition: Condition; open?: string }) {
  const cols = useColumns(NONE, undefined)
  const only = condition.cel
  const query: TicketQuery = { ...(q ? { q } : { sort: '-created' as const }), ...(only ? { filter: only } : {}) }
  const head = (
    <>
      <header className="lhead">
        <b className="ell">{t('results.title')}</b><span className="sp" />
        <Keep q={q} only={only} />
        <AddFilter condition={condition} />
        <LayoutButton open={open !== undefined} />
      </header>
      <SearchButton words={q} />
      {only && <FilterBar condition={condition} />}
    </>
  )
  return <TicketList key={JSON.stringify(query)} query={query} viewID={NONE} base="/search" title={t('results.title')} open={open} head={head} narrowed={only !== ''} further={q !== ''} table={{ columns: cols.columns, sort: '-created', onColumns: cols.change, onSort: () => undefined }} />
}

/** Keeps this search under its own words, or lets it go. */
function Keep({ q, only }: { q: string; only: string }) {
  const kept = useStore(prefs, (p) => p.searches.find((s) => sameSearch(s, { q, filter: only })))
  const put = () => {
    if (kept) return dropSearch(kept)
    keepSearch({ name: q || only, q, ...(only ? { filter: only } : {}) })
    say(t('results.kept'))
  }
  return <button type="button" className={kept ? 'ib on' : 'ib'} aria-pressed={kept !== undefined} aria-label={t(kept ? 'results.drop' : 'results.keep')} title={t(kept ? 'results.drop' : 'results.keep')} onClick={put}><Icon name="star" /></button>
}
