// Who gets what: queues, what people carry, offers, moves, and why a ticket
// went where it went.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import type { ID, Priority, Stamp } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { createStore } from './store'
import { carryOut, place, settle } from './ticket'
import { complain, say } from './toast'

type Item<L extends { items: unknown[] }> = L['items'][number]
export type QueueSum = Item<Answer<'/routing/queues'>>
export type Waiting = Item<Answer<'/routing/queue'>> & { priority: Priority }
export type Need = Waiting['needs'][number]
export type Carrier = Item<Answer<'/routing/agents'>>
export type Given = Item<Answer<'/routing/recent'>>
export type Offer = Waiting & { expires_at: Stamp }
export type TicketRouting = Answer<'/tickets/{id}/routing'>
/** What is stored of a decision; with its weights the factors say how much each made of the score. */
export type RouteDecision = Item<TicketRouting>
export type Candidate = RouteDecision['candidates'][number]
export type Move = Omit<Answer<'/routing/moves/{id}'>, '$schema'>
export type Alert = Item<Answer<'/routing/alerts'>>

const often = { staleTime: 5_000, retry: false, refetchInterval: 30_000 } as const

export const queuesQuery = queryOptions({ ...often, queryKey: keys.routing('queues'), queryFn: ({ signal }) => data(api.GET('/routing/queues', { signal })) })
/** The queue of the tickets that belong to no team. */
export const NO_TEAM = 'none'
type QueuePage = { items: Waiting[]; next_cursor?: string }
const readQueue = (team: ID, cursor: string, signal: AbortSignal) => data(api.GET('/routing/queue', { params: { query: { limit: 100, ...(team === NO_TEAM ? {} : { team_id: team }), ...(cursor ? { cursor } : {}) } }, signal })) as Promise<QueuePage>
const urgency: Record<string, number> = { urgent: 0, high: 1, normal: 2, low: 3 }
/** The order of a queue: priority, tier, what is due, who waits longest. */
const ahead = (a: Waiting, b: Waiting): number => (urgency[a.priority] ?? 9) - (urgency[b.priority] ?? 9) || b.tier_rank - a.tier_rank || (a.due_at ?? '9').localeCompare(b.due_at ?? '9') || a.waiting_since.localeCompare(b.waiting_since)
/** One queue page by page; of several the heads, in one order. */
export const queueQuery = (teams: ID[]) => infiniteQueryOptions({
  ...often, queryKey: keys.routing('queue', teams.join(',')), enabled: teams.length > 0,
  queryFn: async ({ pageParam, signal }): Promise<QueuePage> => {
    if (teams.length === 1) return readQueue(teams[0]!, pageParam, signal)
    const heads = await Promise.all(teams.slice(0, 40).map((team) => readQueue(team, '', signal)))
    return { items: heads.flatMap((h) => h.items).toSorted(ahead) }
  },
  initialPageParam: '', getNextPageParam: (page: QueuePage) => page.next_cursor || undefined,
})
export const carriersQuery = (team: ID | undefined) => queryOptions({
  ...often, queryKey: keys.routing('agents', team ?? ''), queryFn: ({ signal }) => data(api.GET('/routing/agents', { params: { query: team ? { team_id: team } : {} }, signal })),
})
/** What was given last; without a team, of all queues. */
export const recentQuery = (team: ID | undefined) => queryOptions({
  ...often, queryKey: keys.routing('recent', team ?? ''), queryFn: ({ signal }) => data(api.GET('/routing/recent', { params: { query: team ? { team_id: team === NO_TEAM ? '0' : team } : {} }, signal })),
})
export const offersQuery = queryOptions({ queryKey: keys.routing('offers'), queryFn: ({ signal }) => data(api.GET('/routing/offers', { signal })) as Promise<{ items: Offer[] }>, staleTime: 10_000, retry: false, refetchInterval: 60_000 })
export const routingQuery = (id: ID) => queryOptions({ queryKey: keys.routing('ticket', id), queryFn: ({ signal }) => data(api.GET('/tickets/{id}/routing', { params: { path: { id } }, signal })), staleTime: 5_000, retry: false })
/** Serious matters of which I was told and for which nobody has answered yet. */
export const alarmsOf = (list: Alert[], me: ID | undefined): Alert[] => list.filter((a) => a.response === 'serious' && !a.acknowledged_by && !a.ended_at && a.told.some((x) => x.user_id === me)).toSorted((a, b) => (a.next_at ?? '').localeCompare(b.next_at ?? ''))
export const alertsQuery = queryOptions({ queryKey: keys.routing('alerts'), queryFn: ({ signal }) => data(api.GET('/routing/alerts', { signal })), staleTime: 5_000, retry: false, refetchInterval: 60_000 })

const LATER = 1200
let soon: ReturnType<typeof setTimeout> | undefined
let later: ReturnType<typeof setTimeout> | undefined
/** Queues or loads have changed: what shows them is read again, and once more when it may have settled, as a stream of changes is told only at its beginning. */
export function routingChanged(): void {
  const again = () => void queries.invalidateQueries({ queryKey: keys.routing(), predicate: (q) => !still.has(String(q.queryKey[1])) })
  soon ??= setTimeout(() => {
    soon = undefined
    again()
  }, 300)
  clearTimeout(later)
  later = setTimeout(again, LATER)
}
/** What no change of a queue touches. */
const still = new Set(['sets', 'factors', 'simulations', 'shadow'])

/** Offers that were answered here: gone before the server has said so. */
const answered = createStore<ReadonlySet<ID>>(new Set())
export const offerAnswered = answered

export async function answerOffer(offer: Offer, answer: 'accept' | 'decline', reason?: string): Promise<boolean> {
  answered.set((old) => new Set([...old, offer.ticket_id]))
  try {
    await data(api.POST('/tickets/{id}/offer', { params: { path: { id: offer.ticket_id } }, body: { answer, ...(reason ? { reason } : {}) } }))
    say(t(answer === 'accept' ? 'said.offer.accepted' : 'said.offer.declined', { number: offer.number }))
    settle(offer.ticket_id)
    void queries.invalidateQueries({ queryKey: keys.tickets.one(offer.ticket_id) })
    return true
  } catch (error) {
    complain(error)
    return false
  } finally {
    await queries.invalidateQueries({ queryKey: keys.routing() })
    answered.set((old) => new Set([...old].filter((x) => x !== offer.ticket_id)))
  }
}

type QueuePages = { pages: QueuePage[]; pageParams: unknown[] }

/** By a person's hand: it leaves the queue here at once, and comes back when the server refuses. */
export async function assignTo(w: Pick<Waiting, 'ticket_id' | 'number'>, agent: Pick<Carrier, 'id' | 'name'>): Promise<boolean> {
  const lists = queries.getQueriesData<QueuePages>({ queryKey: keys.routing('queue') })
  await queries.cancelQueries({ queryKey: keys.routing('queue') })
  for (const [key] of lists) queries.setQueryData<QueuePages>(key, (old) => old && { ...old, pages: old.pages.map((p) => ({ ...p, items: p.items.filter((x) => x.ticket_id !== w.ticket_id) })) })
  try {
    const answer = await carryOut(w.ticket_id, 'assign', { assignee_id: agent.id })
    if (answer.ticket) place(answer.ticket)
    settle(w.ticket_id)
    say(t('said.assignedTo', { number: w.number, name: agent.name }), { undo: () => recall(w.ticket_id) })
    return true
  } catch (error) {
    for (const [key, old] of lists) queries.setQueryData(key, old)
    complain(error)
    return false
  } finally {
    routingChanged()
  }
}

/** Back to assignment: whoever has it gives it up, the rules look again. */
export async function recall(id: ID): Promise<boolean> {
  try {
    await data(api.POST('/tickets/{id}/route', { params: { path: { id } }, body: {} }))
    settle(id)
    void queries.invalidateQueries({ queryKey: keys.tickets.one(id) })
    routingChanged()
    say(t('said.recalled'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export async function acknowledge(id: ID): Promise<boolean> {
  try {
    await data(api.POST('/tickets/{id}/response/acknowledge', { params: { path: { id } } }))
    void queries.invalidateQueries({ queryKey: keys.routing('alerts') })
    void queries.invalidateQueries({ queryKey: keys.notices() })
    say(t('said.acknowledged'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export interface Moving extends Move { name: string }
/** The move of somebody's tickets that runs or has just ended. */
export const moving = createStore<Moving | undefined>(undefined)

async function follow(move: Move, name: string): Promise<void> {
  moving.set({ ...move, name })
  for (let pause = 200; move.state === 'running' || move.state === 'undoing'; pause = Math.min(1500, pause * 1.4)) {
    await new Promise((r) => setTimeout(r, pause))
    move = await data(api.GET('/routing/moves/{id}', { params: { path: { id: move.id } } }))
    moving.set({ ...move, name })
  }
  routingChanged()
  void queries.invalidateQueries({ queryKey: keys.tickets.all })
}

/** All that somebody has goes to others: they have fallen ill, or leave. */
export async function leave(agent: { id: ID; name: string }, reason: string, which: 'all' | 'untouched', to?: { team_id?: ID; agent_ids?: ID[] }): Promise<void> {
  try {
    await follow(await data(api.POST('/routing/agents/{id}/leave', { params: { path: { id: agent.id } }, body: { reason, which, ...(to ? { to } : {}) } })), agent.name)
  } catch (error) {
    complain(error)
  }
}

export async function undoMove(move: Moving): Promise<void> {
  try {
    await follow(await data(api.POST('/routing/moves/{id}/undo', { params: { path: { id: move.id } } })), move.name)
  } catch (error) {
    complain(error)
  }
}
