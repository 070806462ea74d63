// Notifications: the bell, what it rings for, how one wants to be told, and the
// ways on which a company tells.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export type Notice = Answer<'/notifications'>['items'][number]
export type NoticePrefs = Omit<Answer<'/me/notifications'>, '$schema'>
export type NoticeEvent = Answer<'/notifications/events'>['events'][number]
export type Channel = Omit<Answer<'/notify/channels/{key}'>, '$schema'>
export type ChannelKind = Answer<'/notify/channels'>['kinds'][number]
export type ChannelField = ChannelKind['fields'][number]
export type NoticeTemplate = Answer<'/notify/templates'>['items'][number]
export type Delivery = Answer<'/notify/deliveries'>['items'][number]
export type DeliveryState = 'waiting' | 'held' | 'sending' | 'sent' | 'failed' | 'dropped'

const more = { initialPageParam: '', getNextPageParam: (page: { next_cursor?: string }) => page.next_cursor || undefined }
const cursor = (c: string) => (c ? { cursor: c } : {})

export const countQuery = queryOptions({ queryKey: keys.notices('count'), queryFn: ({ signal }) => data(api.GET('/notifications/count', { signal })), staleTime: 30_000, retry: false, refetchInterval: 120_000 })
export const noticesQuery = (unread: boolean) => infiniteQueryOptions({
  ...more, queryKey: keys.notices('list', unread), staleTime: 10_000, retry: false,
  queryFn: ({ pageParam, signal }) => data(api.GET('/notifications', { params: { query: { limit: 50, ...(unread ? { unread: true } : {}), ...cursor(pageParam) } }, signal })),
})
export const prefsQuery = queryOptions({ queryKey: ['me', 'notifications'], queryFn: ({ signal }) => data(api.GET('/me/notifications', { signal })), staleTime: 5 * 60_000, retry: false })
export const eventsQuery = queryOptions({ queryKey: ['notify', 'events'], queryFn: ({ signal }) => data(api.GET('/notifications/events', { signal })), staleTime: Infinity, retry: false })
export const channelsQuery = queryOptions({ queryKey: ['notify', 'channels'], queryFn: ({ signal }) => data(api.GET('/notify/channels', { signal })), retry: false })
export const templatesQuery = queryOptions({ queryKey: ['notify', 'templates'], queryFn: ({ signal }) => data(api.GET('/notify/templates', { signal })), retry: false })
export const deliveriesQuery = (state: DeliveryState | '', channel: string) => infiniteQueryOptions({
  ...more, queryKey: ['notify', 'deliveries', state, channel], retry: false,
  queryFn: ({ pageParam, signal }) => data(api.GET('/notify/deliveries', { params: { query: { limit: 50, ...(state ? { state } : {}), ...(channel ? { channel } : {}), ...cursor(pageParam) } }, signal })),
})

const again = () => void queries.invalidateQueries({ queryKey: keys.notices() })

export async function markRead(ids: ID[] | 'all'): Promise<void> {
  try {
    await data(api.POST('/notifications/read', { body: ids === 'all' ? { all: true } : { ids } }))
  } catch (error) {
    complain(error)
  }
  again()
}

/** What the server only says is not sent back. */
const sent = ({ channels: _, browsers: __, web_push_key: ___, version: ____, ...p }: NoticePrefs & { $schema?: string }): NoticePrefs => {
  const { $schema: _____, ...rest } = p
  return rest
}

export async function savePrefs(next: NoticePrefs, before: NoticePrefs, silent = false): Promise<boolean> {
  queries.setQueryData(prefsQuery.queryKey, next)
  try {
    const now = await data(api.PUT('/me/notifications', { body: sent(next), headers: next.version === undefined ? {} : ifMatch(next.version) }))
    queries.setQueryData(prefsQuery.queryKey, now)
    if (!silent) say(t('common.saved'), { undo: () => savePrefs({ ...before, version: now.version }, next, true) })
    return true
  } catch (error) {
    queries.setQueryData(prefsQuery.queryKey, before)
    void queries.invalidateQueries({ queryKey: prefsQuery.queryKey })
    complain(error)
    return false
  }
}

export async function saveChannel(key: string, channel: Channel): Promise<boolean> {
  const { key: _, secrets_set: __, version, ...body } = channel
  try {
    await data(api.PUT('/notify/channels/{key}', { params: { path: { key } }, body: body as Channel, headers: version === undefined ? {} : ifMatch(version) }))
    await queries.invalidateQueries({ queryKey: channelsQuery.queryKey })
    say(t('common.saved'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export const testChannel = (key: string, to: string) => data(api.POST('/notify/channels/{key}/test', { params: { path: { key } }, body: to ? { to } : {} }))

export async function saveTemplate(template: NoticeTemplate, before?: NoticeTemplate): Promise<boolean> {
  const body = ({ event, locale, title, text, version }: NoticeTemplate) => ({ event, locale, title, text, ...(version === undefined ? {} : { version }) })
  try {
    await data(api.PUT('/notify/templates', { body: body(template) as NoticeTemplate }))
    await queries.invalidateQueries({ queryKey: templatesQuery.queryKey })
    say(t('common.saved'), before ? { undo: () => saveTemplate({ ...template, title: before.title, text: before.text, version: undefined }) } : {})
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export async function retryDelivery(id: ID): Promise<void> {
  try {
    await data(api.POST('/notify/deliveries/{id}/retry', { params: { path: { id } } }))
    say(t('delivery.said.retry'))
  } catch (error) {
    complain(error)
  }
  void queries.invalidateQueries({ queryKey: ['notify', 'deliveries'] })
}
