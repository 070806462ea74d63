import { useState } from 'react'
import { t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Pop } from '~/parts/Pop'
import { filterChoices } from '~/scenes/inbox/filterChoices'
import { Segmented } from '~/scenes/intelligence/frame'
import { useNames } from '~/stores/session'
import { conditionFields, readCondition, writeCondition, type ConditionField, type ConditionRow } from './condition'

/** A condition on a ticket: rows that all must hold, or CEL by hand. */
export function ConditionEditor({ value, onChange, error, everything }: { value: string; onChange: (cel: string) => void; error?: string; everything: string }) {
  const names = useNames()
  const rows = readCondition(value)
  const [byHand, setByHand] = useState(rows === undefined)
  const [field, setField] = useState<ConditionField>()
  const [unfinished, setUnfinished] = useState<ConditionRow>()
  const list = [...(rows ?? []), ...(unfinished ? [unfinished] : [])]
  const put = (next: ConditionRow[]) => onChange(writeCondition(next))
  const set = (i: number, part: Partial<ConditionRow>) => {
    const next = list.map((r, k) => (k === i ? { ...r, ...part } : r))
    const changed = next[i]!
    // a row without values is not written yet
    if (changed.values.length === 0) { setUnfinished(changed); put(next.filter((_, k) => k !== i)) }
    else { setUnfinished(undefined); put(next) }
  }
  const text = (r: ConditionRow) => { const c = filterChoices(r.field, names); return r.values.map((v) => c.find((x) => x.id === v)?.text ?? v).join(t('common.and')) || t('cond.choose') }
  return (
    <div className="cond">
      <Segmented label={t('cond.how')} value={byHand ? 'cel' : 'rows'} options={[['rows', t('cond.rows')], ['cel', t('cond.cel')]] as const} onChange={(v) => (v === 'cel' ? setByHand(true) : rows && setByHand(false))} />
      {byHand || !rows ? (
        <>
          <textarea className="inp mono" rows={3} maxLength={4096} spellCheck={false} value={value} aria-label={t('cond.cel')} aria-invalid={error ? true : undefined} onChange={(e) => onChange(e.target.value)} />
          <p className="f12 t3">{rows ? t('cond.cel.help') : t('cond.cel.only')}</p>
        </>
      ) : (
        <>
          {list.length === 0 && <p className="f13 t2">{everything}</p>}
          {list.map((r, i) => (
            <div key={i} className="condrow">
              <span className="f12 t3 condand">{i > 0 ? t('cond.and') : t('cond.when')}</span>
              <span className="f13">{t(`cond.field.${r.field}` as Key)}</span>
              <Button look="sm" onClick={() => set(i, { not: !r.not })}>{t(r.not ? 'cond.not' : 'cond.is')}</Button>
              <Pop content={() => {
                const choices = filterChoices(r.field, names)
                return <ChoiceList label={t(`cond.field.${r.field}` as Key)} multiple search={choices.length > 8} choices={choices.map((c) => ({ ...c, on: r.values.includes(c.id) }))} onChoose={(id) => set(i, { values: r.values.includes(id) ? r.values.filter((v) => v !== id) : [...r.values, id] })} />
              }}><button type="button" className={r.values.length ? 'btn sel' : 'btn sel amber'}><span className="ell">{text(r)}</span></button></Pop>
              {r.values.length === 0 && <input className="hide" required tabIndex={-1} value="" aria-label={t('cond.choose')} onChange={() => undefined} />}
              <IconButton icon="close" small label={t('cond.remove')} onClick={() => { if (unfinished && i === list.length - 1) setUnfinished(undefined); else put(list.filter((x, k) => k !== i && x !== unfinished)) }} />
            </div>
          ))}
          <Pop onOpen={(o) => o && setField(undefined)} content={(close) => <ChoiceList label={t('cond.add')} choices={conditionFields.filter((f) => f !== field && !list.some((r) => r.field === f)).map((f) => ({ id: f, text: t(`cond.field.${f}` as Key) }))} onChoose={(id) => { close(); setField(id as ConditionField); setUnfinished({ field: id as ConditionField, values: [] }) }} />}>
            <Button icon="plus" look="q sm">{t('cond.add')}</Button>
          </Pop>
        </>
      )}
      {error && <div className="red f12" role="alert">{error}</div>}
    </div>
  )
}
