import { useState } from 'react'
import { context } from '~/actions/action'
import { Problem, problemText } from '~/api/problem'
import type { Money, Resolution } from '~/api/types'
import { named, t } from '~/i18n'
import { Field } from '~/parts/Field'
import { bulk, wide } from '~/stores/bulk'
import { prefs } from '~/stores/prefs'
import { useNames } from '~/stores/session'
import { act, carryOut, guess, place, settle } from '~/stores/ticket'
import { say } from '~/stores/toast'
import { listBase, listing, neighbour } from '~/stores/ui'
import { FieldInput, MoneyInput, Select } from '../FieldInput'
import { blank, formFields } from '../form'
import { PanelFrame, type PanelProps } from './Panel'

/** 结案信息: what came of it. Required by the type's form where it says so. */
export function ResolvePanel({ ticket, ids, close }: PanelProps) {
  const { config } = useNames()
  const [r, setR] = useState<Partial<Resolution>>(ticket.resolution ?? {})
  const [fields, setFields] = useState<Record<string, unknown>>({})
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const many = ids.length > 1 || !!wide.get()
  const asked = many ? [] : formFields(config, { ...ticket, fields: { ...ticket.fields, ...fields } }, 'solve').map((f) => (config.rules.demands.some((d) => d.status === 'solved' && d.fields.includes(`fields.${f.field.key}`)) ? { ...f, required: true } : f)).filter((f) => f.on === 'solve' || (f.required && blank(ticket.fields[f.field.key])))
  const wrong = (name: string) => (error instanceof Problem ? error.field(name) : undefined)
  const demands = config.rules.demands.find((d) => d.status === 'solved')?.fields ?? []
  const missing = !r.code || (demands.includes('resolution.cause') && !r.cause) || (demands.includes('resolution.responsible') && !r.responsible) || (demands.includes('resolution.note') && !r.note?.trim()) || asked.some((f) => f.required && blank(fields[f.field.key] ?? ticket.fields[f.field.key]))
  const set = (part: Partial<Resolution>) => setR((old) => ({ ...old, ...part }))
  const submit = async () => {
    const resolution = Object.fromEntries(Object.entries(r).filter(([, v]) => !blank(v))) as unknown as Resolution
    if (many) {
      close()
      return void bulk('status', { status: 'solved', resolution }, ids)
    }
    setBusy(true)
    setError(undefined)
    const rollback = guess(ticket.id, { status: 'solved', resolution, fields: { ...ticket.fields, ...fields } })
    try {
      const answer = await carryOut(ticket.id, 'status', { status: 'solved', resolution, ...(Object.keys(fields).length ? { fields } : {}) })
      place(answer.ticket)
      settle(ticket.id)
      close()
      const next = prefs.get().next && listing.get().cursor === ticket.id && neighbour(ticket.id)
      if (next) context().go(`${listBase()}/${next}`)
      say(t('said.solved'), { undo: () => act(ticket.id, 'reopen', {}, { status: 'open' }) })
    } catch (problem) {
      rollback()
      setError(problem)
      setBusy(false)
    }
  }
  const waits = many ? [] : (ticket.assists ?? []).filter((p) => p.state === 'asked').map((p) => p.team.name)
  const options = (list: 'resolution_codes' | 'causes' | 'responsibilities') => config[list].filter((x) => !x.retired).map((x) => ({ id: x.key, text: named(x.name) }))
  return (
    <PanelFrame title="resolve.title" help={many ? t('resolve.many', { n: ids.length }) : t('resolve.help')} submit={t('action.solve')} disabled={missing || busy} onSubmit={() => void submit()} close={close}>
      {waits.length > 0 && <p className="f13 amber" role="status">{t('resolve.assists', { names: waits.join(t('common.and')) })}</p>}
      <Field label={t('resolve.code')} required error={wrong('code')}>{(p) => <div className="choices" role="radiogroup" aria-label={t('resolve.code')} aria-describedby={p['aria-describedby']}>
        {options('resolution_codes').map((o, i) => <button key={o.id} type="button" role="radio" data-first={i === 0 ? true : undefined} aria-checked={r.code === o.id} className="choice" onClick={() => set({ code: o.id })}>{o.text}</button>)}
      </div>}</Field>
      {config.causes.length > 0 && <Field label={t('resolve.cause')} required={demands.includes('resolution.cause')} error={wrong('cause')}>{(p) => <Select {...p} label={t('resolve.cause')} choices={options('causes')} value={r.cause} onChange={(cause) => set({ cause })} />}</Field>}
      {config.responsibilities.length > 0 && <Field label={t('resolve.responsible')} required={demands.includes('resolution.responsible')} error={wrong('responsible')}>{(p) => <Select {...p} label={t('resolve.responsible')} choices={options('responsibilities')} value={r.responsible} onChange={(responsible) => set({ responsible })} />}</Field>}
      <Field label={t('resolve.compensation')} error={wrong('compensation')}>{({ id }) => <MoneyInput id={id} value={r.compensation} onChange={(compensation: Money | null) => set({ compensation: compensation ?? undefined })} />}</Field>
      {asked.map(({ field, required }) => (
        <Field key={field.key} label={named(field.name)} required={required} error={wrong(field.key)} help={named(field.help)}>
          {(p) => <FieldInput {...p} field={field} value={fields[field.key] ?? ticket.fields[field.key]} onChange={(v) => setFields((old) => ({ ...old, [field.key]: v }))} />}
        </Field>
      ))}
      <Field label={t('resolve.note')} required={demands.includes('resolution.note')} error={wrong('note')}>{(p) => <textarea {...p} className="inp" maxLength={2000} value={r.note ?? ''} onChange={(e) => set({ note: e.target.value })} />}</Field>
      {error !== undefined && <p className="red f12" role="alert" style={{ marginTop: 12 }}>{problemText(error)}</p>}
    </PanelFrame>
  )
}
