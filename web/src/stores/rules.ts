// Rule sets of assignment: versions, checking, trying, and the simulator.
import { queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer, Body } from '~/api/paths'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import type { Need, RouteDecision } from './routing'
import { complain, say } from './toast'

export type SetInfo = Answer<'/routing/sets'>['items'][number]
export type SetState = SetInfo['state']
export interface Relax { after_seconds: number; drop: 'level' | 'skill' | 'language' | 'region' | 'shift' }
export interface Overflow { after_seconds: number; team_id: ID }
export interface Rule {
  id?: string; name: string; off?: boolean; when?: string; team_id?: ID; department_id?: ID; agent_ids?: ID[]; needs?: Need[]
  language?: boolean; region?: boolean; online?: boolean; shift?: boolean
  strategy?: string; weights?: Record<string, number>; prefer?: string; mode?: string; offer_seconds?: number
  assist_team_ids?: ID[]; assist_at_once?: boolean
  relax?: Relax[]; overflow?: Overflow[]; response?: 'standard' | 'abnormal' | 'serious'; within_minutes?: number; supervisor_ids?: ID[]
  rules?: Rule[]
}
export interface RuleSet { id?: ID; version?: number; name: string; rules: Rule[]; channels?: Record<string, number>; other_channel?: number; capacity?: number; near_tie?: number }
export interface RuleProblem { path: string; code: string; message: string }

export const setsQuery = queryOptions({ queryKey: keys.routing('sets'), queryFn: ({ signal }) => data(api.GET('/routing/sets', { signal })), retry: false })
export const setQuery = (version: number | undefined) => queryOptions({
  queryKey: keys.routing('sets', version), enabled: version !== undefined, retry: false, staleTime: Infinity,
  queryFn: ({ signal }) => data(api.GET('/routing/sets/{version}', { params: { path: { version: version ?? 0 } }, signal })) as Promise<{ set: RuleSet; problems: RuleProblem[] }>,
})
export const factorsQuery = queryOptions({ queryKey: keys.routing('factors'), staleTime: Infinity, retry: false, queryFn: ({ signal }) => data(api.GET('/routing/factors', { signal })) })
export const skillsQuery = queryOptions({ queryKey: ['skills'], staleTime: 5 * 60_000, retry: false, queryFn: ({ signal }) => data(api.GET('/staff/skills', { signal })) })

/** As the wire has it: what the server gives is not sent back. */
const wire = ({ id: _, version: __, ...set }: RuleSet): Body<'/routing/sets'> => {
  const { $schema: ___, ...body } = set as RuleSet & { $schema?: string }
  return body as Body<'/routing/sets'>
}

/** What is wrong with rules, and how many of the newest tickets each would get. */
export interface RuleCheck { problems: RuleProblem[]; matches: { path: string[]; tickets: number }[]; looked_at: number; unwanted: number }
export async function checkRules(set: RuleSet): Promise<RuleCheck> {
  return data(api.POST('/routing/check', { body: wire(set) }))
}

/** What rules would do with a ticket now; nothing is changed. */
export const tryRules = (ticket: ID, set: RuleSet): Promise<RouteDecision> => data(api.POST('/routing/try', { body: { ticket_id: ticket, rules: wire(set) } })) as Promise<RouteDecision>

/** Saving makes a new version: what was, stays. */
export async function saveSet(set: RuleSet): Promise<number | undefined> {
  try {
    const made = await data(api.POST('/routing/sets', { body: wire(set) }))
    await queries.invalidateQueries({ queryKey: keys.routing('sets'), exact: true })
    say(t('rules.said.saved', { n: made.version }))
    return made.version
  } catch (error) {
    complain(error)
    return undefined
  }
}

/** Switches a version on; the way back switches on the one that was. */
export async function setState(version: number, state: 'active' | 'shadow' | 'draft', before?: number): Promise<boolean> {
  try {
    await data(api.POST('/routing/sets/{version}/state', { params: { path: { version } }, body: { state } }))
    await queries.invalidateQueries({ queryKey: keys.routing('sets') })
    say(t(`rules.said.${state}`, { n: version }), state === 'active' && before !== undefined && before !== version ? { undo: () => setState(before, 'active') } : {})
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export type Simulation = Omit<Answer<'/routing/simulations/{id}'>, '$schema'>
/** What one way of giving tickets away made of the past. */
export type Outcome = NonNullable<Simulation['result']>['current']
const busy = (s: Simulation): boolean => s.state === 'running' || s.state === 'waiting'
export const simulationsQuery = queryOptions({
  queryKey: keys.routing('simulations'), retry: false, queryFn: ({ signal }) => data(api.GET('/routing/simulations', { signal })),
  refetchInterval: (q): number | false => (q.state.data?.items.some(busy) ? 1000 : false),
})
export const simulationQuery = (id: ID) => queryOptions({
  queryKey: keys.routing('simulations', id), retry: false, enabled: id !== '', queryFn: ({ signal }) => data(api.GET('/routing/simulations/{id}', { params: { path: { id } }, signal })),
  refetchInterval: (q): number | false => (q.state.data && busy(q.state.data) ? 700 : false),
})
export async function simulate(version: number, days: number): Promise<ID | undefined> {
  try {
    const made = await data(api.POST('/routing/simulations', { body: { version, days } }))
    void queries.invalidateQueries({ queryKey: keys.routing('simulations') })
    return made.id
  } catch (error) {
    complain(error)
    return undefined
  }
}
export async function cancelSimulation(id: ID): Promise<void> {
  await data(api.DELETE('/routing/simulations/{id}', { params: { path: { id } } })).catch(complain)
  void queries.invalidateQueries({ queryKey: keys.routing('simulations') })
}
export { busy as simulating }
