import { useQuery } from '@tanstack/react-query'
import type { Priority, SLAPromise, SLATarget } from '~/api/types'
import { named, t } from '~/i18n'
import { PriorityBars, priorityName } from '~/parts/Glyph'
import { metricName, metrics } from '~/parts/slaText'
import { priorities } from '~/scenes/inbox/filterChoices'
import { calendarsQuery } from '~/stores/calendar'

const units = [['d', 1440], ['h', 60], ['m', 1]] as const
type Unit = (typeof units)[number][0]
const sizeOf = (u: Unit): number => units.find((x) => x[0] === u)![1]
/** The largest unit that says it without a rest. */
export const unitOf = (minutes: number): Unit => units.find(([, n]) => minutes % n === 0 && minutes >= n)?.[0] ?? 'm'

/** What is promised: metric by priority, each in business or calendar time. */
export function Targets({ targets, onChange }: { targets: SLATarget[]; onChange: (t: SLATarget[]) => void }) {
  const calendars = (useQuery(calendarsQuery).data ?? []).filter((c) => !c.retired && c.key !== 'always')
  const put = (metric: SLATarget['metric'], priority: Priority, promise: SLAPromise | undefined) => {
    const old = targets.find((x) => x.metric === metric) ?? { metric }
    const next: SLATarget = { ...old, [priority]: promise }
    const list = metrics.flatMap((m) => (m === metric ? [next] : targets.filter((x) => x.metric === m)))
    onChange(list.filter((x) => priorities.some((p) => x[p])))
  }
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label={t('slap.targets')}>
      <table className="targets">
        <thead><tr><td />{priorities.map((p) => <th key={p} scope="col"><span className="row g4"><PriorityBars priority={p} />{priorityName(p)}</span></th>)}</tr></thead>
        <tbody>
          {metrics.map((m) => (
            <tr key={m}>
              <th scope="row"><b className="f13">{metricName(m)}</b><p className="f12 t3">{t(`slap.metric.${m}`)}</p></th>
              {priorities.map((p) => <td key={p}><Cell label={`${metricName(m)} ${priorityName(p)}`} promise={targets.find((x) => x.metric === m)?.[p]} calendars={calendars.map((c) => [c.key, named(c.name)])} onChange={(x) => put(m, p, x)} /></td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** An amount of time, its unit and its calendar. */
export function Cell({ label, promise, calendars, onChange }: { label: string; promise?: SLAPromise; calendars: [string, string][]; onChange: (p: SLAPromise | undefined) => void }) {
  const unit = promise ? unitOf(promise.minutes) : 'h'
  const set = (amount: string, u: Unit) => {
    const n = Math.round(Number(amount) * sizeOf(u))
    onChange(n > 0 ? { calendar: 'always', ...promise, minutes: Math.min(n, 525_600) } : undefined)
  }
  return (
    <div className="tcell">
      <div className="row g4">
        <input key={promise?.minutes ?? 0} className="inp num" inputMode="decimal" aria-label={t('slap.amount.of', { name: label })} placeholder="–" defaultValue={promise ? String(promise.minutes / sizeOf(unit)) : ''} onBlur={(e) => { if (Number(e.target.value) * sizeOf(unit) !== (promise?.minutes ?? 0)) set(e.target.value.replace(/[^\d.]/g, ''), unit) }} onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); e.currentTarget.blur() } }} />
        <select className="inp mini" value={unit} disabled={!promise} aria-label={t('slap.unit.of', { name: label })} onChange={(e) => promise && set(String(promise.minutes / sizeOf(unit)), e.target.value as Unit)}>{units.toReversed().map(([u]) => <option key={u} value={u}>{t(`slap.unit.${u}`)}</option>)}</select>
      </div>
      {promise && <select className="inp mini" value={promise.calendar ?? ''} aria-label={t('slap.calendar.of', { name: label })} onChange={(e) => onChange({ ...promise, calendar: e.target.value || undefined })}><option value="always">{t('sla.always')}</option><option value="">{t('slap.calendar.theirs')}</option>{calendars.map(([key, name]) => <option key={key} value={key}>{name}</option>)}</select>}
    </div>
  )
}
