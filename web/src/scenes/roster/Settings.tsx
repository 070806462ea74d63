import { useQuery } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import { Problem, problemText } from '~/api/problem'
import { t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { When } from '~/parts/When'
import { Page, Switch, useDraft, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { exportURL, importPlan, rosterSettingsQuery, saveRosterSettings, type Imported, type RosterSettings } from '~/stores/plan'
import { stateName, states, type StateName } from '~/stores/roster'
import { can, useMe, useNames } from '~/stores/session'
import { say } from '~/stores/toast'
import { add, dayName, dayOf, monday } from './days'

type Figure = 'grace_seconds' | 'break_minutes_per_day' | 'min_rest_minutes' | 'max_shift_minutes' | 'max_week_minutes'
const figures: [Figure, number][] = [['grace_seconds', 1], ['break_minutes_per_day', 1], ['min_rest_minutes', 60], ['max_shift_minutes', 60], ['max_week_minutes', 60]]

/** The rules of presence and planning, and the plan as a table to take out and bring in. */
export function Settings() {
  const query = useQuery(rosterSettingsQuery)
  return (
    <Page title={t('roster.page.settings')} help={t('roster.settings.help')}>
      <Wait query={query}>{query.data && <Form saved={query.data as RosterSettings} />}</Wait>
      <Table />
    </Page>
  )
}

function Form({ saved }: { saved: RosterSettings }) {
  const able = can(useMe(), 'config.manage')
  const [draft = saved, setDraft, dirty, drop] = useDraft<RosterSettings>(saved)
  const [error, setError] = useState<unknown>()
  const set = (part: Partial<RosterSettings>) => { setError(undefined); setDraft({ ...draft, ...part }) }
  const wrong = (name: string) => (error instanceof Problem ? error.errors.find((e) => e.field.replace(/^body\./, '') === name)?.message : undefined)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    try {
      await saveRosterSettings(saved, draft)
      drop()
    } catch (problem) {
      setError(problem)
    }
  }
  const off = (s: StateName) => draft.no_work_states.includes(s)
  return (
    <form className="pform" onSubmit={(e) => void submit(e)}>
      <div className="two">{figures.map(([name, per]) => (
        <Field key={name} label={t(`roster.set.${name}`)} help={t(`roster.set.${name}.help`)} error={wrong(name)}>{(p) => <input {...p} className="inp num" inputMode="decimal" disabled={!able} key={saved[name]} defaultValue={draft[name] / per || ''} placeholder={name === 'max_week_minutes' || name === 'break_minutes_per_day' ? t('slap.nolimit') : undefined} onChange={(e) => set({ [name]: Math.round((Number(e.target.value.replace(/[^\d.]/g, '')) || 0) * per) })} />}</Field>
      ))}</div>
      <div className="setrow"><Switch on={draft.swap_needs_approval} disabled={!able} label={t('roster.set.swap')} onChange={(swap_needs_approval) => set({ swap_needs_approval })} /><span className="f13">{t('roster.set.swap')}</span></div>
      <Field label={t('roster.set.nowork')} help={t('roster.set.nowork.help')} error={wrong('no_work_states')}>{() => (
        <div className="choices" role="group" aria-label={t('roster.set.nowork')}>{states.map((s) => <button key={s} type="button" role="checkbox" className="choice" aria-checked={off(s)} disabled={!able || s === 'online' || s === 'offline'} onClick={() => set({ no_work_states: off(s) ? draft.no_work_states.filter((x) => x !== s) : [...draft.no_work_states, s] })}>{stateName(s)}</button>)}</div>
      )}</Field>
      {error !== undefined && <p className="red f13" role="alert">{problemText(error)}</p>}
      {able && <div className="row g8 pend"><Button look="p" type="submit" disabled={!dirty}>{t('common.save')}</Button>{dirty && <Button look="q" onClick={() => { setError(undefined); drop() }}>{t('bizcal.drop')}</Button>}</div>}
    </form>
  )
}

/** The plan as CSV or XLSX; what comes in is shown first and becomes a draft. */
function Table() {
  const { config } = useNames()
  const able = can(useMe(), 'roster.manage')
  const [from, setFrom] = useState(() => monday(dayOf(new Date())))
  const [to, setTo] = useState(() => add(monday(dayOf(new Date())), 27))
  const [team, setTeam] = useState('')
  const [file, setFile] = useState<File>()
  const [found, setFound] = useState<Imported>()
  const [error, setError] = useState<unknown>()
  const input = useRef<HTMLInputElement>(null)
  const names = useNames()
  const look = async (f: File | undefined) => {
    setError(undefined)
    setFound(undefined)
    setFile(f)
    if (!f) return
    try {
      setFound(await importPlan(f, true))
    } catch (problem) {
      setError(problem)
    }
  }
  const carryOut = async () => {
    if (!file) return
    try {
      const done = await importPlan(file, false)
      say(t('roster.said.drafted', { n: done.cells.length }))
      setFound(undefined)
    } catch (problem) {
      setError(problem)
    }
  }
  const bad = (found?.problems.length ?? 0) + (found?.conflicts?.length ?? 0)
  return (
    <section aria-label={t('roster.table')}>
      <h2 className="h2">{t('roster.table')}</h2>
      <p className="f13 t2">{t('roster.table.help')}</p>
      <div className="row g8 wrap tableout">
        <When kind="day" required label={t('roster.from')} value={from} onChange={setFrom} /><span className="t3">{'–'}</span><When kind="day" required label={t('roster.to')} value={to} min={from} onChange={setTo} />
        <span className="teamsel"><Select label={t('side.team')} value={team} choices={[{ id: '', text: t('roster.everybody') }, ...config.teams.map((x) => ({ id: x.id, text: x.name }))]} onChange={setTeam} /></span>
        {(['xlsx', 'csv'] as const).map((f) => <a key={f} className="btn" href={exportURL(from, to, team || undefined, f)} download><Icon name="download" />{t('roster.export', { format: f.toUpperCase() })}</a>)}
        {able && <Button icon="plus" onClick={() => input.current?.click()}>{t('roster.import')}</Button>}
        <input ref={input} data-plan type="file" hidden accept=".csv,.xlsx,text/csv" onChange={(e) => { void look(e.target.files?.[0]); e.target.value = '' }} />
      </div>
      {error !== undefined && <p className="red f13" role="alert">{problemText(error)}</p>}
      {found && (
        <div className="preview" role="status">
          <p className="f13"><b>{file?.name}</b>{' '}{t('roster.import.says', { n: found.cells.length, bad })}</p>
          {bad > 0 && <ul className="f12 t2">{found.problems.slice(0, 20).map((p) => <li key={`${p.row}:${p.column}`}>{t('roster.import.cell', { row: p.row, column: p.column, text: p.text })}{t(`roster.code.${p.code}` as Key)}</li>)}{found.conflicts?.slice(0, 20).map((c) => <li key={`${c.user_id}${c.day}${c.code}`}>{`${names.staff(c.user_id)} ${dayName(c.day)} `}{t(`error.${c.code}` as Key)}</li>)}</ul>}
          <div className="row g8"><Button look="p" disabled={found.cells.length === 0 || (found.conflicts?.length ?? 0) > 0} onClick={() => void carryOut()}>{t('roster.import.do', { n: found.cells.length })}</Button><Button look="q" onClick={() => setFound(undefined)}>{t('common.cancel')}</Button></div>
        </div>
      )}
    </section>
  )
}
