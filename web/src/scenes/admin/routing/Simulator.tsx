import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { useNow } from '~/parts/Time'
import { Meaning, number, percent1, Segmented } from '~/scenes/intelligence/frame'
import { cancelSimulation, setState, simulate, simulating, simulationQuery, simulationsQuery, type Outcome, type Simulation } from '~/stores/rules'
import { span } from '~/stores/second'
import { useNames } from '~/stores/session'

const days = ['1', '3', '7', '14', '30'] as const

/** Plays the last days again by this version and by the one that is on, on the same arrivals. */
export function Simulator({ version, dirty, active, save, able, onOpen }: { version: number; dirty: boolean; active?: number; save: () => Promise<number | undefined>; able: boolean; onOpen: (v: number) => void }) {
  const now = useNow()
  const names = useNames()
  const [span1, setSpan] = useState<(typeof days)[number]>('7')
  const list = useQuery(simulationsQuery).data?.items ?? []
  const [chosen, setChosen] = useState<string>()
  const [begun, setBegun] = useState(false)
  const id = chosen ?? list.find((s) => s.version === version)?.id ?? list[0]?.id ?? ''
  const sim = useQuery(simulationQuery(id)).data
  const running = list.find(simulating) ?? (sim && simulating(sim) ? sim : undefined)
  const run = async () => {
    setBegun(true)
    const v = await save()
    if (v !== undefined) {
      const made = await simulate(v, Number(span1))
      if (made) setChosen(made)
    }
    setBegun(false)
  }
  return (
    <div className="sim">
      <div className="row g12 wrap simbar">
        <span className="f13">{t('sim.last')}</span>
        <Segmented label={t('sim.last')} value={span1} options={days.map((d) => [d, t('time.days', { n: Number(d) })] as const)} onChange={setSpan} />
        <Button look="p" icon="play" disabled={!able || begun || running !== undefined} onClick={() => void run()}>{t(dirty ? 'sim.runDirty' : 'sim.run', { n: version })}</Button>
        <span className="f12 t3 sp">{t('sim.help')}</span>
      </div>
      {running && <Progress sim={running} />}
      {!id ? <EmptyState icon="flask" title={t('sim.none')} help={t('sim.none.help')} />
        : sim?.result ? <Result sim={sim} active={active} able={able} onOpen={onOpen} />
        : sim?.state === 'failed' ? <p className="f13 red" role="alert">{sim.error ?? t('sim.failed')}</p>
        : sim?.state === 'cancelled' ? <p className="f13 t2">{t('sim.cancelled')}</p> : null}
      {list.length > 0 && (
        <section aria-label={t('sim.past')}>
          <h3 className="h2">{t('sim.past')}</h3>
          <div className="runs">
            {list.slice(0, 30).map((s) => (
              <div key={s.id} className={s.id === id ? 'run on' : 'run'}><button type="button" className="sp ell f13" onClick={() => setChosen(s.id)}>{t('rules.version', { n: s.version ?? 0, name: '' })}{' · '}{t('time.days', { n: s.days })}</button><span className="f12 t3">{t(`sim.state.${s.state}`)}</span><span className="f12 t3 nw">{clock(s.at, now)}</span><span className="f12 t3 nw not-phone">{names.staff(s.by)}</span></div>
            ))}
          </div>
        </section>
      )}
    </div>
  )
}

function Progress({ sim }: { sim: Simulation }) {
  const share = sim.total ? Math.min(1, sim.done / sim.total) : 0
  return (
    <div className="row g12 simrun" role="status">
      <span className="f13">{t('sim.running', { share: percent1(share) })}</span>
      <span className="bar sp" role="progressbar" aria-label={t('sim.title')} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}><i style={{ width: `${share * 100}%` }} /></span>
      <Button look="sm" onClick={() => void cancelSimulation(sim.id)}>{t('common.cancel')}</Button>
    </div>
  )
}

interface Metric { key: 'unserved' | 'wait50' | 'wait90' | 'spread' | 'skill' | 'sla'; of: (o: Outcome) => number; text: (v: number) => string; less: boolean }
const metrics: Metric[] = [
  { key: 'unserved', of: (o) => o.unserved, text: (v) => number(v, 0), less: true },
  { key: 'wait50', of: (o) => o.wait_p50_seconds, text: (v) => span(v * 1000), less: true },
  { key: 'wait90', of: (o) => o.wait_p90_seconds, text: (v) => span(v * 1000), less: true },
  { key: 'spread', of: (o) => o.spread, text: (v) => number(v, 2), less: true },
  { key: 'skill', of: (o) => o.skill, text: percent1, less: false },
  { key: 'sla', of: (o) => o.sla, text: percent1, less: false },
]

function Result({ sim, active, able, onOpen }: { sim: Simulation; active?: number; able: boolean; onOpen: (v: number) => void }) {
  const { current, changed } = sim.result!
  const on = !!sim.version && sim.version === active
  return (
    <section aria-label={t('sim.result')}>
      <div className="row g12 wrap simhead">
        <h3 className="h2 sp">{t('sim.result')}<span className="f12 t3">{t('sim.of', { n: sim.result!.tickets, days: sim.days })}</span></h3>
        {able && !!sim.version && (on ? <span className="chip green">{t('rules.state.active')}</span> : <Button look="p" onClick={() => { void setState(sim.version!, 'active', active); onOpen(sim.version!) }}>{t('sim.switchOn', { n: sim.version })}</Button>)}
      </div>
      <div className="scroll-x">
        <table className="tbl simtab">
          <thead><tr><th scope="col">{t('sim.metric')}</th><th scope="col" className="r">{t('sim.current')}</th><th scope="col" className="r">{t('sim.changed')}</th><th scope="col" className="r">{t('sim.difference')}</th><th scope="col" className="barcol2"><span className="hide">{t('sim.bars')}</span></th></tr></thead>
          <tbody>
            {metrics.map((m) => {
              const [a, b] = [m.of(current), m.of(changed)]
              const top = Math.max(a, b, 1e-9)
              const same = Math.abs(a - b) < 1e-9 || m.text(a) === m.text(b)
              const better = m.less ? b < a : b > a
              return (
                <tr key={m.key}>
                  <th scope="row"><Meaning text={t(`sim.m.${m.key}.help`)}>{t(`sim.m.${m.key}`)}</Meaning></th>
                  <td className="r">{m.text(a)}</td><td className="r"><b>{m.text(b)}</b></td>
                  <td className={same ? 'r t3' : better ? 'r green' : 'r red'}>{same ? t('sim.same') : t(better ? 'sim.better' : 'sim.worse', { by: m.text(Math.abs(b - a)) })}</td>
                  <td className="barcol2"><span className="duo" aria-hidden="true"><i style={{ width: `${(100 * a) / top}%` }} /><i className="new" style={{ width: `${(100 * b) / top}%` }} /></span></td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <p className="f12 t2 flg"><span><i className="f4" />{t('sim.current')}</span><span><i className="f1" />{t('sim.changed')}</span></p>
      <Line current={current.queue} changed={changed.queue} />
      <Spread current={current} changed={changed} />
    </section>
  )
}

const W = 720
const H = 120
/** Length of the queue over the time played: two lines on one scale. */
function Line({ current, changed }: { current: NonNullable<Outcome['queue']>; changed: NonNullable<Outcome['queue']> }) {
  const now = useNow()
  const all = [...current, ...changed]
  if (all.length < 4) return null
  const [from, to] = [Math.min(...all.map((p) => Date.parse(p.at))), Math.max(...all.map((p) => Date.parse(p.at)))]
  const top = Math.max(1, ...all.map((p) => p.waiting))
  const path = (list: typeof current) => list.map((p, i) => `${i ? 'L' : 'M'}${((W * (Date.parse(p.at) - from)) / Math.max(1, to - from)).toFixed(1)} ${(H - (H * p.waiting) / top).toFixed(1)}`).join('')
  const peak = (list: typeof current) => Math.max(0, ...list.map((p) => p.waiting))
  return (
    <figure className="simline">
      <figcaption className="f13">{t('sim.queue')}<span className="f12 t3">{t('sim.queue.peak', { a: peak(current), b: peak(changed) })}</span></figcaption>
      <svg viewBox={`0 -4 ${W} ${H + 22}`} role="img" aria-label={t('sim.queue.peak', { a: peak(current), b: peak(changed) })} preserveAspectRatio="none">
        <line x1={0} y1={H} x2={W} y2={H} stroke="var(--line-strong)" /><path d={path(current)} fill="none" stroke="var(--text-3)" strokeWidth={1.5} vectorEffect="non-scaling-stroke" /><path d={path(changed)} fill="none" stroke="var(--c1)" strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
      </svg>
      <div className="row f12 t3"><span className="sp">{clock(new Date(from).toISOString(), now)}</span><span>{clock(new Date(to).toISOString(), now)}</span></div>
    </figure>
  )
}

/** Who would have got how many; those whose share changes most first. */
function Spread({ current, changed }: { current: Outcome; changed: Outcome }) {
  const names = useNames()
  const before = new Map(current.agents.map((a) => [a.id, a.given]))
  const rows = changed.agents.map((a) => ({ id: a.id, now: a.given, was: before.get(a.id) ?? 0 })).toSorted((x, y) => Math.abs(y.now - y.was) - Math.abs(x.now - x.was)).slice(0, 12)
  const top = Math.max(1, ...rows.flatMap((r) => [r.now, r.was]))
  return (
    <details className="more f13"><summary>{t('sim.agents')}</summary>
      <table className="tbl"><tbody>{rows.map((r) => <tr key={r.id}><th scope="row">{names.staff(r.id) || r.id}</th><td className="r">{r.was}</td><td className="r">{r.now}</td><td className="barcol2"><span className="duo" aria-hidden="true"><i style={{ width: `${(100 * r.was) / top}%` }} /><i className="new" style={{ width: `${(100 * r.now) / top}%` }} /></span></td></tr>)}</tbody></table>
    </details>
  )
}
