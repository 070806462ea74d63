import { useNavigate, useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { Problem, problemText } from '~/api/problem'
import type { Brief, Customer, NewTicket, Priority } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { channelName, PriorityBars, priorityName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { priorities } from '~/scenes/inbox/filterChoices'
import { FieldInput, Select } from '~/scenes/ticket/FieldInput'
import { blank, formFields } from '~/scenes/ticket/form'
import { useNames } from '~/stores/session'
import { create } from '~/stores/ticket'
import { say } from '~/stores/toast'
import { AutoMark, Duplicates, joinTicket, Suggest, useCheck } from './Check'
import { CustomerLookup, type Caller } from './CustomerLookup'
import './create.css'

type Channel = NonNullable<NewTicket['channel']>
interface Form { subject: string; body: string; type?: string; priority?: Priority; category_id?: string; channel: Channel; fields: Record<string, unknown> }
const KEPT = 'zhidan.create'
const blankForm: Form = { subject: '', body: '', channel: 'phone', fields: {} }

function kept(): { form: Form; caller: Caller } | undefined {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** A ticket for somebody who called: who it is on the left, what it is about on the right. */
export function CreateTicket() {
  const navigate = useNavigate()
  const router = useRouter()
  const names = useNames()
  const { config } = names
  const [start] = useState(kept)
  const [form, setForm] = useState<Form>(start?.form ?? blankForm)
  const [caller, setCaller] = useState<Caller>(start?.caller ?? { words: '' })
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const done = useRef(false)
  useEffect(() => {
    if (!done.current) localStorage.setItem(KEPT, JSON.stringify({ form, caller }))
  }, [form, caller])
  const types = config.types.filter((x) => !x.retired).toSorted((a, b) => a.position - b.position)
  const check = useCheck(form.subject, form.body, requester(caller))
  const guess = (field: string) => check?.decisions.find((d) => d.field === field && (d.state === 'set' || d.state === 'suggested'))
  const sure = (field: string) => { const d = guess(field); return d?.state === 'set' ? d.value : undefined }
  // what the agent did not choose follows the AI where it is sure, and stays the AI's to decide
  const type = form.type ?? sure('type') ?? types[0]?.key ?? ''
  const priority = form.priority ?? (sure('priority') as Priority | undefined) ?? 'normal'
  const category = form.category_id ?? sure('category')
  const set = (part: Partial<Form>) => setForm((old) => ({ ...old, ...part }))
  const shown = formFields(config, { type, priority, fields: form.fields }, 'create')
  const wrong = (name: string) => (error instanceof Problem ? error.field(name) : undefined)
  const someone = caller.customer || caller.words.trim() || caller.name?.trim()
  const missing = !form.body.trim() || !someone || shown.some((f) => f.required && blank(form.fields[f.field.key]))

  const submit = async () => {
    if (missing || busy) return
    setBusy(true)
    setError(undefined)
    const fields = Object.fromEntries(Object.entries(form.fields).filter(([k, v]) => !blank(v) && shown.some((s) => s.field.key === k)))
    try {
      const ticket = await create({
        body: form.body.trim(), ...(form.subject.trim() ? { subject: form.subject.trim() } : {}), requester: requester(caller), ...(form.type || !sure('type') || Object.keys(fields).length ? { type } : {}), ...(form.priority ? { priority: form.priority } : {}),
        ...(form.category_id ? { category_id: form.category_id } : {}), channel: form.channel, fields, kind: 'customer',
      })
      done.current = true
      localStorage.removeItem(KEPT)
      say(t('said.created', { number: ticket.number }))
      await navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: ticket.id }, search: {} })
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  const close = () => (router.history.canGoBack() ? router.history.back() : void navigate({ to: '/inbox' }))
  const press = (e: KeyboardEvent) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void submit() }
    if (e.altKey && e.key === 'j' && check?.duplicates[0] && form.body.trim()) { e.preventDefault(); void join(check.duplicates[0].ticket) }
    if (e.altKey && /^[1-9]$/.test(e.key)) {
      const chosen = types[Number(e.key) - 1]
      if (chosen) { e.preventDefault(); set({ type: chosen.key }) }
    }
  }
  const join = async (ticket: Brief) => {
    if (await joinTicket(ticket, form.body.trim())) {
      done.current = true
      localStorage.removeItem(KEPT)
      await navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: ticket.id }, search: {} })
    }
  }
  const openTicket = (x: { id: string }) => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: x.id }, search: {} })
  return (
    <main className="sheet create" id="main" onKeyDown={press}>
      <header className="top"><h1>{t('create.title')}</h1><span className="t3 f13 ell">{t('create.help')}</span><span className="sp" /><IconButton icon="close" label={t('create.close')} onClick={close} /></header>
      <div className="create-body">
        <CustomerLookup caller={caller} onChange={setCaller} onOpen={openTicket} shown={check?.duplicates.map((x) => x.ticket.id)}>{check && check.duplicates.length > 0 && <Duplicates found={check.duplicates} onOpen={openTicket} onJoin={(x) => void join(x)} able={!!form.body.trim()} />}</CustomerLookup>
        <section className="c2" aria-label={t('create.matter')}>
          <div className="seg" role="radiogroup" aria-label={t('action.type')}>
            {types.map((x, i) => <button key={x.key} type="button" role="radio" aria-checked={x.key === type} onClick={() => set({ type: x.key })}>{named(x.name)}{!form.type && x.key === sure('type') && <span className="aim" title={t('check.auto')} />}<Kbd keys={i < 9 ? `Alt+${i + 1}` : undefined} /></button>)}
          </div>
          {!form.type && guess('type')?.state === 'suggested' && <Suggest field="type" d={guess('type')!} onTake={(v) => set({ type: v })} />}
          <Field label={t('create.body')} required error={wrong('body')}>{(p) => <textarea {...p} className="inp area" rows={4} value={form.body} onChange={(e) => set({ body: e.target.value })} />}</Field>
          {check && check.matters > 1 && <p className="f13 t2 row g6 hint-matters"><Icon name="split" size="s" />{t('check.matters', { n: check.matters })}</p>}
          <Field label={t('ticket.subject')} help={t('create.subject.help')} error={wrong('subject')}>{(p) => <input {...p} className="inp" maxLength={300} value={form.subject} onChange={(e) => set({ subject: e.target.value })} />}</Field>
          {check?.title && !form.subject.trim() && <p className="f12 suggest row g4"><span className="aim o" aria-hidden="true" /><span className="ell">{check.title}</span><button type="button" className="link nw" onClick={() => set({ subject: check.title })}>{t('check.title.take')}</button></p>}
          <div className="two">
            <Field label={t('action.category')} mark={!form.category_id && !!category ? <AutoMark d={guess('category')!} /> : undefined} error={wrong('category_id')} under={!form.category_id && guess('category')?.state === 'suggested' ? <Suggest field="category" d={guess('category')!} onTake={(v) => set({ category_id: v })} /> : undefined}>{(p) => <Select {...p} label={t('action.category')} choices={config.categories.filter((c) => !c.retired).map((c) => ({ id: c.id, text: names.category(c.id) }))} value={category} onChange={(category_id) => set({ category_id })} />}</Field>
            <Field label={t('action.priority')} mark={!form.priority && sure('priority') ? <AutoMark d={guess('priority')!} /> : undefined} error={wrong('priority')} under={!form.priority && guess('priority')?.state === 'suggested' ? <Suggest field="priority" d={guess('priority')!} onTake={(v) => set({ priority: v as Priority })} /> : undefined}>{(p) => <Select {...p} label={t('action.priority')} choices={priorities.map((x) => ({ id: x, text: priorityName(x), glyph: <PriorityBars priority={x} /> }))} value={priority} onChange={(x) => set({ priority: x as Priority })} />}</Field>
            <Field label={t('filter.channel')}>{(p) => <Select {...p} label={t('filter.channel')} choices={['phone', 'web', 'chat', 'wechat', 'email'].map((c) => ({ id: c, text: channelName(c) }))} value={form.channel} onChange={(channel) => set({ channel: channel as Channel })} />}</Field>
            {shown.map(({ field, required }) => (
              <Field key={field.key} label={named(field.name)} required={required} help={named(field.help)} error={wrong(field.key)}>
                {(p) => <FieldInput {...p} field={field} value={form.fields[field.key]} onChange={(v) => setForm((old) => ({ ...old, fields: { ...old.fields, [field.key]: v } }))} />}
              </Field>
            ))}
          </div>
          {error !== undefined && <p className="red f13" role="alert" style={{ marginTop: 16 }}>{problemText(error)}</p>}
        </section>
      </div>
      <footer className="foot">
        <span className="row g4 not-phone"><Kbd keys="Tab" />{t('create.keys.next')}</span><span className="row g4 not-phone"><Kbd keys="Alt+1" />{t('action.type')}</span><span className="row g4 not-phone"><Kbd keys="Mod+K" />{t('nav.palette')}</span>
        <span className="sp" /><span className="ell">{t('create.kept')}</span>
        <Button look="q lg" onClick={() => { setForm(blankForm); setCaller({ words: '' }) }}>{t('common.clear')}</Button>
        <Button look="p lg" keys="Mod+Enter" disabled={missing || busy} onClick={() => void submit()}>{t('create.submit')}</Button>
      </footer>
    </main>
  )
}

function requester(caller: Caller): { id?: string; name?: string; email?: string; phone?: string } {
  const customer: Customer | undefined = caller.customer
  if (customer) return { id: customer.id }
  const words = caller.words.trim()
  const name = caller.name?.trim()
  if (words.includes('@')) return { email: words, ...(name ? { name } : {}) }
  if (/^[+\d][\d\s-]{4,}$/.test(words)) return { phone: words.replace(/[\s-]/g, ''), ...(name ? { name } : {}) }
  return { name: name || words }
}
