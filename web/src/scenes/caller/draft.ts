// What is typed for a caller: on this machine at once, on the server when the
// fingers rest, so that neither a reload nor another machine loses it.
import { useCallback, useEffect, useRef, useState } from 'react'
import { api, data } from '~/api/client'
import type { ID, NewTicket, Priority } from '~/api/types'
import { t } from '~/i18n'
import { say } from '~/stores/toast'

export type Channel = NonNullable<NewTicket['channel']>
export interface Form {
  /** A number, a mail address or a name, as it was typed. */
  words: string
  /** Chosen by hand from those that were found. */
  customer?: ID
  name: string
  scene?: ID
  body: string
  subject: string
  type?: string
  priority?: Priority
  category_id?: ID
  channel: Channel
  fields: Record<string, unknown>
  checks: number[]
  /** When the call began, and the last key. */
  began?: number
  at?: number
}
export const blankForm: Form = { words: '', name: '', body: '', subject: '', channel: 'phone', fields: {}, checks: [] }

/** When the call began, while it goes on. */
export const running = (f: Form): number | undefined => (begun(f) && f.began && (f.at ?? 0) >= f.began && Date.now() - (f.at ?? 0) < OVER ? f.began : undefined)

const KEPT = 'zhidan.create'
const PAUSE = 1200
/** A form that nobody has touched for so long is of another call: its time begins anew with the next key. */
const OVER = 30 * 60_000

function local(): Form | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Form | null
    return kept && typeof kept.words === 'string' && typeof kept.body === 'string' ? { ...blankForm, ...kept } : undefined
  } catch {
    return undefined
  }
}
export const begun = (f: Form): boolean => [f.words, f.name, f.body, f.subject, f.customer ?? ''].some((x) => x.trim() !== '') || Object.keys(f.fields).length > 0

/** The form with its keeping. `phone` is the number of a call that has just come: it begins anew. */
export function useCallForm(call: { phone?: string; customer?: ID }): { form: Form; set: (part: Partial<Form>) => void; clear: () => void; saved?: number; done: () => void } {
  const other = (kept: Form | undefined): boolean => (call.phone ? kept?.words !== call.phone : call.customer ? kept?.customer !== call.customer : false)
  const [former] = useState(() => { const kept = local(); return other(kept) && kept && begun(kept) ? kept : undefined })
  const [form, setForm] = useState<Form>(() => {
    const kept = local()
    if (!other(kept)) return kept ?? blankForm
    return { ...blankForm, words: call.phone ?? '', ...(call.customer ? { customer: call.customer } : {}), began: Date.now(), at: Date.now() }
  })
  const [saved, setSaved] = useState<number>()
  const over = useRef(false)
  const touched = useRef(false)
  const set = useCallback((part: Partial<Form>) => {
    touched.current = true
    setForm((old) => ({ ...old, ...part, at: Date.now(), ...(old.began && Date.now() - (old.at ?? 0) < OVER ? {} : { began: Date.now() }) }))
  }, [])

  useEffect(() => { // a new call came over a draft: nothing is lost by it
    if (former) say(t('caller.fresh'), { undo: () => { touched.current = true; setForm(former) }, seconds: 20 })
  }, [former])

  useEffect(() => { // what was typed elsewhere, when it is newer and nobody has typed here since
    if (call.phone || call.customer) return
    let gone = false
    void data(api.GET('/me/new-ticket')).then((answer) => {
      const there = answer.form as unknown as Form | undefined
      if (gone || touched.current || !there?.at) return
      setForm((here) => (there.at! > (here.at ?? 0) ? { ...blankForm, ...there } : here))
    }).catch(() => undefined)
    return () => { gone = true }
  }, [call.phone, call.customer])

  useEffect(() => {
    if (over.current || !form.at) return
    localStorage.setItem(KEPT, JSON.stringify(form))
    const timer = setTimeout(() => {
      if (over.current) return
      data(api.PUT('/me/new-ticket', { body: { form: form as unknown as Record<string, unknown> } })).then(() => setSaved(Date.now()), () => setSaved(undefined))
    }, PAUSE)
    return () => clearTimeout(timer)
  }, [form])

  const drop = useCallback(() => {
    localStorage.removeItem(KEPT)
    void api.DELETE('/me/new-ticket').catch(() => undefined)
  }, [])
  const done = useCallback(() => { over.current = true; drop() }, [drop])
  const clear = useCallback(() => {
    const before = form
    drop()
    setForm(blankForm)
    setSaved(undefined)
    if (begun(before)) say(t('caller.cleared'), { undo: () => setForm({ ...before, at: Date.now() }) })
  }, [form, drop])
  return { form, set, clear, saved, done }
}

/** How many digits of a number were typed; 0 when it is none. */
export const digits = (words: string): number => (/^\+?[\d\s()-]+$/.test(words.trim()) ? words.replace(/\D/g, '').length : 0)
/** Looks like something one can dial. */
export const dialable = (words: string): boolean => digits(words) >= 7
