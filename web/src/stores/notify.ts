// Notifications: the bell, what it rings for, and how one wants to be told.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { data } from '~/api/client'
import { keys } from '~/api/keys'
import { pending } from '~/api/pending'
import type { ID, Stamp } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export interface Notice {
  id: ID; event: string; title: string; text?: string; ticket_id?: ID; number?: string
  at: Stamp; read_at?: Stamp; urgent?: boolean
  /** Must be acknowledged by then, or the next person is told. */
  acknowledge_by?: Stamp; acknowledged_at?: Stamp
}
export interface NoticePrefs {
  events: Record<string, Record<string, boolean>>
  quiet?: { from: string; to: string; zone: string; on: boolean }
  digest_minutes?: number
  sound: boolean
  desktop: boolean
}
export interface EventInfo { key: string; urgent?: boolean; channels?: string[] }

export const countQuery = queryOptions({
  queryKey: keys.notices('count'), queryFn: ({ signal }) => data(pending.GET<{ count: number; capped?: boolean }>('/notifications/count', { signal })), staleTime: 30_000, retry: false, refetchInterval: 120_000,
})
export const noticesQuery = (unread: boolean) => infiniteQueryOptions({
  queryKey: keys.notices('list', unread), staleTime: 10_000, retry: false,
  queryFn: ({ pageParam, signal }) => data(pending.GET<{ items: Notice[]; next_cursor?: string }>('/notifications', { params: { query: { limit: 50, ...(unread ? { unread: true } : {}), ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
  initialPageParam: '', getNextPageParam: (page: { next_cursor?: string }) => page.next_cursor || undefined,
})
/** What rings now and wants an answer. */
export const urgentQuery = queryOptions({
  queryKey: keys.notices('urgent'), staleTime: 10_000, retry: false,
  queryFn: async ({ signal }) => (await data(pending.GET<{ items: Notice[] }>('/notifications', { params: { query: { limit: 50, unread: true } }, signal }))).items.filter((n) => n.acknowledge_by && !n.acknowledged_at),
})
export const prefsQuery = queryOptions({ queryKey: keys.notices('prefs'), queryFn: ({ signal }) => data(pending.GET<NoticePrefs>('/me/notifications', { signal })), staleTime: 5 * 60_000, retry: false })
export const eventsQuery = queryOptions({ queryKey: keys.notices('events'), queryFn: ({ signal }) => data(pending.GET<{ events: EventInfo[]; channels: { key: string; on?: boolean }[] }>('/notifications/events', { signal })), staleTime: Infinity, retry: false })

const again = () => void queries.invalidateQueries({ queryKey: keys.notices() })

export async function markRead(ids: ID[] | 'all'): Promise<void> {
  try {
    await data(pending.POST('/notifications/read', { body: ids === 'all' ? { all: true } : { ids } }))
  } catch (error) {
    complain(error)
  }
  again()
}

export async function acknowledgeNotice(n: Notice): Promise<boolean> {
  queries.setQueryData<Notice[]>(urgentQuery.queryKey, (old) => old?.filter((x) => x.id !== n.id))
  try {
    await data(pending.POST('/notifications/{id}/acknowledge', { params: { path: { id: n.id } }, body: {} }))
    say(t('said.acknowledged'))
    return true
  } catch (error) {
    complain(error)
    return false
  } finally {
    again()
    void queries.invalidateQueries({ queryKey: keys.routing('alerts') })
  }
}

export async function savePrefs(next: NoticePrefs, before: NoticePrefs): Promise<boolean> {
  queries.setQueryData(prefsQuery.queryKey, next)
  try {
    queries.setQueryData(prefsQuery.queryKey, await data(pending.PUT<NoticePrefs>('/me/notifications', { body: next })))
    say(t('common.saved'), { undo: () => savePrefs(before, next) })
    return true
  } catch (error) {
    queries.setQueryData(prefsQuery.queryKey, before)
    complain(error)
    return false
  }
}
