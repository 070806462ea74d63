import { appActions } from './app'
import type { Action } from './action'
import { ticketActions } from './ticket'
import { judgeActions, triageActions } from './triage'

/** The first that is allowed answers to a key: in its own view triage comes first. */
export const actions: Action[] = [...triageActions, ...ticketActions, ...judgeActions, ...appActions]
const byID = new Map(actions.map((a) => [a.id, a]))

export function action(id: string): Action {
  const found = byID.get(id)
  if (!found) throw new Error(`no action ${id}`)
  return found
}
