// Every address of the desk that a person can open without knowing an id.
const under = (base, names, name = (x) => `${base.slice(1)}-${x}`) => Object.fromEntries(names.map((x) => [name(x), `${base}/${x}`]))

export const routes = {
  queue: '/queue', today: '/today', wall: '/today?tv=1', incidents: '/incidents', create: '/create',
  customers: '/customers', companies: '/companies', exports: '/exports', imports: '/imports',
  notices: '/notices', 'notices-settings': '/notices/settings',
  me: '/me', ...under('/me', ['security', 'tokens', 'replies']),
  ...under('/roster', ['plan', 'mine', 'requests', 'handovers', 'adherence', 'balance', 'settings']),
  ...under('/promises', ['soon', 'extensions', 'orders', 'report']),
  ...under('/intelligence', ['overview', 'labels', 'patterns', 'risk', 'models', 'examples', 'corrections', 'accuracy', 'llm', 'calls', 'playground'], (x) => (x === 'playground' ? x : `studio-${x}`)),
  ...under('/admin', [
    'types', 'fields', 'categories', 'statuses', 'codes', 'ticket-rules', 'scenes', 'sla', 'calendars', 'quick-replies', 'signatures',
    'users', 'teams', 'departments', 'skills', 'roles', 'routing', 'routing/try', 'blocklist',
    'notify-channels', 'notify-templates', 'notify-deliveries', 'company', 'quarantine', 'audit', 'system', 'views',
  ], (x) => `admin-${x.replace('/', '-')}`),
}

/** Goes there as a link does, without loading the app again, and waits for what the screen asks for. */
export async function visit(page, path) {
  await page.evaluate((href) => window.__TSR_ROUTER__.navigate({ href }), path)
  await page.waitForFunction(() => document.querySelector('#main, .tdwall') && !document.querySelector('[aria-busy=true]'))
}
