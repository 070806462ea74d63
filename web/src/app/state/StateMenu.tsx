import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { ChoiceList } from '~/parts/ChoiceList'
import { Time, useNow } from '~/parts/Time'
import { myStateQuery, setMyState, stateName, states, type AgentState, type StateName } from '~/stores/roster'
import { serverNow } from '~/stores/moment'
import { span, useSecond } from '~/stores/second'
import { useNames } from '~/stores/session'

/** A state as a shape and a colour: filled takes work, hollow does not. */
export function StateDot({ state }: { state: string | undefined }) {
  return <i className={`sdot ${state ?? 'offline'}`} aria-hidden="true" />
}

export function useMyState(): AgentState | undefined {
  return useQuery(myStateQuery).data
}

/** What holds now: since when, by whom, until when, and how much of the break is left. */
export function StateLine({ state }: { state: AgentState }) {
  const now = useNow()
  const names = useNames()
  return (
    <div className="stateline">
      <div className="row g8 f13"><StateDot state={state.state} /><b>{stateName(state.state)}</b><span className="sp" />{state.since && <Since at={state.since} />}</div>
      {state.until && <div className="f12 t3">{t('state.until', { at: clock(state.until, now) })}</div>}
      {state.forced && <div className="f12 amber">{t('state.forced', { name: names.staff(state.by_id) || t('state.supervisor') })}</div>}
      <Quota state={state} />
    </div>
  )
}

/** Counts down while the break lasts. */
function Quota({ state }: { state: AgentState }) {
  const now = useSecond()
  const [read] = useState(() => serverNow())
  if (state.break_left_seconds === undefined) return null
  const left = Math.ceil((state.break_left_seconds - (state.state === 'break' ? (now - read) / 1000 : 0)) / 60)
  return left < 0 ? <div className="f12 amber">{t('state.quota.over', { n: -left })}</div> : <div className="f12 t3">{t('state.quota', { n: left })}</div>
}

function Since({ at }: { at: string }) {
  const now = useSecond()
  const ms = now - Date.parse(at)
  return ms < 12 * 3_600_000 ? <span className="f12 t2" title={t('state.since')}>{span(ms)}</span> : <span className="f12 t2"><Time at={at} as="clock" /></span>
}

/** The states to choose from; a break and a meal take their usual length with them. */
export function StateMenu({ close }: { close: () => void }) {
  const mine = useMyState()
  const choose = (id: string) => {
    close()
    void setMyState(id as StateName)
  }
  return (
    <div className="statemenu">
      {mine && <StateLine key={mine.since} state={mine} />}
      <ChoiceList label={t('action.state')} choices={states.map((s, i) => ({ id: s, text: stateName(s), sub: t(`state.help.${s}`), glyph: <StateDot state={s} />, keys: String(i + 1), on: s === mine?.state, disabled: s === 'break' && (mine?.break_left_seconds ?? 1) <= 0 && mine?.state !== 'break' }))} onChoose={choose} />
    </div>
  )
}
