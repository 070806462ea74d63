// What was understood of a ticket, and what people make of it.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { ActionInput } from '~/api/paths'
import type { Decision, DecisionField, ID, Me, Ticket, Understanding, Verdict } from '~/api/types'
import { t } from '~/i18n'
import { bulkFollow } from './bulk'
import { queries } from './query'
import { createStore } from './store'
import { act, place, settle } from './ticket'
import { complain, say } from './toast'

export type Grant = 'understand.read' | 'understand.manage'
export function may(me: Me | undefined, grant: Grant): boolean {
  const granted = (p: Grant) => { const scope = me?.permissions[p] as string | undefined; return scope !== undefined && scope !== 'none' && scope !== '' }
  return granted(grant) || (grant === 'understand.read' && granted('understand.manage'))
}

/** Read again when the conversation has grown; until then what is known stays. */
export const understandingQuery = (ticket: Ticket) =>
  queryOptions({
    queryKey: [...keys.understanding(ticket.id), ticket.message_count],
    queryFn: ({ signal }) => data(api.GET('/tickets/{id}/understanding', { params: { path: { id: ticket.id } }, signal })),
    staleTime: 5 * 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  })

export const incidentsQuery = (state?: 'proposed' | 'accepted' | 'dismissed') =>
  queryOptions({
    queryKey: keys.incidents(state),
    queryFn: ({ signal }) => data(api.GET('/incidents', { params: { query: state ? { state, limit: 100 } : { limit: 100 } }, signal })),
    staleTime: 15_000,
    retry: false,
  })

export const judged = (d: Decision): boolean => d.state !== 'set' && d.state !== 'suggested'
export const decisionOn = (ticket: Pick<Ticket, 'decisions'>, field: string): Decision | undefined => ticket.decisions.find((d) => d.field === field)
/** What waits for a person, the type before the category that follows from it. */
export const waiting = (ticket: Pick<Ticket, 'decisions'>): Decision[] =>
  (['type', 'category', 'priority'] as const).flatMap((f) => ticket.decisions.filter((d) => d.field === f && d.state === 'suggested'))

/** The part of a ticket that a decided value changes. */
export function fieldPatch(field: string, value: string): Partial<Ticket> {
  switch (field) {
    case 'type': return { type: value }
    case 'category': return { category_id: value || undefined }
    case 'priority': return { priority: value as Ticket['priority'] }
    case 'language': return { language: value }
    case 'sentiment': return { sentiment: Number(value) }
    case 'risk': return { risk: Number(value) }
  }
  return {}
}

export function fieldValue(ticket: Ticket, field: string): string {
  switch (field) {
    case 'type': return ticket.type
    case 'category': return ticket.category_id ?? ''
    case 'priority': return ticket.priority
    case 'language': return ticket.language ?? ''
    case 'sentiment': return String(ticket.sentiment ?? 0)
    case 'risk': return String(ticket.risk)
  }
  return ''
}

/** How a ticket looks once somebody has judged: shown before the server has answered. */
export function afterVerdict(ticket: Ticket, field: string, verdict: Verdict, value: string | undefined, by: Me | undefined): Partial<Ticket> {
  const old = decisionOn(ticket, field)
  const result = verdict === 'accept' ? old?.value : verdict === 'undo' ? (field === 'sentiment' ? '0' : (old?.before ?? '')) : value
  const state = ({ accept: 'accepted', undo: 'undone', correct: 'corrected' } as const)[verdict]
  const decisions = ticket.decisions.map((d) => (d.field === field ? { ...d, state, ...(verdict === 'correct' ? { after: value } : {}), by: by?.id, judged_at: new Date().toISOString() } : d))
  return { ...fieldPatch(field, result ?? ''), decisions, to_classify: decisions.some((d) => ['type', 'category'].includes(d.field) && d.state === 'suggested') }
}

/** Accepts, takes back or corrects what a model said; the way back gives the former value. */
export async function judge(ticket: Ticket, field: string, verdict: Verdict, value?: string): Promise<boolean> {
  const me = queries.getQueryData<Me>(keys.me)
  const before = fieldValue(ticket, field)
  const guess = afterVerdict(ticket, field, verdict, value, me)
  const changed = before !== fieldValue({ ...ticket, ...guess }, field)
  const answer = await act(ticket.id, 'decide', { field: field as DecisionField, verdict, ...(value !== undefined ? { value } : {}) }, guess, {
    text: t(({ accept: 'judge.said.accepted', undo: 'judge.said.undone', correct: 'judge.said.corrected' } as const)[verdict]),
    ...(changed ? { back: { action: 'decide' as const, input: { field: field as DecisionField, verdict: 'correct' as const, value: before } } } : {}),
  })
  return answer !== undefined
}

export async function readAgain(ticket: Ticket): Promise<void> {
  try {
    await queries.fetchQuery({ ...understandingQuery(ticket), staleTime: 0 })
    void queries.invalidateQueries({ queryKey: keys.tickets.one(ticket.id) })
  } catch (error) {
    complain(error)
  }
}

export async function translate(ticket: Ticket, to: string): Promise<void> {
  try {
    const made = await data(api.POST('/tickets/{id}/translate', { params: { path: { id: ticket.id } }, body: { to } }))
    const extra = { kind: 'translation' as const, to: made.to, text: [made.title, made.text].filter(Boolean).join('\n'), model: made.model, at: new Date().toISOString() }
    queries.setQueriesData<Understanding>({ queryKey: keys.understanding(ticket.id) }, (u) => u && { ...u, extras: [...u.extras.filter((x) => x.kind !== 'translation' || x.to !== to), extra] })
  } catch (error) {
    complain(error)
  }
}

/** One ticket of its own for each of the chosen matters. */
export async function splitMatters(ticket: Ticket, matters: number[]): Promise<Ticket[]> {
  const { tickets } = await data(api.POST('/tickets/{id}/split-matters', { params: { path: { id: ticket.id } }, body: { matters } }))
  for (const made of tickets) place(made)
  settle(ticket.id)
  void queries.invalidateQueries({ queryKey: keys.tickets.one(ticket.id) })
  void queries.invalidateQueries({ queryKey: keys.tickets.lists })
  say(t('matters.said', { n: tickets.length }))
  return tickets
}

/** One answer to all children of a parent ticket, followed like any bulk order. */
export async function replyToChildren(id: ID, body: string, status?: ActionInput<'status'>): Promise<boolean> {
  try {
    const order = await data(api.POST('/tickets/{id}/reply-children', { params: { path: { id } }, body: { body, ...(status ? { status } : {}) } }))
    const done = await bulkFollow(order)
    void queries.invalidateQueries({ queryKey: keys.tickets.all })
    say(done.failed ? t('bulk.partly', { done: done.done - done.failed, failed: done.failed }) : t('children.said', { n: done.done }), { bad: done.failed > 0 && done.failed === done.done })
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export async function acceptIncident(id: ID, subject: string | undefined): Promise<Ticket | undefined> {
  try {
    const { ticket } = await data(api.POST('/incidents/{id}/accept', { params: { path: { id } }, body: subject ? { subject } : {} }))
    place(ticket)
    void queries.invalidateQueries({ queryKey: keys.incidents() })
    void queries.invalidateQueries({ queryKey: keys.tickets.lists })
    say(t('incident.said.accepted', { number: ticket.number }))
    return ticket
  } catch (error) {
    complain(error)
    return undefined
  }
}

export async function dismissIncident(id: ID, reason?: string): Promise<boolean> {
  try {
    await data(api.POST('/incidents/{id}/dismiss', { params: { path: { id } }, ...(reason ? { body: { reason } } : {}) }))
    await queries.invalidateQueries({ queryKey: keys.incidents() })
    say(t('incident.said.dismissed'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

/** Proposals that this reader has put aside for now. */
export const putAside = createStore<ReadonlySet<ID>>(new Set())
