import type { SLAClock, Ticket } from '~/api/types'

/** What can be done about a clock. */
export function ClockActs(_: { ticket: Ticket; clock: SLAClock; close: () => void }) {
  return null
}
