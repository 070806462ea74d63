// Many tickets at once: selection, the running order and its progress.
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Bulk, ID } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { createStore } from './store'
import { undoServer } from './ticket'
import { complain, say } from './toast'

export const selection = createStore<ReadonlySet<ID>>(new Set())
export const running = createStore<Bulk | undefined>(undefined)

export function toggle(id: ID): void {
  selection.set((old) => {
    const next = new Set(old)
    if (!next.delete(id)) next.add(id)
    return next
  })
}

export const clearSelection = (): void => selection.set((old) => (old.size ? new Set() : old))

/** Starts the order and follows it; the reader may go elsewhere meanwhile. */
export async function bulk(action: string, input: Record<string, unknown>, ids: ID[]): Promise<void> {
  try {
    let order = await data(api.POST('/bulk', { body: { action, input, ids } }))
    running.set(order)
    clearSelection()
    for (let pause = 150; order.state === 'running'; pause = Math.min(2000, pause * 1.5)) {
      await new Promise((r) => setTimeout(r, pause))
      order = await data(api.GET('/bulk/{id}', { params: { path: { id: order.id } } }))
      running.set(order)
    }
    await queries.invalidateQueries({ queryKey: keys.tickets.all })
    void queries.invalidateQueries({ queryKey: keys.views.counts })
    const undo = order.undo
    const text = order.failed ? t('bulk.partly', { done: order.done - order.failed, failed: order.failed }) : t('bulk.done', { n: order.done })
    say(text, { bad: order.failed > 0 && order.failed === order.done, undo: undo ? () => undoServer(undo) : undefined })
  } catch (error) {
    complain(error)
  } finally {
    running.set(undefined)
  }
}

export async function cancelBulk(id: ID): Promise<void> {
  await data(api.POST('/bulk/{id}/cancel', { params: { path: { id } } })).catch(complain)
}
