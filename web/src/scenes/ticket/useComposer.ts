import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Draft, ID, NewMessage, Ticket } from '~/api/types'
import { draftQuery, keepLocal, localDraft, saveDraft, send } from '~/stores/message'
import { useMe, useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { show, ui } from '~/stores/ui'
import { useFiles } from './useFiles'

export type SendStatus = NonNullable<NewMessage['status']>
export type Kind = 'reply' | 'note'
export interface Content { text: string; html: string }
/** What the plain field and the editor both offer. */
export interface Writer { focus(): void; insert(text: string): void; set(content: Content): void }

const empty: Content = { text: '', html: '' }
const formatted = (html: string): boolean => /<(strong|em|u|s|code|ul|ol|blockquote|pre|h\d|a)\b/i.test(html)

/** The state of writing on one ticket: kind, content, files, draft, sending. */
export function useComposer(ticket: Ticket) {
  const me = useMe()
  const { config } = useNames()
  const stored = useQuery(draftQuery(ticket.id))
  const [kind, setKind] = useState<Kind>('reply')
  const [content, setContent] = useState<Content>(empty)
  const [draft, setDraft] = useState<'none' | 'typing' | 'saved' | 'local'>('none')
  const [mentions, setMentions] = useState<{ id: ID; name: string }[]>([])
  const files = useFiles()
  const writer = useRef<Writer>(null)
  const touched = useRef(false)
  const now = useRef({ kind, content })
  now.current = { kind, content }

  const put = useCallback((next: Content) => {
    setContent(next)
    writer.current?.set(next)
  }, [])

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
  }, [ticket.id, save])

  const asked = useStore(ui, (u) => u.compose)
  useEffect(() => {
    if (!asked) return
    setKind(asked.kind)
    writer.current?.focus()
  }, [asked])

  const ready = (content.text.trim() !== '' || files.files.length > 0) && !files.busy && !!me
  const submit = async (status?: SendStatus) => {
    if (!ready || !me) return
    const attachments = files.files.flatMap((f) => (f.done ? [f.done] : []))
    const kept = { content, kind, files: files.files }
    clearTimeout(timer.current)
    timer.current = undefined
    touched.current = true
    put(empty)
    files.set([])
    setDraft('none')
    const named = mentions.filter((m) => content.text.includes(`@${m.name}`)).map((m) => m.id)
    const ok = await send(ticket, me, {
      kind, body: content.text.trim(),
      ...(formatted(content.html) ? { html: content.html } : {}),
      ...(attachments.length ? { attachment_ids: attachments.map((a) => a.id) } : {}),
      ...(status && status !== 'solved' ? { status } : {}),
      ...(kind === 'note' && named.length ? { mentions: named } : {}),
    }, attachments)
    if (!ok) {
      // nothing typed is ever lost: it comes back unless something new was begun
      if (!now.current.content.text.trim()) {
        setKind(kept.kind)
        put(kept.content)
        files.set(kept.files)
        keepLocal(ticket.id, { kind: kept.kind, ...kept.content })
        setDraft('local')
      }
      return
    }
    keepLocal(ticket.id, undefined)
    void saveDraft(ticket.id, undefined)
    if (status === 'solved') show({ panel: 'resolve' })
  }
  const mention = (id: ID, typed: boolean) => {
    const name = config.staff.find((s) => s.id === id)?.name
    if (!name) return
    setMentions((old) => [...old, { id, name }])
    writer.current?.insert(`${typed ? '' : '@'}${name} `)
  }
  return { kind, setKind, content, type, draft, files, writer, ready, submit, mention, staff: config.staff.filter((s) => s.active && s.id !== me?.id) }
}
export type Composing = ReturnType<typeof useComposer>
