// What an administrator looks after: the trail of what was done, and what could
// not be taken in.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, BASE, data } from '~/api/client'
import type { Answer } from '~/api/paths'
import type { ID } from '~/api/types'
import { problemText } from '~/api/problem'
import { t } from '~/i18n'
import { queries } from './query'
import { say } from './toast'

export type Deed = Answer<'/audit'>['items'][number]
export interface DeedFilter { actor: ID; kind: string; from: string; to: string; subject: ID }

const asked = (f: DeedFilter): Record<string, string> => ({
  ...(f.actor ? { actor_id: f.actor } : {}), ...(f.kind ? { kind: f.kind } : {}), ...(f.subject ? { subject_id: f.subject } : {}),
  // the days of the reader
  ...(f.from ? { from: new Date(`${f.from}T00:00:00`).toISOString() } : {}), ...(f.to ? { to: new Date(new Date(`${f.to}T00:00:00`).getTime() + 86_400_000).toISOString() } : {}),
})

export const deedsQuery = (f: DeedFilter) => infiniteQueryOptions({
  queryKey: ['audit', f], initialPageParam: '', getNextPageParam: (p: Answer<'/audit'>) => p.next_cursor || undefined,
  queryFn: ({ pageParam, signal }) => data(api.GET('/audit', { params: { query: { limit: 50, ...asked(f), ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
})
export const deedsFile = (f: DeedFilter): string => `${BASE}/audit.csv?${new URLSearchParams(asked(f)).toString()}`

export type Held = Answer<'/quarantine'>['items'][number]
export const heldQuery = infiniteQueryOptions({
  queryKey: ['quarantine'], initialPageParam: '', getNextPageParam: (p: Answer<'/quarantine'>) => p.next_cursor || undefined, refetchInterval: 30_000,
  queryFn: ({ pageParam, signal }) => data(api.GET('/quarantine', { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
})
export const heldOneQuery = (id: ID) => queryOptions({ queryKey: ['held', id], retry: false, staleTime: Infinity, queryFn: ({ signal }) => data(api.GET('/quarantine/{id}', { params: { path: { id } }, signal })) })
export const heldFile = (id: ID): string => `${BASE}/quarantine/${id}/raw`

/** Does the same to many; what the server refuses stays, and the first reason is said. */
export async function settleHeld(ids: ID[], how: 'retry' | 'discard'): Promise<void> {
  let done = 0
  let first: unknown
  for (const id of ids) {
    try {
      await data(how === 'retry' ? api.POST('/quarantine/{id}/retry', { params: { path: { id } } }) : api.DELETE('/quarantine/{id}', { params: { path: { id } } }))
      done++
    } catch (error) {
      first ??= error
    }
  }
  await queries.invalidateQueries({ queryKey: ['quarantine'] })
  if (first) say(t('held.some', { done, left: ids.length - done, why: problemText(first) }), { bad: true, seconds: 8 })
  else say(t(`held.${how}.said`, { n: done }))
}

export type SystemState = Answer<'/system'>
export const systemQuery = queryOptions({ queryKey: ['system'], refetchInterval: 5000, retry: false, queryFn: ({ signal }) => data(api.GET('/system', { signal })) })
export type ParkedJob = Answer<'/jobs/parked'>['items'][number]
export const parkedQuery = queryOptions({ queryKey: ['system', 'parked'], refetchInterval: 10_000, retry: false, queryFn: ({ signal }) => data(api.GET('/jobs/parked', { params: { query: { limit: 100 } }, signal })) })

export async function settleJob(id: ID, how: 'retry' | 'skip'): Promise<void> {
  try {
    await data(how === 'retry' ? api.POST('/jobs/parked/{id}/retry', { params: { path: { id } } }) : api.POST('/jobs/parked/{id}/skip', { params: { path: { id } } }))
    say(t(`sys.${how}.said`))
  } catch (error) {
    say(problemText(error), { bad: true, seconds: 8 })
  }
  await queries.invalidateQueries({ queryKey: ['system'] })
}
