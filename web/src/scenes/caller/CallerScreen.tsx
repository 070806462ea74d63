import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import { Problem, problemText } from '~/api/problem'
import type { NewTicket, Priority, Scene } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { channelName, PriorityBars, priorityName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { priorities } from '~/scenes/inbox/filterChoices'
import { FieldInput, Select } from '~/scenes/ticket/FieldInput'
import { blank, formFields } from '~/scenes/ticket/form'
import { queries } from '~/stores/query'
import { span, useSecond } from '~/stores/second'
import { useNames } from '~/stores/session'
import { create, settle } from '~/stores/ticket'
import { say } from '~/stores/toast'
import { AutoMark, Suggest, useCheck } from './Check'
import { begun, dialable, running, useCallForm, type Channel, type Form } from './draft'
import { Helps } from './Helps'
import { PreviewLine } from './Preview'
import { useJoinable, useWho, Who, type Joinable } from './Who'
import './caller.css'

/** 代客建单: who it is on the left, what it is about in the middle, what to ask and say on the right; all by keys. */
export function CallerScreen() {
  const call = useSearch({ strict: false }) as { phone?: string; customer?: string }
  return <Call key={`${call.phone ?? ''} ${call.customer ?? ''}`} call={call} />
}

function Call({ call }: { call: { phone?: string; customer?: string } }) {
  const navigate = useNavigate()
  const router = useRouter()
  const names = useNames()
  const { config } = names
  const { form, set, clear, saved, done } = useCallForm(call)
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const matter = useRef<HTMLElement>(null)
  const known = useWho(form)
  const check = useCheck(form.subject, form.body, requester(form, known.customer?.id))
  const joinable = useJoinable(known.customer, check?.duplicates ?? [])
  // what is open or says the same is more likely than a matter of its own
  const likely = joinable.some((x) => !x.solved || x.score !== undefined)
  const scenes = config.scenes.filter((x) => !x.retired).toSorted((a, b) => a.position - b.position).slice(0, 9)
  const types = config.types.filter((x) => !x.retired).toSorted((a, b) => a.position - b.position)
  const scene = scenes.find((x) => x.id === form.scene)
  const guess = (field: string) => check?.decisions.find((d) => d.field === field && (d.state === 'set' || d.state === 'suggested'))
  const sure = (field: string) => { const d = guess(field); return d?.state === 'set' ? d.value : undefined }
  // what the agent did not choose follows the AI where it is sure, and stays the AI's to decide
  const type = form.type ?? sure('type') ?? types[0]?.key ?? ''
  const priority = form.priority ?? (sure('priority') as Priority | undefined) ?? 'normal'
  const category = form.category_id ?? sure('category')
  const shown = formFields(config, { type, priority, fields: form.fields }, 'create')
  const wrong = (name: string) => (error instanceof Problem ? error.field(name) : undefined)
  const someone = known.customer || form.words.trim().length >= 2
  const missing = !form.body.trim() || !someone || shown.some((f) => f.required && blank(form.fields[f.field.key]))

  const choose = (x: Scene) => {
    set({
      scene: x.id, type: x.type, checks: [], ...(x.category_id ? { category_id: x.category_id } : {}), ...(x.priority ? { priority: x.priority as Priority } : {}),
      ...(x.subject && (!form.subject.trim() || form.subject === scene?.subject) ? { subject: x.subject } : {}), ...(x.body && (!form.body.trim() || form.body === scene?.body) ? { body: x.body } : {}),
      fields: { ...x.fields, ...form.fields },
    })
    requestAnimationFrame(() => matter.current?.querySelector('textarea')?.focus())
  }
  const toMatter = () => requestAnimationFrame(() => {
    const name = document.querySelector<HTMLInputElement>('.c1 [data-name]')
    const to = name && !name.value && document.activeElement !== name ? name : form.scene ? matter.current?.querySelector('textarea') : matter.current?.querySelector<HTMLElement>('.seg button') ?? matter.current?.querySelector('textarea')
    to?.focus()
  })
  const open = (id: string) => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: id }, search: {} })
  const took = () => (running(form) ? span(Date.now() - running(form)!) : '')

  const wanted = (): NewTicket => {
    const fields = Object.fromEntries(Object.entries(form.fields).filter(([k, v]) => !blank(v) && shown.some((s) => s.field.key === k)))
    return {
      body: form.body.trim(), ...(form.subject.trim() ? { subject: form.subject.trim() } : {}), requester: requester(form, known.customer?.id), ...(form.type || !sure('type') || Object.keys(fields).length ? { type } : {}),
      ...(form.priority ? { priority: form.priority } : {}), ...(form.category_id ? { category_id: form.category_id } : {}), channel: form.channel, fields, kind: 'customer',
    }
  }
  const submit = async () => {
    if (missing || busy) return
    setBusy(true)
    setError(undefined)
    try {
      const ticket = await create(wanted())
      done()
      say(t('caller.created', { number: ticket.number, time: took() }))
      void queries.invalidateQueries({ queryKey: keys.customers.all })
      open(ticket.id)
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  const join = async (x: Joinable | undefined) => {
    if (!x || busy) return
    setBusy(true)
    setError(undefined)
    try {
      await data(api.POST('/tickets/{id}/messages', { params: { path: { id: x.ticket.id } }, body: { kind: 'customer', body: form.body.trim() || t('caller.again'), channel: form.channel, again: true } }))
      done()
      settle(x.ticket.id)
      void queries.invalidateQueries({ queryKey: keys.tickets.one(x.ticket.id) })
      void queries.invalidateQueries({ queryKey: keys.customers.all })
      say(t('caller.joined', { number: x.ticket.number }))
      open(x.ticket.id)
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  const takeAll = () => {
    const part: Partial<Form> = {}
    for (const field of ['type', 'category', 'priority'] as const) {
      const d = guess(field)
      if (d?.state !== 'suggested') continue
      if (field === 'type' && !form.type) part.type = d.value
      if (field === 'category' && !form.category_id) part.category_id = d.value
      if (field === 'priority' && !form.priority) part.priority = d.value as Priority
    }
    if (check?.title && !form.subject.trim()) part.subject = check.title
    if (Object.keys(part).length) set(part)
  }
  const close = () => (router.history.canGoBack() ? router.history.back() : void navigate({ to: '/inbox' }))
  const press = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing || e.defaultPrevented) return
    const el = e.target as HTMLElement
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void submit() }
    else if (e.altKey && /^Digit[1-9]$/.test(e.code)) { e.preventDefault(); void join(joinable[Number(e.code.at(-1)) - 1]) }
    else if (e.altKey && e.code === 'KeyY') { e.preventDefault(); takeAll() }
    else if (e.key === 'Escape' && !el.closest('.menu,.ant-popover,.ant-picker-dropdown')) { e.preventDefault(); close() }
    else if (e.key === 'Enter' && el instanceof HTMLInputElement && el.closest('.c2')) { // on to the next
      e.preventDefault()
      const all = [...(matter.current?.querySelectorAll<HTMLElement>('input,textarea,button.select') ?? [])]
      all[all.indexOf(el) + 1]?.focus()
    }
  }
  // a digit chooses while the focus is on the scenes
  const digits = (e: KeyboardEvent) => {
    const i = /^[1-9]$/.test(e.key) && !e.altKey && !e.ctrlKey ? Number(e.key) - 1 : -1
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    const all = [...e.currentTarget.querySelectorAll<HTMLElement>('button')]
    if (i >= 0 && all[i]) { e.preventDefault(); all[i].click() }
    if (by) { e.preventDefault(); all[(all.indexOf(e.target as HTMLElement) + by + all.length) % all.length]?.focus() }
  }
  useEffect(() => { document.title = t('caller.title') ; return () => { document.title = t('app.name') } }, [])
  const canTake = (['type', 'category', 'priority'] as const).some((f) => guess(f)?.state === 'suggested' && !form[f === 'category' ? 'category_id' : f]) || (!!check?.title && !form.subject.trim())
  return (
    <main className="sheet create" id="main" onKeyDown={press}>
      <header className="top"><h1>{t('caller.title')}</h1>{running(form) && <Timer since={running(form)!} />}<span className="t3 f13 ell">{dialable(form.words) ? t('caller.from', { number: spaced(known.number ?? form.words.trim()) }) : t('create.help')}</span><span className="sp" /><IconButton icon="close" label={t('create.close')} keys="Escape" onClick={close} /></header>
      <div className="create-body">
        <Who form={form} set={set} known={known} joinable={joinable} onJoin={(x) => void join(x)} onOpen={open} onNext={toMatter} input={input} busy={busy} />
        <section className="c2" aria-label={t('create.matter')} ref={matter}>
          {scenes.length > 0 && (
            <div className="seg" role="radiogroup" aria-label={t('caller.scenes')} onKeyDown={digits}>
              {scenes.map((x, i) => <button key={x.id} type="button" role="radio" aria-checked={x.id === form.scene} onClick={() => choose(x)}>{named(x.name)}<Kbd keys={`${i + 1}`} /></button>)}
            </div>
          )}
          <Field label={t('create.body')} required error={wrong('body')}>{(p) => <textarea {...p} className="inp area" rows={4} value={form.body} onChange={(e) => set({ body: e.target.value })} />}</Field>
          {check && check.matters > 1 && <p className="f13 t2 row g6 hint-matters"><Icon name="split" size="s" />{t('check.matters', { n: check.matters })}</p>}
          <Field label={t('ticket.subject')} help={t('create.subject.help')} error={wrong('subject')}>{(p) => <input {...p} className="inp" maxLength={300} value={form.subject} onChange={(e) => set({ subject: e.target.value })} />}</Field>
          {check?.title && !form.subject.trim() && <p className="f12 callhint row g4"><span className="aim o" aria-hidden="true" /><span className="ell">{check.title}</span><button type="button" className="link nw" onClick={() => set({ subject: check.title })}>{t('check.title.take')}</button></p>}
          {canTake && <p className="f12 row g6 takeall"><Button look="sm a" onClick={takeAll}>{t('caller.takeAll')}<Kbd keys="Alt+Y" /></Button></p>}
          <div className="two">
            <Field label={t('action.type')} mark={!form.type && sure('type') ? <AutoMark d={guess('type')!} /> : undefined} error={wrong('type')} under={!form.type && guess('type')?.state === 'suggested' ? <Suggest field="type" d={guess('type')!} onTake={(v) => set({ type: v })} /> : undefined}>{(p) => <Select {...p} label={t('action.type')} choices={types.map((x) => ({ id: x.key, text: named(x.name) }))} value={type} onChange={(x) => set({ type: x })} />}</Field>
            <Field label={t('action.category')} mark={!form.category_id && !!category ? <AutoMark d={guess('category')!} /> : undefined} error={wrong('category_id')} under={!form.category_id && guess('category')?.state === 'suggested' ? <Suggest field="category" d={guess('category')!} onTake={(v) => set({ category_id: v })} /> : undefined}>{(p) => <Select {...p} label={t('action.category')} choices={config.categories.filter((c) => !c.retired).map((c) => ({ id: c.id, text: names.category(c.id) }))} value={category} onChange={(category_id) => set({ category_id })} />}</Field>
            <Field label={t('action.priority')} mark={!form.priority && sure('priority') ? <AutoMark d={guess('priority')!} /> : undefined} error={wrong('priority')} under={!form.priority && guess('priority')?.state === 'suggested' ? <Suggest field="priority" d={guess('priority')!} onTake={(v) => set({ priority: v as Priority })} /> : undefined}>{(p) => <Select {...p} label={t('action.priority')} choices={priorities.map((x) => ({ id: x, text: priorityName(x), glyph: <PriorityBars priority={x} /> }))} value={priority} onChange={(x) => set({ priority: x as Priority })} />}</Field>
            <Field label={t('filter.channel')}>{(p) => <Select {...p} label={t('filter.channel')} choices={['phone', 'web', 'chat', 'wechat', 'email'].map((c) => ({ id: c, text: channelName(c) }))} value={form.channel} onChange={(channel) => set({ channel: channel as Channel })} />}</Field>
            {shown.map(({ field, required }) => (
              <Field key={field.key} label={named(field.name)} required={required} help={named(field.help)} error={wrong(field.key)}>
                {(p) => <FieldInput {...p} field={field} value={form.fields[field.key]} onChange={(v) => set({ fields: { ...form.fields, [field.key]: v } })} />}
              </Field>
            ))}
          </div>
          <PreviewLine ticket={missing || known.searching ? undefined : wanted()} />
          {error !== undefined && <p className="red f13" role="alert" style={{ marginTop: 16 }}>{problemText(error)}</p>}
        </section>
        <Helps scene={scene} checks={form.checks} onCheck={(checks) => set({ checks })} />
      </div>
      <footer className="foot">
        <span className="row g4 not-phone"><Kbd keys="Enter" />{t('create.keys.next')}</span>{joinable.length > 0 && <span className="row g4 not-phone"><Kbd keys={joinable.length > 1 ? `Alt+1–${joinable.length}` : 'Alt+1'} />{t('caller.join')}</span>}<span className="row g4 not-phone"><Kbd keys="Mod+K" />{t('nav.palette')}</span><span className="row g4 not-phone"><Kbd keys="Escape" />{t('create.close')}</span>
        <span className="sp" /><span className="ell" role="status">{saved ? t('caller.saved', { time: new Date(saved).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false }) }) : begun(form) ? t('create.kept') : ''}</span>
        <Button look="q lg" onClick={() => { clear(); requestAnimationFrame(() => input.current?.focus()) }}>{t('common.clear')}</Button>
        <Button look={likely ? 'lg' : 'p lg'} keys="Mod+Enter" disabled={missing || busy} onClick={() => void submit()}>{t(likely ? 'caller.still' : 'create.submit')}</Button>
      </footer>
    </main>
  )
}

/** A mobile number as it is read aloud. */
const spaced = (number: string): string => number.replace(/^(1\d{2})(\d{4})(\d{4})$/, '$1 $2 $3')

function Timer({ since }: { since: number }) {
  const now = useSecond()
  return <span className="chip green timer" role="timer" aria-label={t('caller.time')}>{t('caller.time')} {span(now - since)}</span>
}

function requester(form: Form, customer: string | undefined): { id?: string; name?: string; email?: string; phone?: string } {
  if (customer) return { id: customer }
  const words = form.words.trim()
  const name = form.name.trim()
  if (words.includes('@')) return { email: words, ...(name ? { name } : {}) }
  if (/^[+\d][\d\s()-]{4,}$/.test(words)) return { phone: words.replace(/[\s()-]/g, ''), ...(name ? { name } : {}) }
  return { name: name || words }
}
