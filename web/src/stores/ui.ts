// What is open on the screen.
import type { Attachment, ID } from '~/api/types'
import { createStore } from './store'

export type PickerName = 'status' | 'priority' | 'assign' | 'type' | 'tags' | 'snooze' | 'category' | 'decide' | 'clock'
export type PanelName = 'resolve' | 'transfer' | 'return' | 'ruling' | 'lift' | 'assisted' | 'merge' | 'split' | 'link' | 'parent' | 'people' | 'matters' | 'children' | 'extend' | 'supervise'
export interface UI {
  /** The one box: commands first, or what is searched for first. */
  palette?: 'commands' | 'search'
  /** The row of the table that is looked at without opening it. */
  preview?: boolean
  keys: boolean
  picker?: PickerName
  panel?: PanelName
  side: boolean
  /** The list of one's own agent states. */
  state?: boolean
  /** Why this agent: on the ticket that is open. */
  whyAgent?: boolean
  bell?: boolean
  /** The offer whose refusal is being explained. */
  decline?: ID
  /** Asks the composer to take the focus; a number so that asking twice counts. */
  compose?: { kind: 'reply' | 'note'; n: number }
}

export const ui = createStore<UI>({ keys: false, side: false })
/** A panel and the composer stand where the sheet of the side would cover them. */
export const show = (change: Partial<UI>): void => ui.set((old) => ({ ...old, ...(change.panel || change.compose ? { side: false } : {}), ...change }))

/** Pictures one looks at large. */
export const lightbox = createStore<{ images: Pick<Attachment, 'id' | 'name' | 'url'>[]; at: ID } | undefined>(undefined)

/** What the conversation shows. */
export type Shown = 'all' | 'messages' | 'notes' | 'activity'
export const shownEntries = createStore<Shown>('all')

/** A text that was on its way and comes back to be written on. */
export interface Retaken { ticket: ID; text: string; html: string; attachments: Attachment[] }
export const retaken = createStore<Retaken | undefined>(undefined)
export const retake = (r: Retaken): void => retaken.set(r)

let asked = 0
export const compose = (kind: 'reply' | 'note'): void => show({ compose: { kind, n: ++asked } })

/** The list on screen, for j, k and o: its tickets open below base, usually the view. In a table the cursor only marks a row. */
export interface Listing { view: string; base?: string; ids: ID[]; cursor?: ID; table?: boolean }
export const listing = createStore<Listing>({ view: '', ids: [] })
export const listBase = (l: Listing = listing.get()): string => l.base ?? `/inbox/${l.view || 'all'}`

/** The one after this in the list, else the one before. */
export function neighbour(id: ID): ID | undefined {
  const { ids } = listing.get()
  const at = ids.indexOf(id)
  return at < 0 ? undefined : (ids[at + 1] ?? ids[at - 1])
}
