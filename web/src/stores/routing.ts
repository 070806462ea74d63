// Who gets what: queues, what people carry, offers, moves, and why a ticket
// went where it went.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { data } from '~/api/client'
import { keys } from '~/api/keys'
import { pending } from '~/api/pending'
import type { ID, Priority, Stamp } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { createStore } from './store'
import { carryOut, place, settle } from './ticket'
import { complain, say } from './toast'

export interface QueueSum { team_id?: ID; waiting: number; offered: number; oldest_at?: Stamp; due_soon: number; breached: number; online: number; free: number }
export interface Need { skill_id: ID; level: number }
export interface Waiting {
  ticket_id: ID; number: string; subject: string; priority: Priority; tier_rank: number; channel: string; language?: string; team_id?: ID
  waiting_since: Stamp; due_at?: Stamp; state: 'queued' | 'offered'; agent_id?: ID; expires_at?: Stamp; next_step_at?: Stamp
  mode: string; rule: string; path: string[]; needs: Need[]; relaxed: string[]
}
export interface Carrier {
  id: ID; name: string; team_ids: ID[]; state: string; since?: Stamp; forced?: boolean; takes_work: boolean
  load: number; capacity: number; open: number; offered: number; today: number; due_soon: number; shift_end?: Stamp; last_given?: Stamp
}
export type Offer = Waiting & { expires_at: Stamp }
export interface Candidate { agent_id: ID; score: number; factors: Record<string, number>; taken?: string }
export interface RouteDecision {
  outcome: 'assigned' | 'offered' | 'queued' | 'kept'; rule_set_id?: ID; version: number; rule: string; path: string[]; team_id?: ID; agent_id?: ID
  mode: string; strategy: string; response?: string; relaxed?: string[]; candidates: Candidate[]; eligible: number; excluded: Record<string, number>; hash: string
  at: Stamp; shadow?: boolean; weights?: Record<string, number>
}
export interface TicketRouting {
  items: RouteDecision[]
  queue?: Waiting
  /** In the queue, from 1; at most 1,000 is counted. */
  position?: number
  response?: Omit<Alert, 'number' | 'subject'>
}
export interface Move { id: ID; user_id: ID; state: 'running' | 'done' | 'undoing' | 'undone'; total: number; done: number; /** Of these: nobody had room. */ queued: number; failed: number; undo_until: Stamp }
export interface Alert { ticket_id: ID; number: string; subject: string; response: 'abnormal' | 'serious'; at: Stamp; told: { user_id: ID; at: Stamp }[]; acknowledged_by?: ID; acknowledged_at?: Stamp; ended_at?: Stamp; next_at?: Stamp }

const often = { staleTime: 5_000, retry: false, refetchInterval: 30_000 } as const

export const queuesQuery = queryOptions({ ...often, queryKey: keys.routing('queues'), queryFn: ({ signal }) => data(pending.GET<{ items: QueueSum[]; total: number }>('/routing/queues', { signal })) })
type QueuePage = { items: Waiting[]; next_cursor?: string }
const readQueue = (team: ID, cursor: string, signal: AbortSignal) => data(pending.GET<QueuePage>('/routing/queue', { params: { query: { limit: 100, team_id: team, ...(cursor ? { cursor } : {}) } }, signal }))
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
  ...often, queryKey: keys.routing('agents', team ?? ''), queryFn: ({ signal }) => data(pending.GET<{ items: Carrier[] }>('/routing/agents', { params: { query: team ? { team_id: team } : {} }, signal })),
})
export const offersQuery = queryOptions({ queryKey: keys.routing('offers'), queryFn: ({ signal }) => data(pending.GET<{ items: Offer[] }>('/routing/offers', { signal })), staleTime: 10_000, retry: false, refetchInterval: 60_000 })
export const routingQuery = (id: ID) => queryOptions({ queryKey: keys.routing('ticket', id), queryFn: ({ signal }) => data(pending.GET<TicketRouting>('/tickets/{id}/routing', { params: { path: { id } }, signal })), staleTime: 5_000, retry: false })
export const alertsQuery = queryOptions({ queryKey: keys.routing('alerts'), queryFn: ({ signal }) => data(pending.GET<{ items: Alert[] }>('/routing/alerts', { signal })), staleTime: 5_000, retry: false, refetchInterval: 60_000 })

let due: ReturnType<typeof setTimeout> | undefined
/** Queues or loads have changed: what shows them is read again, at most once a second. */
export function routingChanged(): void {
  due ??= setTimeout(() => {
    due = undefined
    void queries.invalidateQueries({ queryKey: keys.routing() })
  }, 400)
}

/** Offers that were answered here: gone before the server has said so. */
const answered = createStore<ReadonlySet<ID>>(new Set())
export const offerAnswered = answered

export async function answerOffer(offer: Offer, answer: 'accept' | 'decline', reason?: string): Promise<boolean> {
  answered.set((old) => new Set([...old, offer.ticket_id]))
  try {
    await data(pending.POST('/tickets/{id}/offer', { params: { path: { id: offer.ticket_id } }, body: { answer, ...(reason ? { reason } : {}) } }))
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
    await data(pending.POST('/tickets/{id}/route', { params: { path: { id } }, body: {} }))
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
    await data(pending.POST('/tickets/{id}/response/acknowledge', { params: { path: { id } }, body: {} }))
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
    move = await data(pending.GET<Move>('/routing/moves/{id}', { params: { path: { id: move.id } } }))
    moving.set({ ...move, name })
  }
  routingChanged()
  void queries.invalidateQueries({ queryKey: keys.tickets.all })
}

/** All that somebody has goes to others: they have fallen ill, or leave. */
export async function leave(agent: { id: ID; name: string }, reason: string, which: 'all' | 'untouched', to?: { team_id?: ID; agent_ids?: ID[] }): Promise<void> {
  try {
    await follow(await data(pending.POST<Move>('/routing/agents/{id}/leave', { params: { path: { id: agent.id } }, body: { reason, which, ...(to ? { to } : {}) } })), agent.name)
  } catch (error) {
    complain(error)
  }
}

export async function undoMove(move: Moving): Promise<void> {
  try {
    await follow(await data(pending.POST<Move>('/routing/moves/{id}/undo', { params: { path: { id: move.id } } })), move.name)
  } catch (error) {
    complain(error)
  }
}
