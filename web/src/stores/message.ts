// The conversation of a ticket: reading, sending, taking back, drafts.
import { infiniteQueryOptions, queryOptions, type InfiniteData } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import { Problem } from '~/api/problem'
import type { Actor, Attachment, Draft, Entry, ID, Me, Message, NewMessage, Page, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { statusName } from '~/parts/Glyph'
import { queries } from './query'
import { guess, settle } from './ticket'
import { complain, say } from './toast'

export const timelineQuery = (id: ID) =>
  infiniteQueryOptions({
    queryKey: keys.tickets.timeline(id),
    queryFn: ({ pageParam, signal }) => data(api.GET('/tickets/{id}/timeline', { params: { path: { id }, query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (page: Page<Entry>) => page.next_cursor || undefined,
  })

type Timeline = InfiniteData<Page<Entry>, unknown>

/** Pages come newest first, entries inside a page oldest first. */
export const entriesOf = (timeline: Timeline | undefined): Entry[] => timeline?.pages.toReversed().flatMap((p) => p.items) ?? []

export const PENDING = 'pending-'
let sent = 0

/** Shows the message at once, sends it, and offers to take it back while that is possible. Answers why it was refused. */
export async function send(ticket: Ticket, me: Me, body: NewMessage, attachments: Attachment[]): Promise<unknown> {
  const key = keys.tickets.timeline(ticket.id)
  await queries.cancelQueries({ queryKey: key })
  const at = new Date().toISOString()
  const author: Actor = { kind: 'staff', id: me.id, name: me.name }
  const message: Message = { id: `${PENDING}${++sent}`, kind: body.kind, author, channel: ticket.channel, text: body.body ?? '', html: body.html, at, attachments }
  const entry: Entry = { seq: Number.MAX_SAFE_INTEGER - 1000 + sent, at, actor: author, kind: 'message', message }
  change(ticket.id, (items) => [...items, entry])
  const rollback = body.status ? guess(ticket.id, { status: body.status }) : () => undefined
  try {
    const made = await data(api.POST('/tickets/{id}/messages', { params: { path: { id: ticket.id } }, body }))
    change(ticket.id, (items) => items.map((e) => (e === entry || e.message?.id === message.id ? { ...e, message: made } : e)))
    settle(ticket.id)
    void queries.invalidateQueries({ queryKey: keys.tickets.one(ticket.id) })
    if (made.undo_until) {
      const seconds = Math.max(1, (Date.parse(made.undo_until) - Date.now()) / 1000)
      say(body.status ? t('said.sentAs', { status: statusName(body.status) }) : t('said.sent'), { undo: () => withdraw(ticket.id, made.id), seconds })
    }
    return undefined
  } catch (error) {
    change(ticket.id, (items) => items.filter((e) => e.message?.id !== message.id))
    rollback()
    // showing the message stopped what was being read, and put in its place what was known before
    settle(ticket.id)
    // that somebody else has spoken is told above the words that came back
    if (!(error instanceof Problem && error.code === 'message.newer')) complain(error)
    return error
  }
}

/** Applies to the newest page, where new entries belong. */
function change(id: ID, edit: (items: Entry[]) => Entry[]): void {
  queries.setQueryData<Timeline>(keys.tickets.timeline(id), (old) => {
    const [first, ...rest] = old?.pages ?? []
    return old && first ? { ...old, pages: [{ ...first, items: edit(first.items) }, ...rest] } : old
  })
}

export async function withdraw(ticket: ID, message: ID): Promise<void> {
  try {
    await data(api.POST('/tickets/{id}/messages/{message}/withdraw', { params: { path: { id: ticket, message } } }))
    say(t('said.withdrawn'))
  } catch (error) {
    complain(error)
  }
  settle(ticket)
}

export const draftQuery = (id: ID) =>
  queryOptions({
    queryKey: keys.tickets.draft(id),
    queryFn: async (): Promise<Draft | null> => {
      try {
        return (await data(api.GET('/tickets/{id}/draft', { params: { path: { id } } }))) ?? null
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return null
        throw error
      }
    },
    staleTime: Infinity,
  })

const LOCAL = 'zhidan.draft.'

/** What was typed here and perhaps never reached the server. */
export function localDraft(id: ID): Draft | undefined {
  try {
    return (JSON.parse(localStorage.getItem(LOCAL + id) ?? 'null') as Draft | null) ?? undefined
  } catch {
    return undefined
  }
}

export function keepLocal(id: ID, draft: Draft | undefined): void {
  if (draft) localStorage.setItem(LOCAL + id, JSON.stringify({ ...draft, updated_at: new Date().toISOString() }))
  else localStorage.removeItem(LOCAL + id)
}

export async function saveDraft(id: ID, draft: Draft | undefined): Promise<void> {
  if (draft) {
    const saved = await data(api.PUT('/tickets/{id}/draft', { params: { path: { id } }, body: draft }))
    queries.setQueryData(keys.tickets.draft(id), saved ?? draft)
  } else {
    queries.setQueryData(keys.tickets.draft(id), null)
    await data(api.DELETE('/tickets/{id}/draft', { params: { path: { id } } })).catch(() => undefined)
  }
}
