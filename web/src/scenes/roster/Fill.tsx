import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { problemText } from '~/api/problem'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { When } from '~/parts/When'
import { Select } from '~/scenes/ticket/FieldInput'
import { PanelFrame } from '~/scenes/ticket/panels/Panel'
import { fill, rotationsQuery, saveRotation, tryFill, type Conflict, type Day, type PlanPerson, type ShiftTemplate } from '~/stores/plan'
import { useNames } from '~/stores/session'
import { Switch } from '~/scenes/intelligence/frame'
import { dayName } from './days'

const TITLE = 'roster.fill' as const

/** 轮班: a pattern of days that goes round, each person a step further; shown before it is drafted. */
export function Fill({ people, templates, from, to, close }: { people: PlanPerson[]; templates: ShiftTemplate[]; from: Day; to: Day; close: () => void }) {
  const names = useNames()
  const rotations = (useQuery(rotationsQuery).data?.items ?? []).filter((r) => !r.retired)
  const [rotation, setRotation] = useState<string>()
  const [begin, setBegin] = useState(from)
  const [end, setEnd] = useState(to)
  const [chosen, setChosen] = useState<string[]>(people.map((p) => p.user_id))
  const [step, setStep] = useState(1)
  const [keep, setKeep] = useState(true)
  const [name, setName] = useState('')
  const [pattern, setPattern] = useState<string[]>([])
  const [tried, setTried] = useState<{ n: number; conflicts: Conflict[] } | string>()
  const at = rotation ?? rotations[0]?.id
  const order = { rotation_id: at ?? '', people: people.filter((p) => chosen.includes(p.user_id)).map((p, i) => ({ user_id: p.user_id, offset: ((i * step) % 60) })), from: begin, to: end, keep }
  const body = JSON.stringify(order)
  useEffect(() => {
    setTried(undefined)
    if (!at || order.people.length === 0 || begin > end) return
    const timer = setTimeout(() => void tryFill(order).then((x) => setTried({ n: x.cells.length, conflicts: x.conflicts }), (error: unknown) => setTried(problemText(error))), 400)
    return () => clearTimeout(timer)
    // the order is compared as it is sent
  }, [body])
  const clash = typeof tried === 'object' ? tried.conflicts : []
  return (
    <PanelFrame title={TITLE} help={t('roster.fill.help')} submit={t('roster.fill.do', { n: typeof tried === 'object' ? tried.n : 0 })} disabled={typeof tried !== 'object' || tried.n === 0 || clash.length > 0} onSubmit={() => { close(); void fill(order) }} close={close}>
      {rotations.length > 0 && <Field label={t('roster.rotation')}>{(p) => <Select {...p} label={t('roster.rotation')} value={at} choices={rotations.map((r) => ({ id: r.id, text: r.name, sub: t('time.days', { n: r.pattern.length }) }))} onChange={setRotation} />}</Field>}
      <details className="more f13" open={rotations.length === 0 || undefined}>
        <summary>{t('roster.rotation.new')}</summary>
        <Field label={t('rules.name')}>{(p) => <input {...p} className="inp" maxLength={40} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Field label={t('roster.pattern')} help={t('roster.pattern.help')}>{() => (
          <div className="choices">
            {pattern.map((id, i) => <button key={i} type="button" className="chip" title={t('rules.line.remove')} onClick={() => setPattern(pattern.filter((_, k) => k !== i))}>{i + 1}{' '}{templates.find((s) => s.id === id)?.name ?? t('roster.off')}</button>)}
            {templates.map((s) => <button key={s.id} type="button" className="chip ol" onClick={() => setPattern([...pattern, s.id])}>{`+ ${s.name}`}</button>)}
            <button type="button" className="chip ol" onClick={() => setPattern([...pattern, ''])}>{`+ ${t('roster.off')}`}</button>
          </div>
        )}</Field>
        <div className="row" style={{ marginTop: 8 }}><Button look="sm" disabled={!name.trim() || pattern.length === 0} onClick={() => void saveRotation({ name: name.trim(), pattern, anchor: begin }).then((r) => { if (r) { setRotation(r.id); setPattern([]); setName('') } })}>{t('roster.rotation.save')}</Button></div>
      </details>
      <div className="two"><Field label={t('roster.from')}>{(p) => <When {...p} kind="day" required value={begin} onChange={setBegin} />}</Field><Field label={t('roster.to')}>{(p) => <When {...p} kind="day" required value={end} onChange={setEnd} />}</Field></div>
      <Field label={t('roster.offset')} help={t('roster.offset.help')}>{(p) => <input {...p} type="number" min={0} max={30} className="inp num" value={step} onChange={(e) => setStep(Math.max(0, Math.min(30, Number(e.target.value))))} />}</Field>
      <div className="setrow"><span className="sp f13">{t('roster.keep')}</span><Switch on={keep} label={t('roster.keep')} onChange={setKeep} /></div>
      <Field label={t('roster.people', { n: order.people.length })}>{() => <div className="whos">{people.map((p) => <label key={p.user_id} className="row g8 f13"><input type="checkbox" checked={chosen.includes(p.user_id)} onChange={(e) => setChosen(e.target.checked ? [...chosen, p.user_id] : chosen.filter((x) => x !== p.user_id))} />{p.name}</label>)}</div>}</Field>
      {typeof tried === 'string' && <p className="f12 red" role="alert">{tried}</p>}
      {clash.length > 0 && <div role="alert"><p className="f12 red">{t('roster.conflicts', { n: clash.length })}</p><ul className="f12 t2">{clash.slice(0, 10).map((c, i) => <li key={i}>{`${names.staff(c.user_id)} ${dayName(c.day)}`}{' '}{c.text}</li>)}</ul></div>}
    </PanelFrame>
  )
}
