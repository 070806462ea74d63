import { useQuery } from '@tanstack/react-query'
import { Navigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import type { TicketQuery } from '~/api/paths'
import type { Sort } from '~/api/types'
import { t } from '~/i18n'
import { EmptyState, FailedState } from '~/parts/State'
import { clearSelection } from '~/stores/bulk'
import { listing } from '~/stores/ui'
import { viewsQuery } from '~/stores/view'
import { Waiting } from '~/app/pages'
import { Kbd } from '~/parts/Kbd'
import { filtersOf, toCEL } from './search'
import { TicketList } from './TicketList'
import { Views } from './Views'
import './inbox.css'

const TicketScene = lazy(() => import('~/scenes/ticket/TicketScene').then((m) => ({ default: m.TicketScene })))

/** Views, the list of one of them, and the ticket that is open. */
export function Inbox() {
  const params = useParams({ strict: false }) as { view?: string; ticket?: string }
  const search = useSearch({ from: '/desk/inbox' })
  const views = useQuery(viewsQuery)
  const view = views.data?.find((v) => v.id === params.view)
  const current = params.view ?? ''
  useEffect(() => {
    listing.set((old) => ({ ...old, view: current || 'all', cursor: params.ticket }))
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
  const filter = toCEL(filtersOf(search))
  const query: TicketQuery = {
    sort: search.sort ?? (view?.sort as Sort | undefined) ?? '-updated',
    ...(filter ? { filter } : {}),
    ...(search.q ? { q: search.q } : view ? { view: view.id } : {}),
  }
  return (
    <div className="inbox">
      <Views views={views.data} current={current} />
      <main className="sheet" id="main">
        {views.data && <TicketList key={JSON.stringify(query)} query={query} view={view} viewID={current} search={search} open={params.ticket} />}
        {params.ticket ? (
          <Suspense fallback={<div className="conv"><Waiting /></div>}><TicketScene id={params.ticket} key={params.ticket} view={current} /></Suspense>
        ) : (
          <div className="conv none">
            <EmptyState icon="inbox" title={t('inbox.pick')} help={t('inbox.pick.help')}>
              <span className="row g4 f12"><Kbd keys="j" /><Kbd keys="k" />{t('inbox.pick.keys')}</span>
              <span className="row g4 f12"><Kbd keys="Mod+K" />{t('nav.palette')}</span>
            </EmptyState>
          </div>
        )}
      </main>
    </div>
  )
}
