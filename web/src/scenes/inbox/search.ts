// What the address bar says about the list, and its translation to CEL.
import type { Sort } from '~/api/types'

export const filterFields = ['status', 'priority', 'type', 'assignee', 'team', 'channel', 'tier', 'tags'] as const
export type FilterField = (typeof filterFields)[number]
export type Filters = Partial<Record<FilterField, string[]>>
export type InboxSearch = { q?: string; sort?: Sort } & Filters

export const sorts: Sort[] = ['-updated', 'updated', '-created', 'created', '-priority', 'priority', 'due', '-due']

export function parseSearch(raw: Record<string, unknown>): InboxSearch {
  const out: InboxSearch = {}
  if (typeof raw.q === 'string' && raw.q) out.q = raw.q
  else if (typeof raw.q === 'number') out.q = String(raw.q)
  if (sorts.includes(raw.sort as Sort)) out.sort = raw.sort as Sort
  for (const field of filterFields) {
    const value = raw[field]
    const list = Array.isArray(value) ? value.map(String) : typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
    if (list.length) out[field] = list
  }
  return out
}

/** A CEL string literal. */
export const quote = (s: string): string => `"${s.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`

/** `me` and the empty string are people too: me() and nobody. */
const literal = (field: FilterField, value: string): string => (field === 'assignee' && value === 'me' ? 'me()' : quote(value))

export function toCEL(filters: Filters): string {
  const parts: string[] = []
  for (const field of filterFields) {
    const values = filters[field]
    if (!values?.length) continue
    if (field === 'tags') parts.push(values.length === 1 ? `${quote(values[0]!)} in tags` : `(${values.map((v) => `${quote(v)} in tags`).join(' || ')})`)
    else if (values.length === 1) parts.push(`${field} == ${literal(field, values[0]!)}`)
    else parts.push(`${field} in [${values.map((v) => literal(field, v)).join(', ')}]`)
  }
  return parts.join(' && ')
}

export function filtersOf(search: InboxSearch): Filters {
  const out: Filters = {}
  for (const field of filterFields) if (search[field]?.length) out[field] = search[field]
  return out
}

/** Both conditions, each kept whole. */
export function both(a: string, b: string): string {
  return a && b ? `(${a}) && (${b})` : a || b
}
