import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { Clocks, SLAClock, SLAInterval, SLAPolicy, Ticket } from '~/api/types'
import { named, t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { clock as clockText, exact } from '~/i18n/format'
import { Icon } from '~/parts/Icon'
import { statusName } from '~/parts/Glyph'
import { allMetrics, metricName, secondsText } from '~/parts/slaText'
import { calendarsQuery } from '~/stores/calendar'
import { useMoment } from '~/stores/moment'
import { useNames, type Names } from '~/stores/session'
import type { Status } from '~/api/types'
import { stepText, toldOf } from './told'
import { ClockActs } from './ClockActs'
import { clockKey } from './ClockChips'

/** How a clock stands this second, from what the server said a moment ago: business time goes on while it runs. */
function liveSeconds(c: SLAClock, asked: number, now: number): { left: number; elapsed: number } {
  const open = c.why?.at(-1)
  // around the clock it runs on by itself; by other calendars what was said holds until it is asked again
  const on = !c.ended_at && c.runs && open?.calendar === 'always' ? Math.max(0, (now - asked) / 1000) : 0
  return { left: c.left_seconds - on, elapsed: c.elapsed_seconds + on }
}

/** Why a clock stands where it does: policy, intervals, what is left to the second, what was told, and what can be done. */
export function WhyClock({ ticket, clocks, metric, policy, close }: { ticket: Ticket; clocks: Clocks; metric: string; policy?: SLAPolicy; close: () => void }) {
  const [at, setAt] = useState(metric)
  const names = useNames()
  const calendars = useQuery(calendarsQuery).data
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const frame = requestAnimationFrame(() => box.current?.focus({ preventScroll: true }))
    return () => cancelAnimationFrame(frame)
  }, [])
  const nameOf = (x: SLAClock) => (x.unit_id ? names.unit(x.metric, x.unit_id) : metricName(x.metric))
  const kinds = allMetrics.flatMap((m) => [...new Set(clocks.items.filter((x) => x.metric === m).map(clockKey))])
  const newest = (k: string) => clocks.items.findLast((x) => clockKey(x) === k)
  const c = newest(at) ?? clocks.items.at(-1)!
  const asked = Date.parse(clocks.now)
  const left = useMoment((now) => Math.round(liveSeconds(c, asked, now).left))
  const elapsed = useMoment((now) => Math.round(liveSeconds(c, asked, now).elapsed))
  const now = useMoment((x) => Math.floor(x / 1000) * 1000)
  const calendarName = (key: string) => (key === 'always' || key === '' ? t('sla.always') : named(calendars?.find((x) => x.key === key)?.name) || key)
  const due = c.due_at ? Date.parse(c.due_at) : undefined
  const intervals = c.why ?? []
  const told = toldOf(clocks, c)
  const others = clocks.items.filter((x) => x.ended_at && !x.unit_id && x.metric !== c.metric && (x.target_seconds ?? 0) > 0).slice(-3)
  const head = c.ended_at ? t(`sla.state.${c.state}`) : !c.target_seconds ? t('sla.nothing') : c.state === 'paused' ? t('sla.left.paused', { time: secondsText(left) }) : left < 0 ? t('sla.over.by', { time: secondsText(left) }) : t('sla.left', { time: secondsText(left) })
  return (
    <div className="whyclock" role="dialog" aria-label={t('sla.why', { metric: nameOf(c) })} tabIndex={-1} ref={box}>
      {kinds.length > 1 && <div className="segment" role="radiogroup" aria-label={t('sla.clocks')}>{kinds.map((k) => <button key={k} type="button" role="radio" aria-checked={k === clockKey(c)} onClick={() => setAt(k)}>{nameOf(newest(k)!)}</button>)}</div>}
      <div className="row g8"><b className="sp">{t('sla.clock', { metric: nameOf(c) })}{c.round > 1 && <span className="t3">{` · ${t('sla.round', { n: c.round })}`}</span>}</b><b className={c.state === 'breached' || left < 0 ? 'red' : undefined}>{head}</b></div>
      <p className="f12 t2">
        {[clocks.policy_name ? t('sla.policy', { name: shipped(clocks.policy_name), version: clocks.policy_version ?? 1 }) : t('sla.nopolicy'), calendarName(intervals.at(-1)?.calendar ?? '')].join(' · ')}
        {due !== undefined && <>{' · '}<span title={exact(c.due_at!)}>{t('sla.due', { at: toSecond(due, now) })}</span></>}
      </p>
      <Bar c={c} now={c.ended_at ? Date.parse(c.ended_at) : now} due={due} />
      {c.unit_id && stays(c) > 1 && <p className="f12 t2">{t('sla.stays', { n: stays(c) })}</p>}
      <dl className="sums f12"><div><dt>{t('sla.sum.target')}</dt><dd>{c.target_seconds ? secondsText(c.target_seconds) : '–'}</dd></div>{(c.extra_seconds ?? 0) > 0 && <div><dt>{t('sla.sum.extra')}</dt><dd>{`+${secondsText(c.extra_seconds!)}`}</dd></div>}<div><dt>{t('sla.sum.elapsed')}</dt><dd>{secondsText(elapsed)}</dd></div><div><dt>{t('sla.sum.paused')}</dt><dd>{secondsText(paused(intervals, now))}</dd></div></dl>
      <ol className="ivs">
        {intervals.slice(-30).flatMap((x, i, list) => {
          const before = list[i - 1]
          const rows = [<Interval key={x.from} x={x} now={now} names={names} away={c.unit_id !== undefined} live={x.to === undefined && x.mode === 'running' ? elapsed - sumBefore(intervals) : undefined} />]
          if (before && before.target_seconds !== x.target_seconds && x.target_seconds && before.target_seconds) rows.unshift(<li key={`${x.from}t`} className="ivn"><span /><span className="t2">{toMinute(Date.parse(x.from), now)}</span><span className="sp">{t('sla.target.changed', { from: secondsText(before.target_seconds), to: secondsText(x.target_seconds) })}</span></li>)
          if (before && before.calendar !== x.calendar) rows.unshift(<li key={`${x.from}c`} className="ivn"><span /><span className="t2">{toMinute(Date.parse(x.from), now)}</span><span className="sp">{t('sla.calendar.changed', { name: calendarName(x.calendar) })}</span></li>)
          return rows
        })}
        {told.map((e) => <li key={`${e.step}${e.at}`} className="ivn"><span className={e.kind === 'breach' || e.kind === 'red_card' ? 'red' : 'amber'}><Icon name={e.kind === 'breach' ? 'warn' : 'bell'} size="s" /></span><span className="t2">{toMinute(Date.parse(e.at), now)}</span><span className="sp">{stepText(e.step) ?? e.step}{e.to.length > 0 && <span className="t3">{` · ${e.to.map((p) => p.name).join(t('common.and'))}`}</span>}</span></li>)}
        {c.acknowledged && <li className="ivn"><span className="green"><Icon name="check" size="s" /></span><span className="t2">{toMinute(Date.parse(c.acknowledged.at), now)}</span><span className="sp">{t('sla.acked', { name: c.acknowledged.by.name })}</span></li>}
      </ol>
      {policy && (policy.warnings ?? []).length > 0 && !c.ended_at && <p className="f12 t3">{t('sla.warns', { list: (policy.warnings ?? []).map((w) => (w.percent ? t('sla.warn.percent', { n: w.percent }) : t('sla.warn.before', { time: secondsText((w.before_minutes ?? 0) * 60) }))).join(t('common.and')) })}</p>}
      {others.map((x) => <p key={`${x.metric}${x.round}`} className="f12 t2">{t('sla.other', { metric: metricName(x.metric), elapsed: secondsText(x.elapsed_seconds), target: secondsText(x.target_seconds ?? 0) })}<span className={x.state === 'met' ? 'green' : x.state === 'breached' ? 'red' : undefined}>{t(`sla.state.${x.state}`)}</span></p>)}
      <ClockActs ticket={ticket} clocks={clocks} clock={c} policy={policy} close={close} />
    </div>
  )
}

/** How often the ticket has come to the department or team whose clock it is. */
const stays = (c: SLAClock): number => 1 + (c.why ?? []).filter((x) => x.mode === 'over').length

const sumBefore = (list: SLAInterval[]): number => list.slice(0, -1).reduce((n, x) => n + x.counted_seconds, 0)
const paused = (list: SLAInterval[], now: number): number => list.filter((x) => x.mode === 'paused').reduce((n, x) => n + ((x.to ? Date.parse(x.to) : now) - Date.parse(x.from)) / 1000, 0)

const toSecond = (at: number, now: number): string => { const s = new Date(at).toISOString(); return `${clockText(s, now)}:${String(new Date(at).getSeconds()).padStart(2, '0')}` }
const toMinute = (at: number, now: number): string => clockText(new Date(at).toISOString(), now)

/** What a pause waits for, in the words of the product. */
export function pauseText(why: string | undefined, names: Names): string {
  if (!why) return t('sla.iv.paused')
  if (why === 'condition') return t('sla.iv.condition')
  const [status, reason] = why.split(':') as [Status, string | undefined]
  return reason ? t('sla.iv.hold', { status: statusName(status), reason: names.keyed('hold_reasons', reason) }) : t('sla.iv.status', { status: statusName(status) })
}

function Interval({ x, now, names, away, live }: { x: SLAInterval; now: number; names: Names; away: boolean; live?: number }) {
  const from = Date.parse(x.from)
  const to = x.to ? Date.parse(x.to) : undefined
  const wall = ((to ?? now) - from) / 1000
  const counted = live !== undefined && live >= 0 ? live : x.counted_seconds
  return (
    <li className={`iv ${x.mode}`}>
      <i aria-hidden="true" />
      <span className="t2" title={`${exact(x.from)}${x.to ? ` – ${exact(x.to)}` : ''}`}>{to === undefined ? t('sla.iv.since', { from: toMinute(from, now) }) : `${toMinute(from, now)}–${toMinute(to, to)}`}</span>
      <span className="sp ell">{x.mode === 'running' ? t(away ? 'sla.iv.held' : to === undefined ? 'sla.iv.now' : 'sla.iv.running') : x.mode === 'over' ? t(away ? 'sla.iv.away' : 'sla.iv.over') : pauseText(x.why, names)}</span>
      <span className={x.mode === 'running' ? 'fig' : 'fig t3'} title={x.mode === 'running' && Math.abs(wall - counted) > 60 ? t('sla.iv.wall', { time: secondsText(wall) }) : undefined}>{x.mode === 'running' ? secondsText(counted) : t('sla.iv.not', { time: secondsText(wall) })}</span>
    </li>
  )
}

/** The intervals to scale, from the start to now, and what is left after it. */
function Bar({ c, now, due }: { c: SLAClock; now: number; due?: number }) {
  const start = Date.parse(c.started_at)
  const end = Math.max(now, due ?? now)
  const share = (ms: number) => `${Math.max(0.4, (100 * ms) / Math.max(1, end - start))}%`
  return (
    <div className="ivbar" aria-hidden="true">
      {(c.why ?? []).map((x) => {
        const [from, to] = [Date.parse(x.from), x.to ? Date.parse(x.to) : now]
        const late = due !== undefined && x.mode === 'running' && to > due
        return late && from < due ? <span key={x.from} className="two" style={{ width: share(to - from) }}><i className="running" style={{ flexGrow: due - from }} /><i className="late" style={{ flexGrow: to - due }} /></span> : <i key={x.from} className={late ? 'late' : x.mode} style={{ width: share(to - from) }} />
      })}
    </div>
  )
}
