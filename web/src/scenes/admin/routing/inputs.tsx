// Controls of the forms of rules: what is left empty says what holds instead.
import { useState, type ReactNode } from 'react'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Select } from '~/scenes/ticket/FieldInput'
import { useNames } from '~/stores/session'

/** People as chips, with a list to add from. */
export function PeoplePick({ label, value, onChange, disabled, most = 500 }: { label: string; value: string[]; onChange: (ids: string[]) => void; disabled?: boolean; most?: number }) {
  const { config, staff } = useNames()
  return (
    <div className="choices people">
      {value.map((id, i) => <span key={id} className="chip">{i + 1}{' '}{staff(id) || id}{!disabled && <button type="button" aria-label={t('rules.person.remove', { name: staff(id) })} onClick={() => onChange(value.filter((x) => x !== id))}><Icon name="close" size="s" /></button>}</span>)}
      {!disabled && value.length < most && <Select label={label} text={t('rules.person.add')} choices={config.staff.filter((s) => s.active && !value.includes(s.id)).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))} onChange={(id) => onChange([...value, id])} />}
    </div>
  )
}

/** Teams as chips, with a list to add from. */
export function TeamPick({ label, value, onChange, disabled, most, not }: { label: string; value: string[]; onChange: (ids: string[]) => void; disabled?: boolean; most: number; not?: string }) {
  const { config, team } = useNames()
  const more = config.teams.filter((x) => x.id !== not && !value.includes(x.id))
  return (
    <div className="choices people">
      {value.map((id) => <span key={id} className="chip">{team(id) || id}{!disabled && <button type="button" aria-label={t('rules.person.remove', { name: team(id) })} onClick={() => onChange(value.filter((x) => x !== id))}><Icon name="close" size="s" /></button>}</span>)}
      {!disabled && value.length < most && more.length > 0 && <Select label={label} text={t('rules.team.add')} choices={more.map((x) => ({ id: x.id, text: x.name }))} onChange={(id) => onChange([...value, id])} />}
    </div>
  )
}

/** Yes, no, or as above. */
export function Tri({ label, value, inherited, onChange, disabled }: { label: string; value?: boolean; inherited: string; onChange: (v: boolean | undefined) => void; disabled?: boolean }) {
  const now = value === undefined ? '' : String(value)
  return (
    <div className="trirow">
      <span className="f13 sp">{label}</span>
      <div className="segment" role="radiogroup" aria-label={label}>
        {([['', t('rules.inherit')], ['true', t('common.yes')], ['false', t('common.no')]] as const).map(([v, text]) => <button key={v} type="button" role="radio" aria-checked={v === now} disabled={disabled} onClick={() => onChange(v === '' ? undefined : v === 'true')}>{text}</button>)}
      </div>
      <span className="f12 t3 inh">{value === undefined ? inherited : ''}</span>
    </div>
  )
}

/** A condition in CEL; what is wrong with it stands below it. */
export function Condition({ label, value, help, error, examples, onChange, disabled }: { label: string; value?: string; help?: string; error?: string; examples?: readonly (readonly [string, string])[]; onChange: (v: string | undefined) => void; disabled?: boolean }) {
  return (
    <Field label={label} help={help} error={error} under={examples && !disabled && (
      <div className="row g4 wrap examples">{examples.map(([name, cel]) => <button key={cel} type="button" className="chip ol" title={cel} onClick={() => onChange(value?.trim() ? `${value.trim()} && ${cel}` : cel)}><Icon name="plus" size="s" />{name}</button>)}</div>
    )}>{(p) => <textarea {...p} className="inp mono celcode" rows={2} maxLength={4096} spellCheck={false} disabled={disabled} value={value ?? ''} onChange={(e) => onChange(e.target.value || undefined)} />}</Field>
  )
}

const units = [['s', 1], ['m', 60], ['h', 3600]] as const
/** Seconds, in the unit in which people say them. */
export function Seconds({ label, value, onChange, placeholder, disabled, min = 1 }: { label: string; value?: number; onChange: (v: number | undefined) => void; placeholder?: string; disabled?: boolean; min?: number }) {
  const [unit, setUnit] = useState<(typeof units)[number][0]>(value !== undefined && value % 3600 === 0 && value > 0 ? 'h' : value !== undefined && value % 60 === 0 && value > 0 ? 'm' : 's')
  const factor = units.find(([u]) => u === unit)![1]
  return (
    <span className="seconds">
      <input className="inp num" type="number" min={0} step="any" aria-label={label} placeholder={placeholder} disabled={disabled} value={value === undefined ? '' : value / factor} onChange={(e) => onChange(e.target.value === '' ? undefined : Math.max(min, Math.round(Number(e.target.value) * factor)))} />
      <select className="inp perunit" aria-label={t('rules.unit', { label })} disabled={disabled} value={unit} onChange={(e) => { const next = e.target.value as typeof unit; setUnit(next); if (value !== undefined) onChange(Math.round((value / factor) * units.find(([u]) => u === next)![1])) }}>
        {units.map(([u]) => <option key={u} value={u}>{t(`unit.${u}`)}</option>)}
      </select>
    </span>
  )
}

/** Lines of a list, each with its way out, and one to add. */
export function Lines<T>({ items, onAdd, onRemove, children, add, remove, disabled }: { items: T[]; onAdd: () => void; onRemove: (i: number) => void; children: (item: T, i: number) => ReactNode; add: string; remove: string; disabled?: boolean }) {
  return (
    <div className="rlines">
      {items.map((x, i) => <div key={i} className="rline">{children(x, i)}{!disabled && <IconButton icon="close" small label={remove} onClick={() => onRemove(i)} />}</div>)}
      {!disabled && <button type="button" className="link f12 addline" onClick={onAdd}>{add}</button>}
    </div>
  )
}
