// What was promised: the clocks of tickets, and the policies that make them.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Body } from '~/api/paths'
import type { Clocks, ID, ReportBy, SLAClock, SLAExtension, SLAPolicy, Supervision, Ticket } from '~/api/types'
import { t } from '~/i18n'
import type { Standing } from '~/parts/slaText'
import { settle } from './ticket'
import { queries } from './query'
import { complain, say } from './toast'

/** Every change of a clock is a new version of its ticket. */
export const clocksQuery = (ticket: Pick<Ticket, 'id' | 'version'>) => queryOptions({
  queryKey: keys.sla('of', ticket.id, ticket.version),
  queryFn: ({ signal }) => data(api.GET('/tickets/{id}/sla', { params: { path: { id: ticket.id } }, signal })),
  staleTime: 60_000,
  placeholderData: (old, query) => (query?.queryKey[2] === ticket.id ? keepPreviousData(old) : undefined),
})

export const policiesQuery = queryOptions({ queryKey: keys.sla('policies'), queryFn: async ({ signal }) => (await data(api.GET('/sla/policies', { signal }))).items, staleTime: 5 * 60_000 })

/** All that a policy has said, the newest first. */
export const versionsQuery = (policy: ID, version: number) => queryOptions({ queryKey: keys.sla('versions', policy, version), queryFn: ({ signal }) => data(api.GET('/sla/policies/{id}/versions', { params: { path: { id: policy } }, signal })) })

export const soonQuery = (minutes: number) => queryOptions({
  queryKey: keys.sla('soon', minutes), placeholderData: keepPreviousData, refetchInterval: 30_000,
  queryFn: ({ signal }) => data(api.GET('/sla/soon', { params: { query: { minutes, limit: 200 } }, signal })),
})

const moment = (at: string | undefined): number | undefined => (at ? Date.parse(at) : undefined)

/** How something promised stands, from what the server says of it. */
export const standing = (sla: string, x: { due_at?: string; warn_at?: string; from?: string }): Standing => ({ sla, due: moment(x.due_at), warn: moment(x.warn_at), from: moment(x.from) })

export const policiesChanged = (): Promise<void> => queries.invalidateQueries({ queryKey: keys.sla() })

/** What is sent of a policy: not what the server says of it. */
export function bodyOfPolicy(p: SLAPolicy): SLAPolicy {
  const { problem: _problem, ...body } = p
  return body
}

async function put(before: Pick<SLAPolicy, 'id' | 'version'>, body: SLAPolicy): Promise<SLAPolicy> {
  const after = await data(api.PUT('/sla/policies/{id}', { params: { path: { id: before.id } }, body: bodyOfPolicy(body), headers: ifMatch(before.version) }))
  queries.setQueryData<SLAPolicy[]>(policiesQuery.queryKey, (old) => old?.map((p) => (p.id === after.id ? after : p)))
  return after
}

/** Saves a policy as a new version, with the way back to the former one; a new one is made. */
export async function savePolicy(before: SLAPolicy | undefined, body: SLAPolicy): Promise<SLAPolicy> {
  if (!before) {
    const made = await data(api.POST('/sla/policies', { body: bodyOfPolicy(body) }))
    await policiesChanged()
    say(t('common.saved'))
    return made
  }
  const after = await put(before, body)
  void policiesChanged()
  say(t('slap.saved', { version: after.version }), { undo: () => put(after, before).then(policiesChanged, complain) })
  return after
}

/** Puts the policies into this order; only those that move are written. */
export async function orderPolicies(list: SLAPolicy[], back = true): Promise<void> {
  const before = queries.getQueryData<SLAPolicy[]>(policiesQuery.queryKey) ?? []
  queries.setQueryData(policiesQuery.queryKey, list)
  try {
    for (const [i, p] of list.entries()) if ((p.position ?? 0) !== (i + 1) * 10) await put(p, { ...p, position: (i + 1) * 10 })
    await policiesChanged()
    const now = (ids: ID[]) => ids.flatMap((id) => queries.getQueryData<SLAPolicy[]>(policiesQuery.queryKey)?.find((p) => p.id === id) ?? [])
    if (back) say(t('slap.ordered'), { undo: () => orderPolicies(now(before.map((p) => p.id)), false) })
  } catch (error) {
    queries.setQueryData(policiesQuery.queryKey, before)
    void policiesChanged()
    complain(error)
  }
}

export async function renewAll(): Promise<void> {
  try {
    await data(api.POST('/sla/renew', {}))
    say(t('slap.renewing'))
  } catch (error) {
    complain(error)
  }
}

export const openCountQuery = queryOptions({ queryKey: keys.sla('open'), queryFn: ({ signal }) => data(api.GET('/tickets/count', { params: { query: { filter: 'active' } }, signal })), staleTime: 30_000 })

export const extensionsQuery = (state: SLAExtension['state']) => queryOptions({ queryKey: keys.sla('extensions', state), queryFn: ({ signal }) => data(api.GET('/sla/extensions', { params: { query: { state, limit: 100 } }, signal })), refetchInterval: 60_000 })
export const supervisionsQuery = (state: Supervision['state']) => queryOptions({ queryKey: keys.sla('supervisions', state), queryFn: ({ signal }) => data(api.GET('/sla/supervisions', { params: { query: { state, limit: 100 } }, signal })), refetchInterval: 60_000 })
export const reportQuery = (from: string, to: string, by: ReportBy, metric: string) => queryOptions({
  queryKey: keys.sla('report', from, to, by, metric), placeholderData: keepPreviousData,
  queryFn: ({ signal }) => data(api.GET('/sla/report', { params: { query: { from, to, by, ...(metric ? { metric: metric as 'resolution' } : {}) } }, signal })),
})

/** Which of a ticket's clocks is meant. */
export const named = (c: Pick<SLAClock, 'metric' | 'unit_id'>): { metric: SLAClock['metric']; unit_id?: ID } => ({ metric: c.metric, ...(c.unit_id ? { unit_id: c.unit_id } : {}) })

/** Does something about a ticket's promises; what it changed is read again. */
async function about<T>(ticket: ID | undefined, work: () => Promise<T>, text?: string): Promise<T | undefined> {
  try {
    const answer = await work()
    void policiesChanged()
    if (ticket) settle(ticket)
    if (text) say(text)
    return answer
  } catch (error) {
    complain(error)
    return undefined
  }
}
const at = (id: ID) => ({ params: { path: { id } } })

export const acknowledgeClock = (ticket: ID, c: SLAClock): Promise<Clocks | undefined> => about(ticket, () => data(api.POST('/tickets/{id}/sla/acknowledge', { ...at(ticket), body: named(c) })), t('said.clock.acknowledged'))
export const extend = (ticket: ID, body: Body<'/tickets/{id}/sla/extension'>) => about(ticket, () => data(api.POST('/tickets/{id}/sla/extension', { ...at(ticket), body })), t('said.extension.asked'))
export const decideExtension = (x: Pick<SLAExtension, 'id' | 'ticket_id'>, approve: boolean, note: string) => about(x.ticket_id, () => data(api.POST('/sla/extensions/{id}/decision', { ...at(x.id), body: { approve, ...(note ? { note } : {}) } })), t(approve ? 'said.extension.approved' : 'said.extension.refused'))
export const superviseTicket = (ticket: ID, body: Body<'/tickets/{id}/sla/supervise'>) => about(ticket, () => data(api.POST('/tickets/{id}/sla/supervise', { ...at(ticket), body })), t('said.supervised'))
export const replyOrder = (x: Pick<Supervision, 'id' | 'ticket_id'>, words: string) => about(x.ticket_id, () => data(api.POST('/sla/supervisions/{id}/reply', { ...at(x.id), body: { words } })), t('said.order.answered'))
export const explain = (ticket: ID, c: SLAClock, reason: Body<'/tickets/{id}/sla/breach-reason'>['reason']) => about(ticket, () => data(api.POST('/tickets/{id}/sla/breach-reason', { ...at(ticket), body: { ...named(c), round: c.round, reason } })), t('said.breach.explained'))
export const hurry = (ticket: ID, how: 'urge' | 'chase') => about(ticket, () => data(api.POST(`/tickets/{id}/sla/${how}` as '/tickets/{id}/sla/urge', { ...at(ticket), body: {} })), t(how === 'urge' ? 'said.urged' : 'said.chased'))
