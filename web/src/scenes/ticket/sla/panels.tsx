import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { exact } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { Field } from '~/parts/Field'
import { lengthText, metricName } from '~/parts/slaText'
import { Select } from '~/scenes/ticket/FieldInput'
import { PanelFrame, type PanelProps } from '~/scenes/ticket/panels/Panel'
import { serverNow } from '~/stores/moment'
import { useNames } from '~/stores/session'
import { clocksQuery, extend, named, superviseTicket } from '~/stores/sla'

const amounts = [30, 60, 240, 480, 1440] as const
const Minutes = ({ label, value, onChange }: { label: string; value: number; onChange: (n: number) => void }) => (
  <div className="choices" role="radiogroup" aria-label={label}>{amounts.map((n) => <button key={n} type="button" role="radio" aria-checked={n === value} className="choice" onClick={() => onChange(n)}>{n < 60 ? t('time.minutes', { n }) : n < 1440 ? t('time.hours', { n: n / 60 }) : t('time.days', { n: n / 1440 })}</button>)}</div>
)

/** 延期: asks for more time before it has passed; somebody else decides. */
export function ExtendPanel({ ticket, close }: PanelProps) {
  const clocks = useQuery(clocksQuery(ticket)).data
  const open = (clocks?.items ?? []).filter((c) => !c.ended_at && (c.target_seconds ?? 0) > 0 && c.state !== 'breached')
  const [key, setKey] = useState('')
  const [minutes, setMinutes] = useState(60)
  const [reason, setReason] = useState('')
  const [customer, setCustomer] = useState(false)
  const id = (c: (typeof open)[number]) => `${c.metric}:${c.unit_id ?? ''}`
  const c = open.find((x) => id(x) === key) ?? open.toSorted((a, b) => (a.due_at ?? '9').localeCompare(b.due_at ?? '9'))[0]
  const submit = async () => {
    if (c && (await extend(ticket.id, { ...named(c), minutes, reason: reason.trim(), customer_told: customer }))) close()
  }
  return (
    <PanelFrame title={'extend.title'} help={open.length || !clocks ? t('extend.help') : t('extend.none')} submit={t('extend.submit')} disabled={!c || !reason.trim()} onSubmit={() => void submit()} close={close}>
      {open.length > 1 && <Field label={t('extend.which')}>{() => <div className="choices" role="radiogroup" aria-label={t('extend.which')}>{open.map((x) => <button key={id(x)} type="button" role="radio" aria-checked={x === c} className="choice" onClick={() => setKey(id(x))}>{metricName(x.metric)}</button>)}</div>}</Field>}
      {c && <p className="f12 t2" style={{ marginTop: 8 }}>{metricName(c.metric)}{' · '}{c.due_at ? t('sla.until', { at: exact(c.due_at) }) : t('sla.paused')}{' · '}{t('sla.left', { time: lengthText(c.left_seconds * 1000) })}</p>}
      <Field label={t('extend.by')} help={t('extend.by.help')}>{() => <Minutes label={t('extend.by')} value={minutes} onChange={setMinutes} />}</Field>
      <Field label={t('extend.reason')} required>{(p) => <textarea {...p} data-first className="inp" required maxLength={1000} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
      <label className="row g8 f13" style={{ marginTop: 14 }}><input type="checkbox" checked={customer} onChange={(e) => setCustomer(e.target.checked)} />{t('extend.customer')}</label>
    </PanelFrame>
  )
}

/** 督办: an order with a deadline of its own and the duty to reply. */
export function SupervisePanel({ ticket, close }: PanelProps) {
  const { config } = useNames()
  const [words, setWords] = useState('')
  const [minutes, setMinutes] = useState(60)
  const [user, setUser] = useState(ticket.assignee?.id ?? '')
  const submit = async () => {
    if (await superviseTicket(ticket.id, { words: words.trim(), minutes, ...(user ? { user_id: user } : {}) })) close()
  }
  return (
    <PanelFrame title={'supervise.title'} help={t('supervise.help')} submit={t('supervise.submit')} disabled={!words.trim() || !user} onSubmit={() => void submit()} close={close}>
      <Field label={t('supervise.words')} required>{(p) => <textarea {...p} data-first className="inp" required maxLength={2000} value={words} onChange={(e) => setWords(e.target.value)} />}</Field>
      <Field label={t('supervise.user')} required>{(p) => <Select {...p} label={t('supervise.user')} value={user} choices={config.staff.filter((s) => s.active).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))} onChange={setUser} />}</Field>
      <Field label={t('supervise.due')} help={t('supervise.due.help', { at: exact(new Date(serverNow() + minutes * 60_000).toISOString()) })}>{() => <Minutes label={t('supervise.due')} value={minutes} onChange={setMinutes} />}</Field>
    </PanelFrame>
  )
}
