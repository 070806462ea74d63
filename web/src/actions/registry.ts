import { appActions } from './app'
import type { Action } from './action'
import { ticketActions } from './ticket'

export const actions: Action[] = [...ticketActions, ...appActions]
const byID = new Map(actions.map((a) => [a.id, a]))

export function action(id: string): Action {
  const found = byID.get(id)
  if (!found) throw new Error(`no action ${id}`)
  return found
}
