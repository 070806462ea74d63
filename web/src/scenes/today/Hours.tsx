import { Tooltip } from 'antd'
import { useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import { t } from '~/i18n'
import { channelName } from '~/parts/Glyph'
import type { Board, BoardHour } from '~/stores/report'
import type { Open } from './Figures'
import { compareText, whole } from './text'

const H = 256
const BASE = 228
const TOP = 44
const LEFT = 36
const colours = ['var(--c1)', 'var(--c3)', 'var(--c2)', 'var(--c4)']

export interface Group { name: string; keys: string[]; fill: string; created: number }

/** The three channels with the most, and the others together. */
export function groupsOf(b: Board): Group[] {
  const first: Group[] = b.channels.slice(0, 3).map((c, i) => ({ name: channelName(c.key), keys: [c.key], fill: colours[i]!, created: c.created }))
  const rest = b.channels.slice(3)
  if (rest.length) first.push({ name: t('today.others'), keys: rest.map((c) => c.key), fill: colours[3]!, created: rest.reduce((n, c) => n + c.created, 0) })
  return first
}

/** Steps of the scale that people read easily: 1, 2, 5 × 10ⁿ. */
export function scale(max: number): number[] {
  const rough = Math.max(max, 4) / 2
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((x) => x * power).find((x) => x * 2 >= max && x >= rough * 0.5) ?? power * 10
  return [0, Math.max(1, Math.round(step)), Math.max(2, Math.round(step * 2))]
}

export const inGroup = (h: BoardHour, g: Group): number => g.keys.reduce((n, k) => n + (h.channels[k] ?? 0), 0)

/** How far the day is, or is read, in hours from its beginning; undefined when it is over. */
export const passed = (b: Board): number | undefined => (b.live || b.until ? (Date.parse(b.until ?? b.at) - Date.parse(b.from)) / 3_600_000 : undefined)

export function Legend({ b }: { b: Board }) {
  const total = b.hours.reduce((n, h) => n + h.previous, 0)
  return (
    <span className="tdlegend">
      {groupsOf(b).map((g) => <span key={g.name}><i style={{ background: g.fill }} />{g.name}{' '}{whole(g.created)}</span>)}
      <span><svg width="16" height="8" aria-hidden="true"><path d="M0 4h16" stroke="var(--text-2)" strokeWidth="1.5" strokeDasharray="3 3" /></svg>{compareText(b)}{' '}{whole(total)}</span>
    </span>
  )
}

/** What came by hour: stacked by channel, with the other day as a line. Each bar opens its tickets. */
export function Hours({ b, open, height = H }: { b: Board; open?: Open; height?: number }) {
  const box = useRef<HTMLDivElement>(null)
  const [w, setWidth] = useState(872)
  const [at, setAt] = useState<number>()
  useLayoutEffect(() => {
    const node = box.current
    if (!node) return
    const measure = () => setWidth(Math.max(280, Math.round(node.clientWidth)))
    measure()
    const watch = new ResizeObserver(measure)
    watch.observe(node)
    return () => watch.disconnect()
  }, [])
  const groups = groupsOf(b)
  const now = passed(b)
  const steps = scale(Math.max(1, ...b.hours.map((h) => Math.max(h.created, h.previous))))
  const base = height - (H - BASE)
  const y = (n: number) => base - ((base - TOP) * n) / steps[2]!
  const slot = (w - LEFT) / b.hours.length
  const x = (i: number) => LEFT + slot * (i + 0.5)
  const bar = Math.min(20, slot * 0.6)
  const highest = b.hours.reduce((best, h, i) => (h.created > (b.hours[best]?.created ?? 0) ? i : best), 0)
  const every = w < 480 ? 4 : w < 700 ? 3 : 2
  const told = at ?? (b.hours[highest]?.created ? highest : undefined)
  const current = now === undefined ? -1 : Math.floor(now)
  const line = b.hours.map((h, i) => `${x(i).toFixed(1)},${y(h.previous).toFixed(1)}`).join(' ')
  const words = (h: BoardHour) => t('today.hour', { at: h.label, n: h.created, channels: groups.map((g) => [g, inGroup(h, g)] as const).filter(([, n]) => n > 0).map(([g, n]) => `${g.name} ${whole(n)}`).join(t('common.and')) || '0', day: compareText(b), before: h.previous })
  const label = t('today.chart', { n: b.hours.reduce((n, h) => n + h.created, 0), peak: b.hours[highest]?.label ?? '', most: b.hours[highest]?.created ?? 0 })
  const press = (e: KeyboardEvent, i: number) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: b.hours.length - 1 }[e.key]
    if (to === undefined) return
    e.preventDefault()
    box.current?.querySelectorAll<HTMLElement>('.hit')[Math.min(b.hours.length - 1, Math.max(0, to))]?.focus()
  }
  return (
    <div className="tdhours" ref={box} style={{ height }}>
      <svg viewBox={`0 0 ${w} ${height}`} width={w} height={height} role="img" aria-label={label}>
        {steps.map((s) => <g key={s}><path d={`M${LEFT} ${y(s)}H${w}`} stroke="var(--line)" /><text x={LEFT - 8} y={y(s) + 4} textAnchor="end">{whole(s)}</text></g>)}
        {b.hours.map((h, i) => {
          let from = base
          return (
            <g key={h.at}>
              {i % every === 0 && <text x={x(i)} y={height - 6} textAnchor="middle" className={i === current ? 'now' : undefined}>{h.label.replace(/^0/, '')}</text>}
              {groups.map((g) => {
                const n = inGroup(h, g)
                if (n === 0) return null
                const tall = base - y(n)
                from -= tall
                return <rect key={g.name} x={x(i) - bar / 2} y={from} width={bar} height={Math.max(0.9, tall - (from + tall < base ? 0.8 : 0))} fill={g.fill} />
              })}
            </g>
          )
        })}
        <polyline points={line} fill="none" stroke="var(--text-2)" strokeWidth="1.5" strokeDasharray="3 3" strokeLinejoin="round" />
        {told !== undefined && <text x={x(told)} y={Math.min(y(b.hours[told]!.created), at === undefined ? base : y(b.hours[told]!.previous)) - 8} textAnchor="middle" className="peak">{whole(b.hours[told]!.created)}</text>}
        {now !== undefined && <g className="nowline"><path d={`M${(LEFT + slot * now).toFixed(1)} 8V${base}`} />{at === undefined && <text x={LEFT + slot * now + (now > b.hours.length - 3 ? -6 : 6)} y="18" textAnchor={now > b.hours.length - 3 ? 'end' : 'start'}>{clockOf({ ...b, at: b.until ?? b.at })}</text>}</g>}
      </svg>
      {open && b.hours.map((h, i) => (
        <Tooltip key={h.at} title={words(h)} arrow={false} mouseEnterDelay={0.1} trigger={['hover', 'focus']}>
          <button type="button" className="hit" tabIndex={i === (at ?? highest) ? 0 : -1} aria-label={words(h)} aria-disabled={h.created === 0} style={{ left: LEFT + slot * i, width: slot, top: TOP - 20, height: base - TOP + 20 }}
            onMouseEnter={() => setAt(i)} onMouseLeave={() => setAt(undefined)} onFocus={() => setAt(i)} onBlur={() => setAt(undefined)} onKeyDown={(e) => press(e, i)} onClick={() => h.created > 0 && open('created', { hour: h.at })} />
        </Tooltip>
      ))}
    </div>
  )
}

/** The time of day in the company's zone. */
export const clockOf = (b: Board, seconds = false): string => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}), hour12: false, timeZone: zoneOf(b) }).format(new Date(b.at))
/** A browser that does not know the zone shows its own. */
export function zoneOf(b: Pick<Board, 'zone'>): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: b.zone })
    return b.zone
  } catch {
    return undefined
  }
}

/** The same as rows. */
export function HourTable({ b, open }: { b: Board; open: Open }) {
  const groups = groupsOf(b)
  return (
    <div className="scroll-x tdhtable" tabIndex={0} role="group" aria-label={t('today.hours')}>
      <table className="tbl">
        <thead><tr><th>{t('today.col.hour')}</th>{groups.map((g) => <th key={g.name} className="r">{g.name}</th>)}<th className="r">{t('today.total')}</th><th className="r">{compareText(b)}</th></tr></thead>
        <tbody>{b.hours.map((h) => (
          <tr key={h.at}><td>{h.label}</td>{groups.map((g) => <td key={g.name} className="r t2">{whole(inGroup(h, g))}</td>)}
            <td className="r">{h.created ? <button type="button" className="num" aria-label={t('today.open.of', { name: `${t('today.created')} ${h.label}`, value: whole(h.created), n: h.created })} onClick={() => open('created', { hour: h.at })}>{whole(h.created)}</button> : <span className="t3">{'0'}</span>}</td><td className="r t3">{whole(h.previous)}</td></tr>
        ))}</tbody>
      </table>
    </div>
  )
}
