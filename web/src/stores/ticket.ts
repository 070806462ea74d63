// Tickets as the screen holds them: caches, optimistic changes with roll-back,
// and the acts on one ticket.
import { infiniteQueryOptions, queryOptions, type InfiniteData } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { ActionInput, ActionName, TicketQuery } from '~/api/paths'
import { Problem } from '~/api/problem'
import type { ActionAnswer, ID, NewTicket, Ticket, TicketPage, TicketPatch } from '~/api/types'
import { takeBack } from './bulk'
import { queries } from './query'
import { createStore } from './store'
import { complain, say } from './toast'

/** What a list knows of it is shown until it has come. */
export const ticketQuery = (id: ID) =>
  queryOptions({ queryKey: keys.tickets.one(id), queryFn: async () => newest(await data(api.GET('/tickets/{id}', { params: { path: { id } } }))), placeholderData: () => known(id), enabled: id !== '' })

/** An answer that was on its way while a newer one came does not take its place. */
function newest(ticket: Ticket): Ticket {
  const shown = queries.getQueryData<Ticket>(keys.tickets.one(ticket.id))
  return shown && shown.version > ticket.version ? shown : ticket
}

export const listQuery = (query: TicketQuery) =>
  infiniteQueryOptions({
    queryKey: keys.tickets.list(query),
    queryFn: ({ pageParam, signal }) =>
      data(api.GET('/tickets', { params: { query: { ...query, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (page: TicketPage) => page.next_cursor || undefined,
  })

export const findQuery = (q: string, limit = 8) =>
  queryOptions({ queryKey: keys.tickets.find(q), queryFn: ({ signal }) => data(api.GET('/tickets', { params: { query: { q, limit } }, signal })), enabled: q.trim() !== '' })

/** What is open on oneself, as far as one hand-over takes. */
export const mineQuery = queryOptions({ queryKey: keys.tickets.mine, queryFn: ({ signal }) => data(api.GET('/tickets', { params: { query: { filter: 'active && assignee == me()', sort: '-updated', limit: 200 } }, signal })) })

type List = InfiniteData<TicketPage, string>

/** Puts a ticket's new state wherever it is shown; it never moves a row. */
export function place(ticket: Ticket): void {
  const newer = (old: Ticket | undefined) => !old || ticket.version >= old.version
  // what only lists show is kept by the lists
  const key = keys.tickets.one(ticket.id)
  if (queries.getQueryState(key)) queries.setQueryData<Ticket>(key, (old) => (newer(old) ? { ...old, ...ticket } : old))
  inLists(ticket.id, (old) => (newer(old) ? { ...ticket, highlight: old.highlight } : old))
}

function inLists(id: ID, change: (old: Ticket) => Ticket): void {
  queries.setQueriesData<List>({ queryKey: keys.tickets.lists }, (list) => {
    if (!list?.pages.some((p) => p.items.some((x) => x.id === id))) return list
    return { ...list, pages: list.pages.map((p) => ({ ...p, items: p.items.map((x) => (x.id === id ? change(x) : x)) })) }
  })
}

export function known(id: ID): Ticket | undefined {
  const one = queries.getQueryData<Ticket>(keys.tickets.one(id))
  if (one) return one
  for (const [, list] of queries.getQueriesData<List>({ queryKey: keys.tickets.lists })) {
    const found = list?.pages.flatMap((p) => p.items).find((x) => x.id === id)
    if (found) return found
  }
  return undefined
}

/** Shows a guess at once and returns the way back. */
export function guess(id: ID, change: Partial<Ticket>): () => void {
  const before = known(id)
  if (!before) return () => undefined
  const put = (values: Partial<Ticket>) => {
    queries.setQueryData<Ticket>(keys.tickets.one(id), (old) => old && { ...old, ...values })
    inLists(id, (old) => ({ ...old, ...values }))
  }
  put(change)
  const back = Object.fromEntries(Object.keys(change).map((k) => [k, before[k as keyof Ticket]]))
  return () => put(back)
}

/** Rows whose change the server refused: tinted red once. */
export const refused = createStore<ReadonlySet<string>>(new Set())

function refuse(id: ID, fields: string[]): void {
  const marks = fields.map((f) => `${id}:${f}`)
  refused.set((old) => new Set([...old, ...marks, id]))
  setTimeout(() => refused.set((old) => new Set([...old].filter((m) => !marks.includes(m) && m !== id))), 700)
}

/** An action with what it needs, as data. */
export type Act = { [A in ActionName]: { action: A; input: ActionInput<A> } }[ActionName]
export interface Told { text?: string; back?: Act; /** It is itself the way back of what was just done. */ undoes?: boolean }

/** Every action has its own path and body; on the wire they all work alike. */
export function carryOut<A extends ActionName>(id: ID, action: A, input: ActionInput<A>, back = false): Promise<ActionAnswer> {
  return data(api.POST(`/tickets/{id}/${action}` as '/tickets/{id}/claim', { params: { path: { id }, ...(back ? { query: { back } } : {}) }, body: input as Record<string, never> }))
}

/** One act on one ticket: guess, send, settle; says what happened with a way back. */
export async function act<A extends ActionName>(id: ID, action: A, input: ActionInput<A>, change: Partial<Ticket> = {}, told: Told = {}): Promise<ActionAnswer | undefined> {
  await queries.cancelQueries({ queryKey: keys.tickets.one(id) })
  const rollback = guess(id, change)
  try {
    const answer = await carryOut(id, action, input, told.undoes)
    // handed on to where the reader does not reach: nothing to show any more
    if (answer.ticket) place(answer.ticket)
    else queries.removeQueries({ queryKey: keys.tickets.one(id) })
    settle(id)
    const back = told.back
    const undo = answer.undo ? () => takeBack(answer.undo!.id) : back ? () => act(id, back.action, back.input, {}, { undoes: true }) : undefined
    if (told.text) say(told.text, { undo })
    return answer
  } catch (error) {
    rollback()
    void queries.invalidateQueries({ queryKey: keys.tickets.one(id) }) // its reading was stopped for the guess
    refuse(id, Object.keys(change))
    complain(error)
    return undefined
  }
}

/** An edit that must not overwrite what somebody else wrote meanwhile. */
export async function edit(ticket: Ticket, patch: TicketPatch, change: Partial<Ticket>): Promise<boolean> {
  const rollback = guess(ticket.id, change)
  try {
    const after = await data(api.PATCH('/tickets/{id}', { params: { path: { id: ticket.id } }, body: patch, headers: ifMatch(ticket.version) }))
    place(after)
    settle(ticket.id)
    return true
  } catch (error) {
    rollback()
    refuse(ticket.id, Object.keys(change))
    if (error instanceof Problem && error.status === 412) await queries.invalidateQueries({ queryKey: keys.tickets.one(ticket.id) })
    complain(error)
    return false
  }
}

/** What an act changes beside the ticket itself: its timeline and the counts. */
export function settle(id: ID): void {
  void queries.invalidateQueries({ queryKey: keys.tickets.timeline(id) })
  void queries.invalidateQueries({ queryKey: keys.views.counts })
}

export async function create(ticket: NewTicket): Promise<Ticket> {
  const made = await data(api.POST('/tickets', { body: ticket }))
  queries.setQueryData(keys.tickets.one(made.id), made)
  void queries.invalidateQueries({ queryKey: keys.tickets.lists })
  void queries.invalidateQueries({ queryKey: keys.views.counts })
  return made
}

/** Tags seen on tickets here; the server keeps no list of them. */
export function knownTags(): string[] {
  const tags = new Set<string>()
  for (const [, list] of queries.getQueriesData<List>({ queryKey: keys.tickets.lists })) {
    for (const page of list?.pages ?? []) for (const ticket of page.items) for (const tag of ticket.tags) tags.add(tag)
  }
  return [...tags].sort((a, b) => a.localeCompare(b))
}
