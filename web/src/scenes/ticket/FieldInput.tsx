import { lazy, Suspense, useRef, useState, type KeyboardEvent } from 'react'
import { problemText } from '~/api/problem'
import type { Field, Money } from '~/api/types'
import { upload } from '~/api/upload'
import { named, t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { Pop } from '~/parts/Pop'
import { Skeleton } from '~/parts/State'
import { When } from '~/parts/When'
import { useNames } from '~/stores/session'
import { complain } from '~/stores/toast'
import { fieldText } from './fieldValue'

const CascadeInput = lazy(() => import('./CascadeInput'))

export interface InputProps {
  field: Field
  value: unknown
  onChange: (value: unknown) => void
  /** Called when the reader is done with it: Enter or leaving. */
  onDone?: () => void
  autoFocus?: boolean
  id?: string
  'aria-invalid'?: boolean
  'aria-describedby'?: string
  'aria-required'?: boolean
}

/** The control for a value of a custom field, by its kind. */
export function FieldInput({ field, value, onChange, onDone, ...rest }: InputProps) {
  const { config } = useNames()
  const keys = (e: KeyboardEvent) => {
    if (e.key === 'Enter' && !e.nativeEvent.isComposing) { e.preventDefault(); onDone?.() }
  }
  switch (field.kind) {
    case 'text':
      return <input {...rest} className="inp" value={String(value ?? '')} maxLength={2000} onChange={(e) => onChange(e.target.value)} onKeyDown={keys} onBlur={onDone} />
    case 'number':
      return <input {...rest} className="inp" inputMode="decimal" value={String(value ?? '')} onChange={(e) => onChange(e.target.value === '' ? null : Number.isNaN(Number(e.target.value)) ? e.target.value : Number(e.target.value))} onKeyDown={keys} onBlur={onDone} />
    case 'money':
      return <MoneyInput {...rest} value={value as Money | undefined} onChange={onChange} onDone={onDone} />
    case 'date':
      return <When {...rest} kind="day" value={typeof value === 'string' ? value : ''} onChange={(day) => onChange(day || null)} onDone={onDone} />
    case 'cascade':
      return <Suspense fallback={<Skeleton height={32} />}><CascadeInput {...rest} options={field.options ?? []} value={value} onChange={onChange} onDone={onDone} label={named(field.name)} /></Suspense>
    case 'attachment':
      return <FileInput {...rest} value={value} onChange={onChange} onDone={onDone} />
    case 'choice': case 'person': case 'boolean': {
      const choices: Choice[] =
        field.kind === 'boolean' ? [{ id: 'true', text: t('common.yes') }, { id: 'false', text: t('common.no') }]
        : field.kind === 'person' ? config.staff.filter((s) => s.active).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))
        : (field.options ?? []).map((o) => ({ id: o.key, text: named(o.name) }))
      return <Select {...rest} label={named(field.name)} choices={choices} value={value === undefined || value === null ? undefined : String(value)} text={fieldText(field, value, config)}
        onChange={(id) => onChange(field.kind === 'boolean' ? id === 'true' : id)} onDone={onDone} />
    }
  }
}

/** A button is described; that it must be filled says its label. */
const plain = (rest: Partial<InputProps>): object => ({ ...rest, 'aria-required': undefined, 'aria-invalid': undefined })

export function Select({ label, choices, value, text, onChange, onDone, autoFocus, ...rest }: {
  label: string; choices: Choice[]; value?: string; text?: string; onChange: (id: string) => void; onDone?: () => void; autoFocus?: boolean; id?: string
}) {
  const [open, setOpen] = useState(!!autoFocus)
  const shown = text ?? choices.find((c) => c.id === value)?.text
  return (
    <Pop open={open} onOpen={(o) => { setOpen(o); if (!o) onDone?.() }} content={() => (
      <ChoiceList label={label} search={choices.length > 9} choices={choices.map((c) => ({ ...c, on: c.id === value }))} onChoose={(id) => { setOpen(false); onChange(id); onDone?.() }} />
    )}>
      <Button {...plain(rest)} look="lg select" chevron aria-haspopup="listbox"><span className={shown ? 'sp ell' : 'sp ell t3'}>{shown || t('common.none')}</span></Button>
    </Pop>
  )
}

export function MoneyInput({ value, onChange, onDone, ...rest }: { value?: Money; onChange: (v: Money | null) => void; onDone?: () => void; autoFocus?: boolean; id?: string }) {
  const currency = value?.currency ?? 'CNY'
  const [text, setText] = useState(value ? String(value.amount_minor / 100) : '')
  return (
    <div className="inp">
      <span className="t3">{currency}</span>
      <input {...rest} inputMode="decimal" value={text} onBlur={onDone}
        onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); onDone?.() } }}
        onChange={(e) => {
          if (!/^\d*(\.\d{0,2})?$/.test(e.target.value)) return
          setText(e.target.value)
          onChange(e.target.value === '' ? null : { amount_minor: Math.round(Number(e.target.value) * 100), currency })
        }} />
    </div>
  )
}

function FileInput({ value, onChange, onDone, ...rest }: { value: unknown; onChange: (v: unknown) => void; onDone?: () => void; id?: string }) {
  const input = useRef<HTMLInputElement>(null)
  const [share, setShare] = useState<number>()
  const had = Array.isArray(value) ? (value as string[]) : value ? [String(value)] : []
  const add = async (list: FileList | null) => {
    const ids: string[] = []
    try {
      for (const file of list ?? []) ids.push((await upload(file, setShare)).id)
      onChange([...had, ...ids])
      onDone?.()
    } catch (error) {
      complain(new Error(problemText(error)))
    } finally {
      setShare(undefined)
    }
  }
  return (
    <>
      <Button {...rest} look="lg" icon="clip" disabled={share !== undefined} onClick={() => input.current?.click()}>{share === undefined ? (had.length ? t('field.files', { n: had.length }) : t('composer.attach')) : `${Math.round(share * 100)}%`}</Button>
      <input ref={input} type="file" multiple hidden onChange={(e) => void add(e.target.files)} />
    </>
  )
}
