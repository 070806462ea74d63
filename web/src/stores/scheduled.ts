// Replies that wait for their time.
import { queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import type { ID, NewMessage, Stamp } from '~/api/types'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { queries } from './query'
import { settle } from './ticket'
import { complain, say } from './toast'

export type Scheduled = Answer<'/tickets/{id}/scheduled'>['items'][number]

export const scheduledQuery = (id: ID) => queryOptions({
  queryKey: keys.tickets.scheduled(id), enabled: id !== '',
  queryFn: ({ signal }) => data(api.GET('/tickets/{id}/scheduled', { params: { path: { id } }, signal })),
})

const at = (stamp: Stamp) => clock(stamp, Date.now())

/** Everything that changes what waits looks at it anew; a refusal is said. */
async function change(ticket: ID, act: () => Promise<unknown>, said?: string, undo?: () => unknown): Promise<boolean> {
  try {
    await act()
    if (said) say(said, { undo })
    return true
  } catch (error) {
    complain(error)
    return false
  } finally {
    void queries.invalidateQueries({ queryKey: keys.tickets.scheduled(ticket) })
    settle(ticket)
  }
}

export const schedule = (ticket: ID, body: NewMessage, due: Stamp): Promise<boolean> =>
  change(ticket, () => data(api.POST('/tickets/{id}/scheduled', { params: { path: { id: ticket } }, body: { ...body, at: due } })), t('said.later', { at: at(due) }))

export const cancelScheduled = (ticket: ID, s: Scheduled, said = true): Promise<boolean> =>
  change(ticket, () => data(api.DELETE('/tickets/{id}/scheduled/{scheduled}', { params: { path: { id: ticket, scheduled: s.id } } })), said ? t('said.later.cancelled') : undefined)

export const sendScheduled = (ticket: ID, s: Scheduled): Promise<boolean> =>
  change(ticket, () => data(api.POST('/tickets/{id}/scheduled/{scheduled}/send', { params: { path: { id: ticket, scheduled: s.id } } })), t('said.sent'))

export const moveScheduled = (ticket: ID, s: Scheduled, due: Stamp): Promise<boolean> =>
  change(ticket, () => data(api.PUT('/tickets/{id}/scheduled/{scheduled}', { params: { path: { id: ticket, scheduled: s.id } }, body: { at: due } })), t('said.later.moved', { at: at(due) }))
