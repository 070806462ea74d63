import { useState } from 'react'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Field } from '~/parts/Field'
import { When } from '~/parts/When'
import { Select } from '~/scenes/ticket/FieldInput'
import { PanelFrame } from '~/scenes/ticket/panels/Panel'
import { askLeave, askSwap, type Day, type Leave } from '~/stores/plan'
import { can, useMe, useNames } from '~/stores/session'
import { dayName, dayOf } from './days'

const LEAVE = 'roster.ask' as const
const SWAP = 'roster.swap' as const
const kinds: Leave['kind'][] = ['annual', 'sick', 'personal', 'compensatory', 'other']
const stamp = (local: string): string => new Date(local).toISOString()

export function AskLeave({ close }: { close: () => void }) {
  const me = useMe()
  const { config } = useNames()
  const today = dayOf(new Date())
  const [who, setWho] = useState(me?.id ?? '')
  const [kind, setKind] = useState<Leave['kind']>('annual')
  const [from, setFrom] = useState(`${today}T09:00`)
  const [to, setTo] = useState(`${today}T18:00`)
  const [reason, setReason] = useState('')
  const wrong = from && to && from >= to
  return (
    <PanelFrame title={LEAVE} help={t(who === me?.id ? 'roster.ask.help' : 'roster.ask.other')} submit={t(who === me?.id ? 'roster.ask.do' : 'roster.ask.grant')} disabled={!from || !to || !!wrong} onSubmit={() => { close(); void askLeave({ ...(who !== me?.id ? { user_id: who } : {}), kind, from: stamp(from), to: stamp(to), ...(reason.trim() ? { reason: reason.trim() } : {}) }) }} close={close}>
      {can(me, 'roster.manage') && <Field label={t('roster.who')}>{(p) => <Select {...p} label={t('roster.who')} value={who} text={config.staff.find((s) => s.id === who)?.name} choices={config.staff.filter((s) => s.active).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))} onChange={setWho} />}</Field>}
      <Field label={t('roster.kind')}>{() => <div className="choices" role="radiogroup" aria-label={t('roster.kind')}>{kinds.map((k) => <button key={k} type="button" role="radio" className="choice" aria-checked={k === kind} onClick={() => setKind(k)}>{t(`leave.kind.${k}`)}</button>)}</div>}</Field>
      <Field label={t('roster.from')} required>{(p) => <When {...p} kind="moment" required value={from} onChange={setFrom} />}</Field>
      <Field label={t('roster.to')} required error={wrong ? t('roster.order') : undefined}>{(p) => <When {...p} kind="moment" required value={to} onChange={setTo} />}</Field>
      <Field label={t('leave.reason')}>{(p) => <textarea {...p} className="inp" maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
    </PanelFrame>
  )
}

export function AskSwap({ day, close }: { day: Day; close: () => void }) {
  const me = useMe()
  const { config } = useNames()
  const [other, setOther] = useState<string>()
  const [otherDay, setOtherDay] = useState(day)
  const [reason, setReason] = useState('')
  const mine = new Set(me?.teams.map((x) => x.id))
  const people = config.staff.filter((s) => s.active && s.id !== me?.id).toSorted((a, b) => Number(b.team_ids.some((x) => mine.has(x))) - Number(a.team_ids.some((x) => mine.has(x))))
  return (
    <PanelFrame title={SWAP} help={t('roster.swap.help', { day: dayName(day) })} submit={t('roster.swap.do')} disabled={!other || !otherDay} onSubmit={() => { close(); void askSwap({ day, other_id: other!, other_day: otherDay, ...(reason.trim() ? { reason: reason.trim() } : {}) }) }} close={close}>
      <Field label={t('roster.swap.who')} required>{(p) => <Select {...p} label={t('roster.swap.who')} value={other} choices={people.map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))} onChange={setOther} />}</Field>
      <Field label={t('roster.swap.day')} required>{(p) => <When {...p} kind="day" required value={otherDay} onChange={setOtherDay} />}</Field>
      <Field label={t('leave.reason')}>{(p) => <textarea {...p} className="inp" maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
    </PanelFrame>
  )
}
