// How far one has read, for the marks in the lists.
import { api, data } from '~/api/client'
import type { ID, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { guess } from './ticket'
import { complain, say } from './toast'

const MOMENT = 700
const read = new Map<ID, ID>()

/** The newest message is on the screen: after a moment of looking it counts as read. Returns how to leave before that. */
export function markRead(ticket: Ticket, message: ID | undefined): () => void {
  if (!message || (read.get(ticket.id) === message && !ticket.unread)) return () => undefined
  const look = () => {
    if (document.visibilityState === 'hidden') return
    read.set(ticket.id, message)
    if (ticket.unread) guess(ticket.id, { unread: false, mentioned: false })
    data(api.POST('/tickets/{id}/read', { params: { path: { id: ticket.id } }, body: { message_id: message }, headers: { 'X-Zhidan-Background': '1' } })).catch(() => read.delete(ticket.id))
  }
  const timer = setTimeout(look, MOMENT)
  document.addEventListener('visibilitychange', look)
  return () => { clearTimeout(timer); document.removeEventListener('visibilitychange', look) }
}

/** Puts it back among what waits to be read. */
export async function markUnread(ticket: Ticket): Promise<void> {
  try {
    await data(api.POST('/tickets/{id}/read', { params: { path: { id: ticket.id } }, body: { unread: true } }))
    say(t('said.unread'))
  } catch (error) {
    complain(error)
  }
}
