// The figures of a day, and the tickets behind each of them.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, BASE, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import type { ID } from '~/api/types'
import { queries } from './query'

export type Board = Omit<Answer<'/report/today'>, '$schema'>
export type Figure = Board['figures'][number]
export type FigureKey = Figure['key']
export type BoardLine = Board['departments'][number]
export type BoardHour = Board['hours'][number]
export type BoardAge = Board['ages'][number]

/** What is asked of a day: what is absent does not matter. */
export interface Question { day?: string; compare?: string; department?: ID; team?: ID; agent?: ID; channel?: string; type?: string; without?: 'department' | 'agent'; /** 18:00: as of this time of the day. */ until?: string }
/** Whose tickets are to be shown. */
export interface Behind extends Question { figure: FigureKey; hour?: string; age?: BoardAge['key'] }

export const boardQuery = (q: Question) => queryOptions({
  queryKey: keys.report('today', q),
  queryFn: ({ signal }) => data(api.GET('/report/today', { params: { query: q }, signal })) as Promise<Board>,
  placeholderData: keepPreviousData,
  // what is told by push is read at once; this only lets the backlog grow older
  refetchInterval: 60_000,
  refetchOnWindowFocus: true,
})

export const behindQuery = (b: Behind) => infiniteQueryOptions({
  queryKey: keys.report('tickets', b),
  queryFn: ({ pageParam, signal }) => data(api.GET('/report/today/tickets', { params: { query: { ...b, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
  initialPageParam: '',
  getNextPageParam: (last) => last.next_cursor || undefined,
})

export const exportURL = (q: Question, format: 'xlsx' | 'csv', table?: string): string =>
  `${BASE}/report/today/export?${new URLSearchParams({ ...(q as Record<string, string>), format, ...(table ? { table } : {}) })}`

const PAUSE = 5000
let read = 0
let due: ReturnType<typeof setTimeout> | undefined

/** Something was counted. A board reads again soon, and no more often than every five seconds however much happens. */
export function reportChanged(): void {
  due ??= setTimeout(() => {
    due = undefined
    read = Date.now()
    // a page that nobody sees reads when it is looked at again
    void queries.invalidateQueries({ queryKey: keys.report('today'), refetchType: document.visibilityState === 'hidden' ? 'none' : 'active' })
  }, Math.max(200, read + PAUSE - Date.now()) + Math.random() * 300)
}
