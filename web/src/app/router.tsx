import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { Problem } from '~/api/problem'
import { queries } from '~/stores/query'
import { configQuery, meQuery, setupQuery } from '~/stores/session'
import { viewsQuery } from '~/stores/view'
import type { CompanyFilter, CustomerFilter } from '~/stores/customer'
import { adopt } from '~/stores/prefs'
import { parseResultSearch, parseSearch } from '~/scenes/inbox/search'
import { Desk } from './Desk'
import { Failed, Missing, Waiting } from './pages'

const root = createRootRoute({ component: Outlet, notFoundComponent: Missing, errorComponent: Failed })

const signin = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: (s: Record<string, unknown>): { to?: string } => (typeof s.to === 'string' && /^\/(?![\\/])/.test(s.to) ? { to: s.to } : {}),
  beforeLoad: async () => {
    const setup = await queries.ensureQueryData(setupQuery).catch(() => undefined)
    if (setup?.needed) throw redirect({ to: '/setup' })
  },
  component: lazyRouteComponent(() => import('~/scenes/signin/SignIn'), 'SignIn'),
})

const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: lazyRouteComponent(() => import('~/scenes/setup/SetUp'), 'SetUp') })

const desk = createRoute({
  getParentRoute: () => root,
  id: 'desk',
  beforeLoad: async ({ location }) => {
    try {
      const me = await queries.ensureQueryData(meQuery)
      adopt(me)
    } catch (error) {
      if (error instanceof Problem && error.status !== 401) throw error
      throw redirect({ to: '/signin', search: location.href === '/' ? {} : { to: location.href } })
    }
    // needed by nearly every screen; nobody waits for them here
    void queries.prefetchQuery(configQuery)
    void queries.prefetchQuery(viewsQuery)
  },
  component: Desk,
})

/** A word of the address, whatever the parser made of it. */
const word = (v: unknown): string => (typeof v === 'string' || typeof v === 'number' ? String(v).trim() : '')
const words = <K extends string>(s: Record<string, unknown>, ...names: K[]): Partial<Record<K, string>> => Object.fromEntries(names.map((n) => [n, word(s[n]).slice(0, 200)]).filter(([, v]) => v)) as Partial<Record<K, string>>

const home = createRoute({ getParentRoute: () => desk, path: '/', beforeLoad: () => { throw redirect({ to: '/inbox' }) } })
const Inbox = lazyRouteComponent(() => import('~/scenes/inbox/Inbox'), 'Inbox')
const inbox = createRoute({ getParentRoute: () => desk, path: '/inbox', validateSearch: parseSearch, component: Inbox })
const view = createRoute({ getParentRoute: () => inbox, path: '/$view' })
const ticket = createRoute({ getParentRoute: () => view, path: '/$ticket' })
const results = createRoute({ getParentRoute: () => desk, path: '/search', validateSearch: parseResultSearch, component: lazyRouteComponent(() => import('~/scenes/search/Search'), 'Search') })
const resultTicket = createRoute({ getParentRoute: () => results, path: '/$ticket' })
const create = createRoute({
  getParentRoute: () => desk,
  path: '/create',
  // a telephone system opens the screen with the number of the call
  validateSearch: (s: Record<string, unknown>): { phone?: string; customer?: string } => ({ ...(word(s.phone) ? { phone: word(s.phone).slice(0, 40) } : {}), ...(/^\d{1,19}$/.test(word(s.customer)) ? { customer: word(s.customer) } : {}) }),
  component: lazyRouteComponent(() => import('~/scenes/caller/CallerScreen'), 'CallerScreen'),
})

const Incidents = lazyRouteComponent(() => import('~/scenes/incidents/Incidents'), 'Incidents')
const incidents = createRoute({ getParentRoute: () => desk, path: '/incidents', component: Incidents })
const incident = createRoute({ getParentRoute: () => incidents, path: '/$incident' })
const Intelligence = lazyRouteComponent(() => import('~/scenes/intelligence/Intelligence'), 'Intelligence')
const intelligence = createRoute({ getParentRoute: () => desk, path: '/intelligence', component: Intelligence })
const intelligencePage = createRoute({ getParentRoute: () => intelligence, path: '/$page' })
const Admin = lazyRouteComponent(() => import('~/scenes/admin/Admin'), 'Admin')
const admin = createRoute({ getParentRoute: () => desk, path: '/admin', component: Admin })
const adminSection = createRoute({ getParentRoute: () => admin, path: '/$section' })
const adminItem = createRoute({ getParentRoute: () => adminSection, path: '/$item' })

const Monitor = lazyRouteComponent(() => import('~/scenes/queue/Monitor'), 'Monitor')
const queue = createRoute({ getParentRoute: () => desk, path: '/queue', component: Monitor })
const queueTeam = createRoute({ getParentRoute: () => queue, path: '/$team' })
const customers = createRoute({
  getParentRoute: () => desk, path: '/customers', component: lazyRouteComponent(() => import('~/scenes/customers/Customers'), 'Customers'),
  validateSearch: (s: Record<string, unknown>): Omit<CustomerFilter, 'tier'> => ({ ...words(s, 'q', 'tier', 'company', 'tag'), ...(s.care === true ? { care: true } : {}) }), // tier means some in the inbox, one here
})
const customer = createRoute({ getParentRoute: () => desk, path: '/customers/$customer', component: lazyRouteComponent(() => import('~/scenes/customers/CustomerPage'), 'CustomerPage') })
const companies = createRoute({
  getParentRoute: () => desk, path: '/companies', component: lazyRouteComponent(() => import('~/scenes/customers/Companies'), 'Companies'),
  validateSearch: (s: Record<string, unknown>): Omit<CompanyFilter, 'tier'> => words(s, 'q', 'tier', 'parent'),
})
const company = createRoute({ getParentRoute: () => desk, path: '/companies/$company', component: lazyRouteComponent(() => import('~/scenes/customers/CompanyPage'), 'CompanyPage') })
const notices = createRoute({ getParentRoute: () => desk, path: '/notices', component: lazyRouteComponent(() => import('~/scenes/notices/Notices'), 'Notices') })
const noticesPage = createRoute({ getParentRoute: () => notices, path: '/$page' })
const roster = createRoute({ getParentRoute: () => desk, path: '/roster', component: lazyRouteComponent(() => import('~/scenes/roster/Roster'), 'Roster') })
const rosterPage = createRoute({ getParentRoute: () => roster, path: '/$page' })
const promises = createRoute({ getParentRoute: () => desk, path: '/promises', component: lazyRouteComponent(() => import('~/scenes/promises/Promises'), 'Promises') })
const promisesPage = createRoute({ getParentRoute: () => promises, path: '/$page' })
const paper = createRoute({ getParentRoute: () => root, path: '/print/$ticket', beforeLoad: desk.options.beforeLoad, component: lazyRouteComponent(() => import('~/scenes/print/Print'), 'Print') })
const own = createRoute({ getParentRoute: () => desk, path: '/me', component: lazyRouteComponent(() => import('~/scenes/me/Me'), 'MyPage') })
const ownPage = createRoute({ getParentRoute: () => own, path: '/$page' })

const exportsPage = createRoute({ getParentRoute: () => desk, path: '/exports', component: lazyRouteComponent(() => import('~/scenes/exchange/Exchange'), 'ExportsScene') })
const importsPage = createRoute({ getParentRoute: () => desk, path: '/imports', component: lazyRouteComponent(() => import('~/scenes/exchange/Exchange'), 'ImportsScene') })
const importPage = createRoute({ getParentRoute: () => importsPage, path: '/$import' })

export const router = createRouter({
  routeTree: root.addChildren([
    signin,
    setup,
    paper,
    desk.addChildren([
      home,
      inbox.addChildren([view.addChildren([ticket])]),
      results.addChildren([resultTicket]),
      own.addChildren([ownPage]),
      create,
      customers,
      customer,
      companies,
      company,
      incidents.addChildren([incident]),
      intelligence.addChildren([intelligencePage]),
      promises.addChildren([promisesPage]),
      admin.addChildren([adminSection.addChildren([adminItem])]),
      queue.addChildren([queueTeam]),
      notices.addChildren([noticesPage]),
      roster.addChildren([rosterPage]),
      exportsPage,
      importsPage.addChildren([importPage]),
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultPendingMs: 150,
})

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
