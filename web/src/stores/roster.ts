// Agent states 坐席状态: one's own, and those of the people one leads.
import { queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import type { ID, Stamp } from '~/api/types'
import { t, type Key } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export type AgentState = Omit<Answer<'/me/state'>, '$schema'>
export type StateName = AgentState['state']
export const states: StateName[] = ['online', 'busy', 'break', 'meal', 'training', 'after_call', 'offline']

export const stateName = (s: string): string => t(`state.${s}` as Key)

export const myStateQuery = queryOptions({
  queryKey: keys.roster('state'),
  queryFn: ({ signal }) => data(api.GET('/me/state', { signal })),
  staleTime: 60_000,
  retry: false,
})

/** Shows the new state at once; a refusal brings the former one back. */
export async function setMyState(state: StateName, until?: Stamp): Promise<boolean> {
  const key = myStateQuery.queryKey
  await queries.cancelQueries({ queryKey: key })
  const before = queries.getQueryData<AgentState>(key)
  queries.setQueryData<AgentState>(key, (old) => old && ({ ...old, state, since: new Date().toISOString(), until, forced: false, by_id: undefined }))
  try {
    queries.setQueryData(key, await data(api.PUT('/me/state', { body: { state, ...(until ? { until } : {}) } })))
    const back = before?.state
    say(t('said.state', { state: stateName(state) }), back && back !== state ? { undo: () => setMyState(back) } : {})
    return true
  } catch (error) {
    queries.setQueryData(key, before)
    complain(error)
    return false
  }
}

/** A supervisor's word: it stands until the agent or a supervisor changes it. */
export async function forceState(id: ID, state: StateName, reason: string): Promise<boolean> {
  try {
    await data(api.PUT('/agents/{id}/state', { params: { path: { id } }, body: { state, ...(reason ? { reason } : {}) } }))
    void queries.invalidateQueries({ queryKey: keys.routing('agents') })
    void queries.invalidateQueries({ queryKey: keys.roster('states') })
    say(t('said.forced', { state: stateName(state) }))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}
