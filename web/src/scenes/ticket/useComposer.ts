import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Problem } from '~/api/problem'
import type { Attachment, Draft, ID, Message, NewMessage, Stamp, Ticket } from '~/api/types'
import { draftQuery, entriesOf, keepLocal, localDraft, PENDING, saveDraft, send, timelineQuery } from '~/stores/message'
import { schedule } from '~/stores/scheduled'
import { writing, written } from '~/stores/viewing'
import { useMe } from '~/stores/session'
import { queries } from '~/stores/query'
import { useStore } from '~/stores/store'
import { retaken, show, ui } from '~/stores/ui'
import { asHTML } from './PlainField'
import { mentionedIn, type Mentionable } from './suggest'
import { useFiles } from './useFiles'
import { useSuggest } from './useSuggest'

export type SendStatus = NonNullable<NewMessage['status']>
export type Kind = 'reply' | 'note'
export interface Content { text: string; html: string }
/** What the plain field and the editor both offer. */
export interface Writer {
  focus(): void
  /** Puts plain text at the cursor. */
  insert(text: string): void
  set(content: Content): void
  /** The words of the line up to the cursor. */
  before(): string
  /** Puts plain text in the place of the last n characters before the cursor. */
  replace(n: number, text: string): void
}

const empty: Content = { text: '', html: '' }
const formatted = (html: string): boolean => /<(strong|em|u|s|code|ul|ol|blockquote|pre|h\d|a)\b/i.test(html)

/** The state of writing on one ticket: kind, content, files, draft, sending. */
export function useComposer(ticket: Ticket) {
  const me = useMe()
  const stored = useQuery(draftQuery(ticket.id))
  const [kind, setKind] = useState<Kind>('reply')
  const [content, setContent] = useState<Content>(empty)
  const [draft, setDraft] = useState<'none' | 'typing' | 'saved' | 'local'>('none')
  const [savedAt, setSavedAt] = useState<Stamp>()
  const mentions = useRef<Mentionable[]>([])
  const files = useFiles()
  const writer = useRef<Writer>(null)
  const touched = useRef(false)
  const look = useRef<() => void>(() => undefined)
  const now = useRef({ kind, content })
  now.current = { kind, content }

  // a team that only assists has notes and no replies
  const notesOnly = ticket.status !== 'closed' && !!ticket.actions?.includes('note') && !ticket.actions.includes('reply')
  useEffect(() => { if (notesOnly && !touched.current) setKind('note') }, [notesOnly])

  const put = useCallback((next: Content) => {
    setContent(next)
    writer.current?.set(next)
  }, [])

  const timeline = useInfiniteQuery(timelineQuery(ticket.id))
  const messages = useMemo(() => entriesOf(timeline.data).flatMap((e) => (e.message && !e.message.id.startsWith(PENDING) ? [e.message] : [])), [timeline.data])
  const last = useRef<Message>(undefined)
  last.current = messages.at(-1)
  // the newest message when the writing began: what comes after it is told before sending
  const [seen, setSeen] = useState<ID>()
  const begun = content.text.trim() !== ''
  useEffect(() => setSeen(begun ? (old) => old ?? last.current?.id : undefined), [begun])
  const from = seen === undefined ? -1 : messages.findIndex((m) => m.id === seen)
  const fresh = from < 0 ? undefined : messages.slice(from + 1).findLast((m) => m.kind !== 'note' && m.author.id !== me?.id && !m.withdrawn)
  const [held, setHeld] = useState(false)

  // the newer of what the server holds and what only this machine holds
  useEffect(() => {
    if (touched.current || stored.isPending) return
    const local = localDraft(ticket.id)
    const server = stored.data ?? undefined
    const newest = [local, server].filter((d): d is Draft => !!d && d.text.trim() !== '').sort((a, b) => (b.updated_at ?? '').localeCompare(a.updated_at ?? ''))[0]
    if (!newest) return
    setKind(newest.kind)
    put({ text: newest.text, html: newest.html ?? '' })
    setDraft('saved')
    setSavedAt(newest.updated_at)
    // what came since it was put down is news to who takes it up again
    const before = entriesOf(queries.getQueryData(timelineQuery(ticket.id).queryKey)).flatMap((e) => (e.message && e.message.at <= (newest.updated_at ?? '') ? [e.message.id] : []))
    if (before.length) setSeen(before.at(-1))
  }, [stored.isPending, stored.data, ticket.id, put])

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const save = useCallback(async () => {
    clearTimeout(timer.current)
    timer.current = undefined
    const { kind: k, content: c } = now.current
    const value = c.text.trim() ? { kind: k, ...c } : undefined
    try {
      await saveDraft(ticket.id, value)
      keepLocal(ticket.id, undefined)
      setDraft(value ? 'saved' : 'none')
      setSavedAt(new Date().toISOString())
    } catch {
      setDraft('local')
    }
  }, [ticket.id])
  // leaving the ticket must not lose the last words
  useEffect(() => () => {
    if (timer.current) void save()
  }, [save])

  const type = useCallback((next: Content) => {
    touched.current = true
    setContent(next)
    setDraft('typing')
    keepLocal(ticket.id, next.text.trim() ? { kind: now.current.kind, ...next } : undefined)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void save(), 900)
    if (next.text.trim()) writing(ticket.id, now.current.kind)
    look.current()
  }, [ticket.id, save])
  // a connection that comes back takes what only this machine holds
  useEffect(() => {
    if (draft !== 'local') return
    const again = () => void save()
    window.addEventListener('online', again)
    const every = setInterval(again, 5_000)
    return () => { window.removeEventListener('online', again); clearInterval(every) }
  }, [draft, save])

  const asked = useStore(ui, (u) => u.compose)
  useEffect(() => {
    if (!asked) return
    setKind(asked.kind)
    writer.current?.focus()
  }, [asked])

  const suggest = useSuggest(ticket.id, writer, kind === 'note', (who) => mentions.current.push(who))
  look.current = suggest.look

  const ready = (begun || files.files.length > 0) && !files.busy && !!me
  const body = (attachments: Attachment[], status?: SendStatus): NewMessage => {
    const named = mentionedIn(content.text, mentions.current)
    return {
      kind, body: content.text.trim(),
      ...(formatted(content.html) ? { html: content.html } : {}),
      ...(attachments.length ? { attachment_ids: attachments.map((a) => a.id) } : {}),
      ...(status && status !== 'solved' ? { status } : {}),
      ...(kind === 'note' && named.mentions.length ? { mentions: named.mentions } : {}),
      ...(kind === 'note' && named.mention_teams.length ? { mention_teams: named.mention_teams } : {}),
    }
  }
  const clear = () => {
    clearTimeout(timer.current)
    timer.current = undefined
    touched.current = true
    put(empty)
    files.set([])
    setDraft('none')
    setHeld(false)
    suggest.close()
  }
  const done = () => {
    keepLocal(ticket.id, undefined)
    void saveDraft(ticket.id, undefined)
    written(ticket.id)
    mentions.current = []
  }
  const submit = async (status?: SendStatus, anyway = false) => {
    if (!ready || !me) return
    if (kind === 'reply' && fresh && !anyway) return setHeld(true)
    const attachments = files.files.flatMap((f) => (f.done ? [f.done] : []))
    const kept = { content, kind, files: files.files, seen }
    const sending = { ...body(attachments, status), ...(kind === 'reply' && seen && !anyway ? { seen_message_id: seen } : {}) }
    clear()
    const refused = await send(ticket, me, sending, attachments)
    if (refused) {
      // nothing typed is ever lost: it comes back unless something new was begun
      if (!now.current.content.text.trim()) {
        setKind(kept.kind)
        put(kept.content)
        files.set(kept.files)
        keepLocal(ticket.id, { kind: kept.kind, ...kept.content })
        setDraft('local')
        setTimeout(() => setSeen(kept.seen))
        setHeld(refused instanceof Problem && refused.code === 'message.newer')
      }
      return
    }
    done()
    if (status === 'solved') show({ panel: 'resolve' })
  }
  /** Sends it at its time; what was written stays when that is refused. */
  const later = async (at: Stamp) => {
    if (!ready || kind !== 'reply') return
    if (await schedule(ticket.id, body(files.files.flatMap((f) => (f.done ? [f.done] : []))), at)) {
      clear()
      done()
    }
  }
  /** Takes a text that was on its way back into the field. */
  const take = (text: string, html: string, attachments: Attachment[]) => {
    setKind('reply')
    put({ text, html })
    files.give(attachments)
    type({ text, html })
    writer.current?.focus()
  }
  const back = useStore(retaken)
  useEffect(() => {
    if (back?.ticket !== ticket.id) return
    retaken.set(undefined)
    take(back.text, back.html || asHTML(back.text), back.attachments)
  })
  const start = (sign: string) => writer.current?.insert(/[A-Za-z0-9:/.]$/.test(writer.current.before()) ? ` ${sign}` : sign)
  return { kind, setKind, content, type, draft, savedAt, files, writer, ready, submit, later, take, start, suggest, fresh, held, accept: () => { setHeld(false); setSeen(last.current?.id) } }
}
export type Composing = ReturnType<typeof useComposer>
