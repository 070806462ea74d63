// What the address bar says about the list.
import type { Sort } from '~/api/types'

/** filter is there when the condition differs from the view's; empty: none at all. */
export interface InboxSearch { sort?: Sort; filter?: string }

export const sorts: Sort[] = ['-updated', 'updated', '-created', 'created', '-priority', 'priority', 'due', '-due']

/** What was typed into an address may look like a number or a truth to the router. */
const words = (v: unknown): string | undefined => (typeof v === 'string' ? v : typeof v === 'number' || typeof v === 'boolean' ? String(v) : undefined)

export function parseSearch(raw: Record<string, unknown>): InboxSearch {
  const filter = words(raw.filter)?.slice(0, 4096)
  return { ...(sorts.includes(raw.sort as Sort) ? { sort: raw.sort as Sort } : {}), ...(filter === undefined ? {} : { filter }) }
}

/** The page of results: words, and the condition under a name of its own, so that it does not follow into a view. */
export interface ResultSearch { q?: string; only?: string }

export function parseResultSearch(raw: Record<string, unknown>): ResultSearch {
  const q = words(raw.q)?.slice(0, 500)
  const only = words(raw.only)?.slice(0, 4096)
  return { ...(q ? { q } : {}), ...(only ? { only } : {}) }
}
