import { t } from '~/i18n'
import { prefer, prefs } from '~/stores/prefs'
import { can, signOut } from '~/stores/session'
import { asked, listed } from '~/stores/exchange'
import { queries } from '~/stores/query'
import { setMyState, states, type StateName } from '~/stores/roster'
import { acknowledge, alarmsOf, alertsQuery, answerOffer, offersQuery, type Offer } from '~/stores/routing'
import { say, undoLast } from '~/stores/toast'
import { show } from '~/stores/ui'
import { may } from '~/stores/understanding'
import type { Action } from './action'

const firstOffer = (): Offer | undefined => queries.getQueryData(offersQuery.queryKey)?.items.toSorted((a, b) => a.expires_at.localeCompare(b.expires_at))[0]
const alarm = (me: string | undefined) => alarmsOf(queries.getQueryData(alertsQuery.queryKey)?.items ?? [], me)[0]
const stateAction = (s: StateName): Action => ({ id: `state.${s}`, name: `action.state.${s}`, group: 'app', icon: 'person', perform: () => setMyState(s) })

export const appActions: Action[] = [
  { id: 'app.palette', name: 'action.palette', group: 'app', keys: 'Mod+k', perform: () => show({ palette: 'commands' }), silent: true },
  { id: 'app.keys', name: 'action.keys', group: 'app', icon: 'keyboard', keys: '?', perform: () => show({ keys: true }) },
  { id: 'app.search', name: 'action.search', group: 'app', icon: 'search', keys: '/', perform: () => show({ palette: 'search' }) },
  { id: 'app.create', name: 'action.create', group: 'app', icon: 'plus', keys: 'Shift+C', perform: (c) => c.go('/create') },
  { id: 'app.undo', name: 'action.undo', group: 'app', icon: 'undo', keys: 'z', perform: () => undoLast() || say(t('said.nothingToUndo')) },
  { id: 'go.inbox', name: 'action.goInbox', group: 'go', icon: 'inbox', keys: 'g i', perform: (c) => c.go('/inbox') },
  { id: 'go.create', name: 'action.goCreate', group: 'go', icon: 'plus', keys: 'g c', perform: (c) => c.go('/create'), silent: true },
  { id: 'go.customers', name: 'action.goCustomers', group: 'go', icon: 'people', keys: 'g k', when: (c) => can(c.me, 'customer.read'), perform: (c) => c.go('/customers') },
  { id: 'go.companies', name: 'action.goCompanies', group: 'go', icon: 'people', when: (c) => can(c.me, 'customer.read'), perform: (c) => c.go('/companies') },
  { id: 'go.incidents', name: 'action.goIncidents', group: 'go', icon: 'burst', keys: 'g e', perform: (c) => c.go('/incidents') },
  { id: 'go.intelligence', name: 'action.goIntelligence', group: 'go', icon: 'flask', keys: 'g m', when: (c) => may(c.me, 'understand.read'), perform: (c) => c.go('/intelligence') },
  { id: 'go.queue', name: 'action.goQueue', group: 'go', icon: 'queue', keys: 'g q', when: (c) => can(c.me, 'ticket.assign'), perform: (c) => c.go('/queue') },
  { id: 'go.today', name: 'action.goToday', group: 'go', icon: 'chart', keys: 'g t', when: (c) => can(c.me, 'report.read'), perform: (c) => c.go('/today') },
  { id: 'go.notices', name: 'action.goNotices', group: 'go', icon: 'bell', keys: 'g n', perform: (c) => c.go('/notices') },
  { id: 'go.roster', name: 'action.goRoster', group: 'go', icon: 'calendar', keys: 'g r', perform: (c) => c.go('/roster') },
  { id: 'go.promises', name: 'action.goPromises', group: 'go', icon: 'clock', keys: 'g d', perform: (c) => c.go('/promises') },
  { id: 'go.admin', name: 'action.goAdmin', group: 'go', icon: 'sliders', keys: 'g s', when: (c) => can(c.me, 'config.manage'), perform: (c) => c.go('/admin') },
  { id: 'go.quickReplies', name: 'action.quickReplies', group: 'go', icon: 'bolt', keys: 'g w', perform: (c) => c.go('/admin/quick-replies') },
  { id: 'go.search', name: 'action.goSearch', group: 'go', icon: 'search', keys: 'g f', perform: (c) => c.go('/search') },
  { id: 'go.me', name: 'action.goMe', group: 'go', icon: 'person', keys: 'g p', perform: (c) => c.go('/me') },
  { id: 'app.next', name: 'action.nextOn', group: 'app', icon: 'right', when: () => !prefs.get().next, perform: () => prefer({ next: true }) },
  { id: 'app.stay', name: 'action.nextOff', group: 'app', icon: 'right', when: () => prefs.get().next, perform: () => prefer({ next: false }) },
  { id: 'go.exports', name: 'action.goExports', group: 'go', icon: 'download', keys: 'g x', perform: (c) => c.go('/exports') },
  { id: 'go.imports', name: 'action.goImports', group: 'go', icon: 'upload', keys: 'g u', when: (c) => can(c.me, 'import'), perform: (c) => c.go('/imports') },
  { id: 'go.batch', name: 'action.batchFile', group: 'go', icon: 'upload', when: (c) => can(c.me, 'import') && can(c.me, 'ticket.bulk'), perform: (c) => c.go('/imports/new', { what: 'batch' }) },
  { id: 'list.export', name: 'action.export', group: 'list', icon: 'download', keys: 'Shift+O', when: (c) => can(c.me, 'export') && listed.get() !== undefined, perform: (c) => {
    const q = listed.get()!
    asked.set({ what: 'ticket', ...(c.selected ? { ids: c.ids } : { ...(q.q ? { q: q.q } : {}), ...(q.filter ? { filter: q.filter } : {}), ...(q.view ? { view_id: q.view } : {}) }) })
  } },
  { id: 'app.state', name: 'action.state', group: 'app', icon: 'person', keys: 'Shift+S', perform: () => show({ state: true }) },
  ...states.map(stateAction),
  { id: 'offer.accept', name: 'action.offerAccept', group: 'app', icon: 'check', keys: 'Shift+Y', when: () => firstOffer() !== undefined, perform: async (c) => {
    const offer = firstOffer()
    if (offer && (await answerOffer(offer, 'accept'))) c.go(`/inbox/all/${offer.ticket_id}`)
  } },
  { id: 'offer.decline', name: 'action.offerDecline', group: 'app', icon: 'close', keys: 'Shift+N', when: () => firstOffer() !== undefined, perform: () => show({ decline: firstOffer()?.ticket_id }) },
  { id: 'alarm.acknowledge', name: 'action.acknowledge', group: 'app', icon: 'bell', keys: 'Shift+K', when: (c) => alarm(c.me?.id) !== undefined, perform: (c) => acknowledge(alarm(c.me?.id)!.ticket_id) },
  { id: 'app.light', name: 'action.light', group: 'app', icon: 'sliders', when: () => prefs.get().theme !== 'light', perform: () => prefer({ theme: 'light' }) },
  { id: 'app.dark', name: 'action.dark', group: 'app', icon: 'sliders', when: () => prefs.get().theme !== 'dark', perform: () => prefer({ theme: 'dark' }) },
  { id: 'app.compact', name: 'action.compact', group: 'app', icon: 'list', when: () => prefs.get().density !== 'compact', perform: () => prefer({ density: 'compact' }) },
  { id: 'app.normal', name: 'action.normal', group: 'app', icon: 'list', when: () => prefs.get().density !== 'normal', perform: () => prefer({ density: 'normal' }) },
  { id: 'app.roomy', name: 'action.roomy', group: 'app', icon: 'list', when: () => prefs.get().density !== 'roomy', perform: () => prefer({ density: 'roomy' }) },
  { id: 'app.chinese', name: 'action.chinese', group: 'app', icon: 'web', when: () => prefs.get().locale !== 'zh-CN', perform: () => prefer({ locale: 'zh-CN' }) },
  { id: 'app.english', name: 'action.english', group: 'app', icon: 'web', when: () => prefs.get().locale !== 'en', perform: () => prefer({ locale: 'en' }) },
  { id: 'app.signout', name: 'profile.signout', group: 'app', icon: 'person', perform: () => signOut() },
]
