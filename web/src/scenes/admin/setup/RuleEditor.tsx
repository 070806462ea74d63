import { useState } from 'react'
import type { Field } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { Pop } from '~/parts/Pop'
import { When } from '~/parts/When'
import { useNames } from '~/stores/session'
import { opsOf, readRule, unspoken, whole, writeRule, type RuleRow } from '~/scenes/ticket/rule'

/** When a field is shown or required: rows on other fields of the same form, or CEL by hand. */
export function RuleEditor({ label, value, fields, onChange, error }: { label: string; value: string; fields: Field[]; onChange: (cel: string) => void; error?: string }) {
  const rows = readRule(value)
  const [unfinished, setUnfinished] = useState<RuleRow>()
  const [byHand, setByHand] = useState(rows === undefined)
  const spoken = fields.filter((f) => !unspoken.includes(f.kind))
  if (byHand || !rows) {
    return (
      <div className="cond">
        <textarea className="inp mono" rows={2} maxLength={4096} spellCheck={false} aria-label={label} aria-invalid={error ? true : undefined} value={value} onChange={(e) => onChange(e.target.value)} />
        <div className="row g8 wrap f12 t3">{t('cfg.rule.cel')}{rows && <Button look="q sm" onClick={() => setByHand(false)}>{t('cond.rows')}</Button>}</div>
        {error && <div className="red f12" role="alert">{error}</div>}
      </div>
    )
  }
  const list = [...rows, ...(unfinished ? [unfinished] : [])]
  const put = (next: RuleRow[]) => { setUnfinished(next.find((r) => !whole(r))); onChange(writeRule(next)) }
  const set = (i: number, part: Partial<RuleRow>) => put(list.map((r, k) => (k === i ? { ...r, ...part } : r)))
  return (
    <div className="cond" role="group" aria-label={label}>
      {list.map((r, i) => {
        const field = fields.find((f) => f.key === r.field)
        return (
          <div key={i} className="condrow">
            <span className="f12 t3 condand">{i > 0 ? t('cond.and') : t('cond.when')}</span>
            <span className="f13">{field ? named(field.name) : r.field}</span>
            <Pop content={(close) => <ChoiceList label={t('cfg.rule.op')} choices={(field ? opsOf(field) : ['is', 'not'] as const).map((op) => ({ id: op, text: t(`cfg.op.${op}`), on: op === r.op }))} onChoose={(op) => { close(); set(i, { op: op as RuleRow['op'], ...(op === 'filled' || op === 'empty' || (op === 'more') !== (r.op === 'more') ? { values: [] } : {}) }) }} />}>
              <Button look="sm" chevron>{t(`cfg.op.${r.op}`)}</Button>
            </Pop>
            {r.op !== 'filled' && r.op !== 'empty' && <Values field={field} row={r} onChange={(values) => set(i, { values })} />}
            {!whole(r) && <input className="hide" required tabIndex={-1} value="" aria-label={t('cond.choose')} onChange={() => undefined} />}
            <IconButton icon="close" small label={t('cond.remove')} onClick={() => put(list.filter((_, k) => k !== i))} />
          </div>
        )
      })}
      <div className="row g8">
        {spoken.length > 0 && <Pop content={(close) => <ChoiceList label={t('cond.add')} search={spoken.length > 8} choices={spoken.map((f) => ({ id: f.key, text: named(f.name) }))} onChoose={(key) => { close(); const f = spoken.find((x) => x.key === key)!; put([...list, { field: key, op: opsOf(f)[0]!, values: f.kind === 'boolean' ? [true] : [] }]) }} />}>
          <Button icon="plus" look="q sm">{t('cond.add')}</Button>
        </Pop>}
        <Button look="q sm" onClick={() => setByHand(true)}>{t('cond.cel')}</Button>
      </div>
      {error && <div className="red f12" role="alert">{error}</div>}
    </div>
  )
}

function Values({ field, row, onChange }: { field?: Field; row: RuleRow; onChange: (values: RuleRow['values']) => void }) {
  const { config } = useNames()
  const kind = field?.kind
  if (kind === 'number' || typeof row.values[0] === 'number') return <input className="inp num" type="number" step="any" required aria-label={t('cfg.rule.value')} value={row.values.length ? String(row.values[0]) : ''} onChange={(e) => onChange(e.target.value === '' ? [] : [Number(e.target.value)])} />
  const choices: Choice[] | undefined = kind === 'boolean' ? [{ id: 'true', text: t('common.yes') }, { id: 'false', text: t('common.no') }]
    : kind === 'choice' ? (field?.options ?? []).map((o) => ({ id: o.key, text: named(o.name) }))
    : kind === 'person' ? config.staff.filter((s) => s.active).map((s) => ({ id: s.id, text: s.name })) : undefined
  if (kind === 'date') return <When kind="day" small required label={t('cfg.rule.value')} value={String(row.values[0] ?? '')} onChange={(day) => onChange(day ? [day] : [])} />
  if (!choices) return <input className="inp rulevalue" required maxLength={200} aria-label={t('cfg.rule.value')} value={String(row.values[0] ?? '')} onChange={(e) => onChange(e.target.value ? [e.target.value] : [])} />
  const many = kind !== 'boolean'
  const text = row.values.map((v) => choices.find((c) => c.id === String(v))?.text ?? String(v)).join(t('common.and')) || t('cond.choose')
  return (
    <Pop content={(close) => <ChoiceList label={t('cfg.rule.value')} multiple={many} search={choices.length > 8} choices={choices.map((c) => ({ ...c, on: row.values.map(String).includes(c.id) }))}
      onChoose={(id) => { if (!many) { close(); return onChange([id === 'true']) } onChange(row.values.includes(id) ? row.values.filter((v) => v !== id) : [...row.values, id]) }} />}>
      <button type="button" className={row.values.length ? 'btn sel' : 'btn sel amber'}><span className="ell">{text}</span></button>
    </Pop>
  )
}
