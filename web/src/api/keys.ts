// Query keys by noun. A prefix names everything below it.
import type { ID } from './types'
import type { TicketQuery } from './paths'

export const keys = {
  me: ['me'] as const,
  setup: ['setup'] as const,
  config: ['config'] as const,
  views: { all: ['views'] as const, list: ['views', 'list'] as const, counts: ['views', 'counts'] as const, shared: ['views', 'shared'] as const },
  search: { suggest: (q: string) => ['search', 'suggest', q] as const, facets: (q: string, filter: string) => ['search', 'facets', q, filter] as const },
  own: (...part: unknown[]) => ['own', ...part] as const,
  tickets: {
    all: ['tickets'] as const,
    lists: ['tickets', 'list'] as const,
    mine: ['tickets', 'mine'] as const,
    list: (query: TicketQuery) => ['tickets', 'list', query] as const,
    count: (query: TicketQuery) => ['tickets', 'count', query] as const,
    find: (q: string) => ['tickets', 'find', q] as const,
    one: (id: ID) => ['tickets', 'one', id] as const,
    timeline: (id: ID) => ['tickets', 'timeline', id] as const,
    scheduled: (id: ID) => ['tickets', 'scheduled', id] as const,
    files: (id: ID) => ['tickets', 'files', id] as const,
    draft: (id: ID) => ['tickets', 'draft', id] as const,
  },
  // not below tickets: a change of a ticket does not read its words again
  understanding: (id: ID) => ['understood', id] as const,
  incidents: (state?: string) => (state ? (['incidents', state] as const) : (['incidents'] as const)),
  mind: (...part: unknown[]) => ['mind', ...part] as const,
  calendars: (...part: unknown[]) => ['calendars', ...part] as const,
  sla: (...part: unknown[]) => ['sla', ...part] as const,
  roster: (...part: unknown[]) => ['roster', ...part] as const,
  routing: (...part: unknown[]) => ['routing', ...part] as const,
  phrases: (...part: unknown[]) => ['phrases', ...part] as const,
  report: (...part: unknown[]) => ['report', ...part] as const,
  notices: (...part: unknown[]) => ['notices', ...part] as const,
  customers: {
    all: ['customers'] as const,
    list: (filter: object) => ['customers', 'list', filter] as const,
    find: (q: string) => ['customers', 'find', q] as const,
    caller: (phone: string) => ['customers', 'caller', phone] as const,
    one: (id: ID) => ['customers', 'one', id] as const,
    tickets: (id: ID) => ['customers', 'tickets', id] as const,
    timeline: (id: ID, size = 0) => ['customers', 'timeline', id, size] as const,
    history: (id: ID) => ['customers', 'history', id] as const,
    merges: (id: ID) => ['customers', 'merges', id] as const,
  },
  companies: (...part: unknown[]) => ['companies', ...part] as const,
  blocklist: (...part: unknown[]) => ['blocklist', ...part] as const,
}
