// Many tickets at once: selection, the running order and its progress.
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Bulk, ID } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { createStore } from './store'
import { place, settle } from './ticket'
import { complain, say } from './toast'

export const selection = createStore<ReadonlySet<ID>>(new Set())
/** Set when not the chosen rows are meant but all that the list's condition names. */
export const wide = createStore<{ filter?: string; q?: string; view_id?: ID } | undefined>(undefined)
export const running = createStore<Bulk | undefined>(undefined)

let anchor: ID | undefined

export function toggle(id: ID): void {
  wide.set(undefined)
  anchor = id
  selection.set((old) => {
    const next = new Set(old)
    if (!next.delete(id)) next.add(id)
    return next
  })
}

/** From the one that was touched last to this one, both included. */
export function stretch(id: ID, order: ID[]): void {
  const from = anchor ? order.indexOf(anchor) : -1
  const to = order.indexOf(id)
  if (from < 0 || to < 0) return toggle(id)
  wide.set(undefined)
  selection.set((old) => new Set([...old, ...order.slice(Math.min(from, to), Math.max(from, to) + 1)]))
  anchor = id
}

export function clearSelection(): void {
  wide.set(undefined)
  selection.set((old) => (old.size ? new Set() : old))
}

/** Shows how far an order is until it has ended. */
async function follow(order: Bulk): Promise<Bulk> {
  running.set(order)
  for (let pause = 150; order.state === 'running'; pause = Math.min(2000, pause * 1.5)) {
    await new Promise((r) => setTimeout(r, pause))
    order = await data(api.GET('/bulk/{id}', { params: { path: { id: order.id } } }))
    running.set(order)
  }
  return order
}

/** Follows an order that was begun elsewhere. */
export async function bulkFollow(order: Bulk): Promise<Bulk> {
  try {
    return await follow(order)
  } finally {
    running.set(undefined)
  }
}

/** Takes back a merge, a split or a bulk order; the last runs as an order of its own. */
export async function takeBack(undo: ID): Promise<void> {
  try {
    const answer = await data(api.POST('/undo/{id}', { params: { path: { id: undo } } }))
    for (const ticket of answer.tickets) {
      place(ticket)
      settle(ticket.id)
    }
    if (answer.bulk_id) await follow(await data(api.GET('/bulk/{id}', { params: { path: { id: answer.bulk_id } } })))
    await queries.invalidateQueries({ queryKey: keys.tickets.all })
    void queries.invalidateQueries({ queryKey: keys.views.counts })
    say(t('common.undone'))
  } catch (error) {
    complain(error)
  } finally {
    running.set(undefined)
  }
}

/** Starts the order and follows it; the reader may go elsewhere meanwhile. */
export async function bulk(action: string, input: Record<string, unknown>, ids: ID[]): Promise<void> {
  try {
    const begun = await data(api.POST('/bulk', { body: { action, input, ...(wide.get() ?? { ids }) } }))
    clearSelection()
    const order = await follow(begun)
    await queries.invalidateQueries({ queryKey: keys.tickets.all })
    void queries.invalidateQueries({ queryKey: keys.views.counts })
    const undo = order.undo_id
    const text = order.failed ? t('bulk.partly', { done: order.done - order.failed, failed: order.failed }) : t('bulk.done', { n: order.done })
    say(text, { bad: order.failed > 0 && order.failed === order.done, undo: undo ? () => takeBack(undo) : undefined })
  } catch (error) {
    complain(error)
  } finally {
    running.set(undefined)
  }
}

export async function cancelBulk(id: ID): Promise<void> {
  await data(api.POST('/bulk/{id}/cancel', { params: { path: { id } } })).catch(complain)
}
