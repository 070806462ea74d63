// What can be done, as data: buttons, menus, the palette and the keys all use it.
import type { ID, Me, Ticket } from '~/api/types'
import { keys } from '~/api/keys'
import type { Key } from '~/i18n'
import type { IconName } from '~/parts/Icon'
import { selection } from '~/stores/bulk'
import { queries } from '~/stores/query'
import { known } from '~/stores/ticket'
import { listBase, listing } from '~/stores/ui'

export interface Context {
  /** The tickets that an act concerns: the selection, otherwise the one that is open. */
  ids: ID[]
  ticket?: Ticket
  selected: boolean
  me?: Me
  /** What the address says beside the path stays, unless it is given. */
  go(to: string, search?: Record<string, string>): void
}

export interface Action {
  id: string
  name: Key
  group: 'app' | 'go' | 'list' | 'ticket' | 'triage'
  icon?: IconName
  /** "e", "Mod+k", or two strokes "g i". */
  keys?: string
  /** Name of the server's action that must be allowed. */
  needs?: string
  when?(ctx: Context): boolean
  perform(ctx: Context): unknown
  /** Only a key or a menu: not worth a line in the palette. */
  silent?: boolean
  /** Also in the menu of a row. */
  row?: boolean
  /** Shows something on the ticket's own screen, which opens first. */
  opens?: boolean
}

let navigate: Context['go'] = () => undefined
export function useNavigation(go: Context['go']): void {
  navigate = go
}

export function context(): Context {
  const chosen = [...selection.get()]
  const open = listing.get().cursor
  const ids = chosen.length ? chosen : open ? [open] : []
  return { ids, selected: chosen.length > 0, ticket: open && !chosen.length ? known(open) : undefined, me: queries.getQueryData<Me>(keys.me), go: (to, search) => navigate(to, search) }
}

/** The same for one row, which need not be open; for a chosen row all that are chosen. */
export function contextOf(id: ID): Context {
  const ctx = context()
  return selection.get().has(id) ? ctx : { ...ctx, ids: [id], selected: false, ticket: known(id) }
}

const shown = (id: ID): boolean => document.querySelector(`[data-ticket="${id}"]`) !== null

/** Carries an action out; one that shows itself on a ticket opens that ticket first. */
export function run(action: Action, ctx: Context): unknown {
  const id = ctx.ids[0]
  if (!action.opens || ctx.selected || !id || shown(id)) return action.perform(ctx)
  ctx.go(`${listBase()}/${id}`)
  const until = Date.now() + 5000
  const look = () => (shown(id) ? action.perform(contextOf(id)) : Date.now() < until && setTimeout(look, 30))
  return look()
}

export function allowed(action: Action, ctx: Context): boolean {
  if ((action.group === 'ticket' || action.group === 'triage') && ctx.ids.length === 0) return false
  if (action.needs && ctx.ticket?.actions && !ctx.ticket.actions.includes(action.needs)) return false
  return action.when?.(ctx) ?? true
}

export function perform(action: Action): void {
  const ctx = context()
  if (allowed(action, ctx)) run(action, ctx)
}
