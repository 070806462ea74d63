import dayjs from 'dayjs'
import { useState, type ReactElement, type ReactNode } from 'react'
import { t, type Key } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { When } from '~/parts/When'
import { useNames, type Names } from '~/stores/session'
import { createStore, useStore } from '~/stores/store'
import { CelForm } from './CelForm'
import { atOps, flagFields, readFilter, timeFields, valueFields, writeFilter, type AtOp, type Chip, type FlagField, type TimeField } from './filter'
import { atText, chipText, customFields, fieldName, filterChoices, timeChoices, timeText } from './filterChoices'

/** Whether the condition of a view is shown though nobody has changed it. */
export const unfolded = createStore(false)

/** A condition that can be changed: as chips, and as text. */
export interface Condition { cel: string; change: (cel: string) => void }

const put = ({ cel, change }: Condition, edit: (chips: Chip[]) => Chip[]): void => change(writeFilter(edit(readFilter(cel))))

/** The chips of a condition; the end of the row says what can be done with it. */
export function FilterBar({ condition, children }: { condition: Condition; children?: ReactNode }) {
  const names = useNames()
  const chips = readFilter(condition.cel)
  return (
    <div className="fl" role="group" aria-label={t('filter.bar')}>
      {chips.map((c, i) => (
        <span key={i} className={c.kind === 'cel' ? 'chip pri expr' : 'chip pri'}>
          <Pop width={c.kind === 'cel' ? 360 : undefined} content={(close) => <ChipEditor condition={condition} at={i} chip={c} close={close} />}>
            <button type="button" className="ct ell" title={chipText(c, names)}>{chipText(c, names)}</button>
          </Pop>
          <button type="button" aria-label={t('filter.remove.what', { what: chipText(c, names) })} onClick={() => put(condition, (list) => list.filter((_, k) => k !== i))}><Icon name="close" size="s" /></button>
        </span>
      ))}
      <AddFilter condition={condition}><button type="button" className="chip ol"><Icon name="plus" size="s" />{t('filter.add')}</button></AddFilter>
      <Pop width={400} content={(close) => <CelForm cel={condition.cel} whole apply={(cel) => { condition.change(cel); close() }} close={close} />}>
        <button type="button" className="chip ol" aria-label={t('filter.text')} title={t('filter.text')}><Icon name="code" size="s" /></button>
      </Pop>
      {children}
    </div>
  )
}

function ChipEditor({ condition, at, chip, close }: { condition: Condition; at: number; chip: Chip; close: () => void }) {
  const names = useNames()
  const replace = (next: Chip | undefined) => put(condition, (list) => (next ? list.map((c, k) => (k === at ? next : c)) : list.filter((_, k) => k !== at)))
  switch (chip.kind) {
    case 'values': return <Values field={chip.field} chip={chip} names={names} onChange={(c) => { replace(c.values.length ? c : undefined); if (!c.values.length) close() }} />
    case 'flag':
      return <ChoiceList label={chipText(chip, names)} choices={[true, false].map((on) => ({ id: String(on), text: t(`filter.${on ? 'is' : 'isnt'}.${chip.field}` as Key), on: on === chip.on }))} onChoose={(id) => { close(); replace({ ...chip, on: id === 'true' }) }} />
    case 'time': return <Times field={chip.field} chosen={chip} onChoose={(c) => { close(); replace(c) }} />
    case 'at': return <At chip={chip} done={(c) => { close(); replace(c) }} />
    case 'words': return <Words words={chip.words} done={(words) => { close(); replace(words ? { ...chip, words } : undefined) }} />
    case 'cel': return <CelForm cel={chip.cel} apply={(cel) => { replace(cel ? { kind: 'cel', cel } : undefined); close() }} close={close} />
  }
}

type Start = { kind: 'values' | 'flag' | 'time'; field: string } | { kind: 'words' } | { kind: 'cel' }

/** What can be added, and then its value. */
export function AddFilter({ condition, children }: { condition: Condition; children?: ReactElement }) {
  const names = useNames()
  const bar = useStore(unfolded)
  const [start, setStart] = useState<Start>()
  const add = (c: Chip) => put(condition, (list) => [...list, c])
  const choices: Choice[] = [
    ...[...valueFields, ...customFields(names)].map((f) => ({ id: `values:${f}`, text: fieldName(f, names), group: t('filter.group.values') })),
    ...timeFields.map((f) => ({ id: `time:${f}`, text: fieldName(f, names), group: t('filter.group.times') })),
    ...flagFields.map((f) => ({ id: `flag:${f}`, text: t(`filter.is.${f}` as Key), group: t('filter.group.flags') })),
    { id: 'words', text: t('filter.words'), group: t('filter.group.more') }, { id: 'cel', text: t('filter.cel'), group: t('filter.group.more') },
  ]
  const body = (close: () => void) => {
    if (!start) {
      return <ChoiceList label={t('filter.add')} search choices={choices} onChoose={(id) => {
        const [kind, field = ''] = id.split(':')
        if (kind === 'flag') { close(); add({ kind: 'flag', field: field as FlagField, on: true }) } else setStart({ kind, field } as Start)
      }} />
    }
    switch (start.kind) {
      case 'values': {
        const chip = readFilter(condition.cel).find((c) => c.kind === 'values' && c.field === start.field && !c.not)
        return <Values key={start.field} field={start.field} chip={chip?.kind === 'values' ? chip : { kind: 'values', field: start.field, values: [] }} names={names}
          onChange={(next) => put(condition, (list) => (chip ? list.flatMap((c) => (c.kind === 'values' && c.field === start.field && !c.not ? (next.values.length ? [next] : []) : [c])) : [...list, next]))} />
      }
      case 'time': return <Times field={start.field as TimeField} onChoose={(c) => { close(); add(c) }} />
      case 'words': return <Words words="" done={(words) => { close(); if (words) add({ kind: 'words', words }) }} />
      default: return <CelForm cel="" apply={(cel) => { if (cel) add({ kind: 'cel', cel }); close() }} close={close} />
    }
  }
  return (
    <Pop placement="bottomRight" width={start?.kind === 'cel' ? 360 : undefined} onOpen={(open) => { if (open) { setStart(undefined); unfolded.set(true) } }} content={body}>
      {children ?? <IconButton icon="filter" label={t('filter.add')} on={bar} />}
    </Pop>
  )
}

function Values({ field, chip, names, onChange }: { field: string; chip: Extract<Chip, { kind: 'values' }>; names: Names; onChange: (chip: Extract<Chip, { kind: 'values' }>) => void }) {
  const listed = filterChoices(field, names)
  // a value that is not offered any more can still be taken out
  const choices = [...listed, ...chip.values.filter((v) => !listed.some((c) => c.id === v)).map((v) => ({ id: v, text: v }))].map((c) => ({ ...c, on: chip.values.includes(c.id) }))
  return (
    <ChoiceList
      label={fieldName(field, names)} choices={choices} multiple search={choices.length > 8}
      onChoose={(id) => onChange({ ...chip, values: chip.values.includes(id) ? chip.values.filter((x) => x !== id) : [...chip.values, id] })}
      footer={chip.values.length > 0 && <button type="button" className="it" onClick={() => onChange(chip.not ? { kind: 'values', field: chip.field, values: chip.values } : { ...chip, not: true })}><span className="sp">{t(chip.not ? 'filter.include' : 'filter.exclude')}</span></button>}
    />
  )
}

function Times({ field, chosen, onChoose }: { field: TimeField; chosen?: { op: string; hours: number }; onChoose: (chip: Chip) => void }) {
  const list = timeChoices(field)
  const [own, setOwn] = useState(false)
  if (own) return <At chip={{ kind: 'at', field, op: '>=', at: dayjs().startOf('day').toISOString() }} done={onChoose} />
  return <ChoiceList label={t(`filter.${field}` as Key)} choices={[...list.map((c, i) => ({ id: String(i), text: timeText(c), on: chosen?.op === c.op && chosen.hours === c.hours })), { id: 'own', text: t('filter.at.own') }]} onChoose={(id) => (id === 'own' ? setOwn(true) : onChoose({ kind: 'time', field, ...list[Number(id)]! }))} />
}

/** A moment by the date, in the reader's own time. */
function At({ chip, done }: { chip: Extract<Chip, { kind: 'at' }>; done: (chip: Chip) => void }) {
  const [op, setOp] = useState<AtOp>(chip.op)
  const [value, setValue] = useState(dayjs(chip.at).format('YYYY-MM-DDTHH:mm'))
  return (
    <form className="popform" style={{ display: 'grid', gap: 8 }} onSubmit={(e) => { e.preventDefault(); if (value) done({ ...chip, op, at: dayjs(value).toISOString() }) }}>
      <b className="f13">{t(`filter.${chip.field}` as Key)}</b>
      <div className="row g8">
        <select className="inp mini" value={op} aria-label={t('filter.at.how')} onChange={(e) => setOp(e.target.value as AtOp)}>{atOps.map((o) => <option key={o} value={o}>{atText(o, '…')}</option>)}</select>
        <When kind="moment" small required label={t(`filter.${chip.field}` as Key)} value={value} onChange={setValue} />
      </div>
      <div className="row"><span className="sp" /><button className="btn p" type="submit">{t('common.done')}</button></div>
    </form>
  )
}

function Words({ words, done }: { words: string; done: (words: string) => void }) {
  const [value, setValue] = useState(words)
  return (
    <form className="popform row g8 single" onSubmit={(e) => { e.preventDefault(); done(value.trim()) }}>
      <input className="inp" autoFocus maxLength={100} value={value} placeholder={t('filter.words')} aria-label={t('filter.words')} onChange={(e) => setValue(e.target.value)} />
      <button className="btn p" type="submit">{t('common.done')}</button>
    </form>
  )
}
