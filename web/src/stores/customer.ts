// Customers, companies and the blocklist: what screens ask, and what they change.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import { Problem } from '~/api/problem'
import type { Block, Company, CompanyPatch, Customer, CustomerPatch, ID, MergeTake, NewCustomer } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

/** What a list shows; it stands in the address, so that an export can take the same. */
export interface CustomerFilter { q?: string; tier?: string; company?: ID; tag?: string; care?: boolean }
export interface CompanyFilter { q?: string; tier?: string; parent?: ID }

const some = <T extends object>(x: T): T => Object.fromEntries(Object.entries(x).filter(([, v]) => v !== undefined && v !== '' && v !== false)) as T
const next = (p: { next_cursor?: string }): string | undefined => p.next_cursor || undefined

export const customersQuery = (f: CustomerFilter) => infiniteQueryOptions({
  queryKey: keys.customers.list(f), initialPageParam: '', getNextPageParam: next, placeholderData: keepPreviousData,
  queryFn: ({ pageParam, signal }) => data(api.GET('/customers', { params: { query: some({ limit: 50, cursor: pageParam, ...f }) }, signal })),
})
export const findCustomersQuery = (q: string) => queryOptions({
  queryKey: keys.customers.find(q), placeholderData: keepPreviousData, enabled: q.length >= 2,
  queryFn: ({ signal }) => data(api.GET('/customers', { params: { query: { q, limit: 8 } }, signal })),
})
export const callerQuery = (phone: string) => queryOptions({
  queryKey: keys.customers.caller(phone), enabled: phone !== '', retry: false,
  queryFn: ({ signal }) => data(api.GET('/callers', { params: { query: { phone } }, signal })),
})
export const customerQuery = (id: ID) => queryOptions({
  queryKey: keys.customers.one(id), enabled: id !== '',
  queryFn: ({ signal }) => data(api.GET('/customers/{id}', { params: { path: { id } }, signal })) as Promise<Customer>,
})
export const customerTickets = (id: ID | undefined, limit = 12) => queryOptions({
  queryKey: keys.customers.tickets(id ?? ''), enabled: !!id,
  queryFn: ({ signal }) => data(api.GET('/customers/{id}/tickets', { params: { path: { id: id ?? '' }, query: { limit } }, signal })),
})
export const lastContacts = (id: ID) => queryOptions({
  queryKey: keys.customers.timeline(id, 6), enabled: id !== '',
  queryFn: ({ signal }) => data(api.GET('/customers/{id}/timeline', { params: { path: { id }, query: { limit: 6 } }, signal })),
})
export const timelineQuery = (id: ID) => infiniteQueryOptions({
  queryKey: keys.customers.timeline(id), initialPageParam: '', getNextPageParam: (p: Answer<'/customers/{id}/timeline'>) => next(p),
  queryFn: ({ pageParam, signal }) => data(api.GET('/customers/{id}/timeline', { params: { path: { id }, query: some({ limit: 30, cursor: pageParam }) }, signal })),
})
export const historyQuery = (id: ID) => infiniteQueryOptions({
  queryKey: keys.customers.history(id), initialPageParam: '', getNextPageParam: (p: Answer<'/customers/{id}/history'>) => next(p),
  queryFn: ({ pageParam, signal }) => data(api.GET('/customers/{id}/history', { params: { path: { id }, query: some({ limit: 30, cursor: pageParam }) }, signal })),
})
export const mergesQuery = (id: ID) => queryOptions({
  queryKey: keys.customers.merges(id), queryFn: ({ signal }) => data(api.GET('/customers/{id}/merges', { params: { path: { id } }, signal })),
})

export const companiesQuery = (f: CompanyFilter) => infiniteQueryOptions({
  queryKey: keys.companies('list', f), initialPageParam: '', getNextPageParam: next, placeholderData: keepPreviousData,
  queryFn: ({ pageParam, signal }) => data(api.GET('/companies', { params: { query: some({ limit: 50, cursor: pageParam, ...f }) }, signal })),
})
export const findCompaniesQuery = (q: string) => queryOptions({
  queryKey: keys.companies('find', q), placeholderData: keepPreviousData,
  queryFn: ({ signal }) => data(api.GET('/companies', { params: { query: some({ q, limit: 8 }) }, signal })),
})
export const companyQuery = (id: ID) => queryOptions({
  queryKey: keys.companies('one', id), queryFn: ({ signal }) => data(api.GET('/companies/{id}', { params: { path: { id } }, signal })) as Promise<Company>,
})
export const contactsQuery = (id: ID) => infiniteQueryOptions({
  queryKey: keys.companies('contacts', id), initialPageParam: '', getNextPageParam: next,
  queryFn: ({ pageParam, signal }) => data(api.GET('/companies/{id}/contacts', { params: { path: { id }, query: some({ limit: 50, cursor: pageParam }) }, signal })),
})
export const companyTicketsQuery = (id: ID) => infiniteQueryOptions({
  queryKey: keys.companies('tickets', id), initialPageParam: '', getNextPageParam: next,
  queryFn: ({ pageParam, signal }) => data(api.GET('/companies/{id}/tickets', { params: { path: { id }, query: some({ limit: 30, cursor: pageParam }) }, signal })),
})

export const blocklistQuery = (f: { q?: string; ended?: boolean }) => infiniteQueryOptions({
  queryKey: keys.blocklist(f), initialPageParam: '', getNextPageParam: next, placeholderData: keepPreviousData,
  queryFn: ({ pageParam, signal }) => data(api.GET('/blocklist', { params: { query: some({ limit: 50, cursor: pageParam, ...f }) }, signal })),
})

/** After a change: the one is shown at once, lists and counts are read anew. */
function placeCustomer(c: Customer): void {
  queries.setQueryData(keys.customers.one(c.id), c)
  void queries.invalidateQueries({ queryKey: keys.customers.history(c.id) })
  void queries.invalidateQueries({ queryKey: ['customers', 'list'] })
  void queries.invalidateQueries({ queryKey: ['customers', 'caller'] })
}
const forget = (): void => {
  void queries.invalidateQueries({ queryKey: keys.customers.all })
  void queries.invalidateQueries({ queryKey: keys.companies() })
  void queries.invalidateQueries({ queryKey: keys.tickets.all })
}

export async function createCustomer(c: NewCustomer): Promise<Customer> {
  const made = (await data(api.POST('/customers', { body: c }))) as Customer
  placeCustomer(made)
  return made
}

/** Shows the edit at once, takes it back when the server refuses, and offers the way back. */
export async function editCustomer(c: Customer, patch: CustomerPatch, guess: Partial<Customer>, back?: CustomerPatch): Promise<boolean> {
  queries.setQueryData(keys.customers.one(c.id), { ...c, ...guess })
  try {
    const after = (await data(api.PATCH('/customers/{id}', { params: { path: { id: c.id } }, body: patch, headers: ifMatch(c.version) }))) as Customer
    placeCustomer(after)
    if ('company_id' in patch) void queries.invalidateQueries({ queryKey: keys.companies() })
    if (back) say(t('common.saved'), { undo: () => editCustomer(after, back, Object.fromEntries(Object.keys(guess).map((k) => [k, c[k as keyof Customer]]))) })
    return true
  } catch (error) {
    queries.setQueryData(keys.customers.one(c.id), c)
    if (error instanceof Problem && error.status === 412) await queries.invalidateQueries({ queryKey: keys.customers.one(c.id) })
    complain(error)
    return false
  }
}

const again = async (id: ID): Promise<void> => {
  await queries.invalidateQueries({ queryKey: keys.customers.one(id) })
  void queries.invalidateQueries({ queryKey: ['customers', 'list'] })
}

export async function addIdentity(id: ID, kind: string, value: string): Promise<void> {
  await data(api.POST('/customers/{id}/identities', { params: { path: { id } }, body: { kind, value } }))
  await again(id)
}
export async function removeIdentity(id: ID, identity: ID): Promise<void> {
  await data(api.DELETE('/customers/{id}/identities/{identity_id}', { params: { path: { id, identity_id: identity } } }))
  await again(id)
}
export async function verifyIdentity(id: ID, identity: ID): Promise<void> {
  await data(api.POST('/customers/{id}/identities/{identity_id}/verify', { params: { path: { id, identity_id: identity } } }))
  await again(id)
}
export const revealIdentity = async (id: ID, identity: ID): Promise<string> =>
  (await data(api.POST('/customers/{id}/identities/{identity_id}/reveal', { params: { path: { id, identity_id: identity } } }))).value

export async function mergeCustomer(from: ID, into: ID, take: MergeTake[]): Promise<ID> {
  const { undo_id } = await data(api.POST('/customers/{id}/merge', { params: { path: { id: from } }, body: { into, take } }))
  forget()
  return undo_id
}
export async function unmerge(undo: ID): Promise<boolean> {
  try {
    await data(api.POST('/customers/merges/{undo_id}/undo', { params: { path: { undo_id: undo } } }))
    forget()
    say(t('customers.unmerged'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export async function setCare(id: ID, reason: string, until?: string): Promise<void> {
  placeCustomer((await data(api.PUT('/customers/{id}/care', { params: { path: { id } }, body: { reason, ...(until ? { until } : {}) } }))) as Customer)
}
export async function endCare(id: ID): Promise<void> {
  await data(api.DELETE('/customers/{id}/care', { params: { path: { id } } }))
  await again(id)
}
export async function blockCustomer(id: ID, reason: string, until?: string): Promise<void> {
  placeCustomer((await data(api.PUT('/customers/{id}/block', { params: { path: { id } }, body: { reason, ...(until ? { until } : {}) } }))) as Customer)
  void queries.invalidateQueries({ queryKey: keys.blocklist() })
}
export async function unblockCustomer(id: ID): Promise<void> {
  await data(api.DELETE('/customers/{id}/block', { params: { path: { id } } }))
  void queries.invalidateQueries({ queryKey: keys.blocklist() })
  await again(id)
}

const blocksChanged = (): void => {
  void queries.invalidateQueries({ queryKey: keys.blocklist() })
  void queries.invalidateQueries({ queryKey: keys.customers.all })
}
export async function addBlock(kind: string, value: string, reason: string, until?: string): Promise<Block> {
  const made = await data(api.POST('/blocklist', { body: { kind, value, reason, ...(until ? { until } : {}) } }))
  blocksChanged()
  return made
}
export async function changeBlock(id: ID, change: { reason?: string; until?: string | null }): Promise<void> {
  await data(api.PATCH('/blocklist/{id}', { params: { path: { id } }, body: change as { reason?: string; until?: string } }))
  blocksChanged()
}
export async function removeBlock(id: ID): Promise<void> {
  await data(api.DELETE('/blocklist/{id}', { params: { path: { id } } }))
  blocksChanged()
}

export async function createCompany(c: CompanyPatch): Promise<Company> {
  const made = (await data(api.POST('/companies', { body: c }))) as Company
  void queries.invalidateQueries({ queryKey: keys.companies() })
  return made
}
/** Shows the edit at once, takes it back when the server refuses, and offers the way back. */
export async function editCompany(c: Company, patch: CompanyPatch, guess: Partial<Company>, back?: CompanyPatch): Promise<boolean> {
  queries.setQueryData(keys.companies('one', c.id), { ...c, ...guess })
  try {
    const after = (await data(api.PATCH('/companies/{id}', { params: { path: { id: c.id } }, body: patch, headers: ifMatch(c.version) }))) as Company
    queries.setQueryData(keys.companies('one', c.id), after)
    void queries.invalidateQueries({ queryKey: keys.companies('list') })
    if (back) say(t('common.saved'), { undo: () => editCompany(after, back, Object.fromEntries(Object.keys(guess).map((k) => [k, c[k as keyof Company]]))) })
    return true
  } catch (error) {
    queries.setQueryData(keys.companies('one', c.id), c)
    if (error instanceof Problem && error.status === 412) await queries.invalidateQueries({ queryKey: keys.companies('one', c.id) })
    complain(error)
    return false
  }
}

/** The end of a day, so that what holds "until" a day holds through it. */
export const dayEnd = (day: string | null | undefined): string | undefined => (day ? new Date(`${day}T23:59:59`).toISOString() : undefined)
