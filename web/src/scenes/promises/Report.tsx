import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { BASE } from '~/api/client'
import type { ReportBy, SLALine } from '~/api/types'
import { t, type Key } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { day } from '~/i18n/format'
import { Icon } from '~/parts/Icon'
import { allMetrics, metricName, secondsText } from '~/parts/slaText'
import { EmptyState } from '~/parts/State'
import { Meaning, number, Page, percent1, Segmented, Wait } from '~/scenes/intelligence/frame'
import { reportQuery } from '~/stores/sla'

const groups: ReportBy[] = ['policy', 'team', 'department', 'agent', 'category', 'week', 'unit']
const DAY = 86_400_000

/** How promises were kept: attainment with and without extensions, by groups, with the reasons of what was late. */
export function ReportPage() {
  const [by, setBy] = useState<ReportBy>('policy')
  const [days, setDays] = useState('30')
  const [metric, setMetric] = useState('')
  const [from, to] = useMemo(() => {
    const end = new Date()
    end.setHours(24, 0, 0, 0)
    return [new Date(end.getTime() - Number(days) * DAY).toISOString(), end.toISOString()]
  }, [days])
  const query = useQuery(reportQuery(from, to, by, metric))
  const r = query.data
  const items = r?.items ?? []
  const csv = `${BASE}/sla/report.csv?${new URLSearchParams({ from, to, by, ...(metric ? { metric } : {}) })}`
  const nameOf = (l: SLALine) => (l.week ? t('rep.week', { day: day(l.week, Date.now()) }) : (by === 'policy' ? shipped(l.name ?? '') : l.name) || t('common.none'))
  return (
    <Page title={t('promise.report')} help={t('rep.help')} actions={<a className="btn" href={csv} download><Icon name="download" />{t('rep.export')}</a>}>
      <div className="row g8 wrap bar2">
        <Segmented label={t('rep.by')} value={by} options={groups.map((g) => [g, t(`rep.by.${g}` as Key)] as const)} onChange={setBy} />
        <Segmented label={t('rep.days')} value={days} options={(['7', '30', '90', '365'] as const).map((d) => [d, t('rep.days.n', { n: Number(d) })] as const)} onChange={setDays} />
        <select className="inp mini" value={metric} aria-label={t('soon.metric')} onChange={(e) => setMetric(e.target.value)}><option value="">{t('rep.all')}</option>{allMetrics.map((m) => <option key={m} value={m}>{metricName(m)}</option>)}</select>
      </div>
      <Wait query={query}>
        {r && items.length === 0 ? <EmptyState icon="chart" title={t('rep.none')} help={t('rep.none.help')} /> : r && (
          <>
            <Chart lines={r.total} />
            <div className="scroll-x" tabIndex={0} role="group" aria-label={t('promise.report')}>
              <table className="tbl rows40 rep">
                <thead><tr><th>{t(`rep.by.${by}` as Key)}</th><th>{t('soon.metric')}</th>
                  {(['attainment', 'original', 'met', 'breached', 'stopped', 'elapsed', 'paused'] as const).map((k) => <th key={k} className="r"><Meaning text={t(`rep.${k}.meaning`)}>{t(`rep.${k}`)}</Meaning></th>)}
                  <th>{t('rep.reasons')}</th></tr></thead>
                <tbody>{items.map((l, i) => (
                  <tr key={`${l.id ?? ''}${l.week ?? ''}${l.metric}`}>
                    <td>{i > 0 && nameOf(items[i - 1]!) === nameOf(l) ? <span className="hide">{nameOf(l)}</span> : nameOf(l)}</td><td className="t2">{metricName(l.metric)}</td>
                    <td className="r"><Share value={l.attainment} /></td><td className="r t2">{l.original_attainment === undefined ? '–' : percent1(l.original_attainment)}</td>
                    <td className="r">{number(l.met)}</td><td className={l.breached ? 'r red' : 'r'}>{number(l.breached)}</td><td className="r t3">{number(l.stopped)}</td><td className="r">{secondsText(l.elapsed_seconds)}</td><td className="r t2">{secondsText(l.paused_seconds)}</td>
                    <td className="reason f12 t2">{Object.entries(l.reasons).toSorted((a, b) => b[1] - a[1]).slice(0, 3).map(([k, n]) => t('rep.reason', { name: t(`sla.reason.${k}` as Key), n })).join(t('common.and')) || '–'}</td>
                  </tr>
                ))}</tbody>
              </table>
            </div>
          </>
        )}
      </Wait>
    </Page>
  )
}

const Share = ({ value }: { value?: number }) => (value === undefined ? <span className="t3">{'–'}</span> : <b className={value < 0.9 ? 'red' : value < 0.95 ? 'amber' : undefined}>{percent1(value)}</b>)

const ROW = 34
/** Figures keep their size: what is narrow gets shorter bars, not smaller words. */
const measure = (): { W: number; LEFT: number; RIGHT: number } => (typeof innerWidth !== 'undefined' && innerWidth < 768 ? { W: Math.max(300, innerWidth - 32), LEFT: 92, RIGHT: 118 } : { W: 640, LEFT: 104, RIGHT: 150 })

/** Attainment by metric as bars, the hollow one as it would have been without extensions; the table below holds the figures. */
function Chart({ lines }: { lines: SLALine[] }) {
  const shown = lines.filter((l) => l.attainment !== undefined)
  if (!shown.length) return null
  const { W, LEFT, RIGHT } = measure()
  const width = (v: number) => v * (W - LEFT - RIGHT)
  const label = shown.map((l) => t('rep.bar', { metric: metricName(l.metric), share: percent1(l.attainment!), met: l.met, all: l.met + l.breached })).join('; ')
  return (
    <svg className="repchart" viewBox={`0 0 ${W} ${shown.length * ROW + 4}`} role="img" aria-label={label}>
      {shown.map((l, i) => {
        const y = i * ROW + 6
        const extended = l.original_attainment !== undefined && l.original_attainment !== l.attainment
        return (
          <g key={l.metric}>
            <text x={LEFT - 12} y={y + 14} textAnchor="end">{metricName(l.metric)}</text>
            <rect x={LEFT} y={y} width={width(1)} height="20" rx="2" fill="var(--grey-tint)" />
            <rect x={LEFT} y={y} width={width(l.attainment!)} height="20" rx="2" fill={l.attainment! < 0.9 ? 'var(--red)' : l.attainment! < 0.95 ? 'var(--amber)' : 'var(--c1)'} />
            {extended && <rect x={LEFT + width(l.original_attainment!) - 1} y={y - 3} width="2" height="26" fill="var(--text-1)"><title>{t('rep.bar.original', { share: percent1(l.original_attainment!) })}</title></rect>}
            <text x={LEFT + width(1) + 10} y={y + 14}><tspan className="v">{percent1(l.attainment!)}</tspan><tspan dx="8">{`${number(l.met)} / ${number(l.met + l.breached)}`}</tspan></text>
          </g>
        )
      })}
    </svg>
  )
}
