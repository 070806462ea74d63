// What can be done, as data: buttons, menus, the palette and the keys all use it.
import type { ID, Me, Ticket } from '~/api/types'
import { keys } from '~/api/keys'
import type { Key } from '~/i18n'
import type { IconName } from '~/parts/Icon'
import { selection } from '~/stores/bulk'
import { queries } from '~/stores/query'
import { known } from '~/stores/ticket'
import { listing } from '~/stores/ui'

export interface Context {
  /** The tickets that an act concerns: the selection, otherwise the one that is open. */
  ids: ID[]
  ticket?: Ticket
  selected: boolean
  me?: Me
  go(to: string): void
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
}

let navigate: (to: string) => void = () => undefined
export function useNavigation(go: (to: string) => void): void {
  navigate = go
}

export function context(): Context {
  const chosen = [...selection.get()]
  const open = listing.get().cursor
  const ids = chosen.length ? chosen : open ? [open] : []
  return { ids, selected: chosen.length > 0, ticket: open && !chosen.length ? known(open) : undefined, me: queries.getQueryData<Me>(keys.me), go: (to) => navigate(to) }
}

export function allowed(action: Action, ctx: Context): boolean {
  if ((action.group === 'ticket' || action.group === 'triage') && ctx.ids.length === 0) return false
  if (action.needs && ctx.ticket?.actions && !ctx.ticket.actions.includes(action.needs)) return false
  return action.when?.(ctx) ?? true
}

export function perform(action: Action): void {
  const ctx = context()
  if (allowed(action, ctx)) action.perform(ctx)
}
