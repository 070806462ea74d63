import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Accuracy, AccuracyBy, DecisionField } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { channelName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { languageName } from '~/i18n/format'
import { decidedFields, fieldName } from '~/scenes/ticket/understand/values'
import { accuracyQuery } from '~/stores/intelligence'
import { useNames, type Names } from '~/stores/session'
import { csv, download, Meaning, number, Page, percent1, Segmented, Wait } from './frame'

const groups: AccuracyBy[] = ['field', 'week', 'category', 'channel', 'language', 'tier', 'region']

export function keyName(by: AccuracyBy, key: string, names: Names): string {
  if (key === '') return t('common.none')
  switch (by) {
    case 'field': return fieldName(key)
    case 'category': return names.category(key) || t('decided.gone')
    case 'channel': return channelName(key)
    case 'language': return languageName(key)
    case 'tier': return names.tier(key)
    case 'region': return key
    case 'week': return key
  }
}

/** How often decisions were right, by groups; whether a 90 % means 90 %; and whether it gets worse. */
export function AccuracyPage() {
  const names = useNames()
  const [by, setBy] = useState<AccuracyBy>('field')
  const [weeks, setWeeks] = useState('8')
  const [field, setField] = useState<DecisionField | ''>('')
  const query = useQuery(accuracyQuery(Number(weeks), by, field))
  const a = query.data
  const save = () => a && download(`accuracy-${by}.csv`, csv([[t(`acc.by.${by}`), t('acc.n'), t('acc.set'), t('acc.kept'), t('acc.judged'), t('acc.agreed'), t('acc.accuracy'), t('acc.uncertain'), t('acc.coverage'), t('acc.ece')], ...a.rows.map((r) => [keyName(by, r.key, names), r.n, r.set, r.kept, r.judged, r.agreed, r.judged ? r.accuracy : '', r.judged ? r.uncertain : '', r.coverage, r.ece])]))
  const alarms = a?.drift.filter((d) => d.alarm) ?? []
  const best = Math.max(0, ...(a?.rows.filter((r) => r.judged >= 30).map((r) => r.accuracy) ?? []))
  // groups of people must be served alike: a fall that chance does not explain is said
  const unfair = ['tier', 'language', 'channel', 'region'].includes(by) ? (a?.rows.filter((r) => r.judged >= 30 && r.accuracy + r.uncertain < best - 0.03) ?? []) : []
  return (
    <Page title={t('studio.accuracy')} help={t('acc.help')} actions={<Button icon="download" disabled={!a?.rows.length} onClick={save}>{t('acc.export')}</Button>}>
      <div className="row g8 wrap bar2">
        <Segmented label={t('acc.by')} value={by} options={groups.map((g) => [g, t(`acc.by.${g}`)] as const)} onChange={setBy} />
        <Segmented label={t('acc.weeks')} value={weeks} options={[['4', t('acc.weeks.n', { n: 4 })], ['8', t('acc.weeks.n', { n: 8 })], ['26', t('acc.weeks.n', { n: 26 })]]} onChange={setWeeks} />
        <Segmented label={t('acc.field')} value={field} options={[['', t('corr.all')], ...decidedFields.slice(0, 3).map((f) => [f, fieldName(f)] as const)]} onChange={setField} />
      </div>
      <Wait query={query}>
        {a && (
          <>
            {alarms.map((d) => <div key={d.field} className="alert amber boxed" role="alert"><Icon name="warn" /><span className="sp">{t('acc.drift', { field: fieldName(d.field), now: percent1(d.now), before: percent1(d.before) })}{' '}<Meaning text={t('acc.drift.meaning', { p: number(d.p, 3) })}>{t('acc.why')}</Meaning></span></div>)}
            {unfair.length > 0 && <div className="alert amber boxed" role="alert"><Icon name="warn" /><span className="sp">{t('acc.unfair', { groups: unfair.map((r) => keyName(by, r.key, names)).join(t('common.and')) })}{' '}<Meaning text={t('acc.unfair.meaning')}>{t('acc.why')}</Meaning></span></div>}
            {a.rows.length === 0 ? <EmptyState icon="chart" title={t('acc.none')} help={t('acc.none.help')} /> : (
              <div className="scroll-x"><table className="tbl rows40">
                <thead><tr><th>{t(`acc.by.${by}`)}</th>{(['n', 'set', 'coverage', 'kept', 'judged', 'accuracy', 'ece'] as const).map((k) => <th key={k} className="r"><Meaning text={t(`acc.${k}.meaning`)}>{t(`acc.${k}` as Key)}</Meaning></th>)}<th className="barcol" aria-hidden="true" /></tr></thead>
                <tbody>{a.rows.map((r) => (
                  <tr key={r.key}><td>{keyName(by, r.key, names)}</td><td className="r">{number(r.n)}</td><td className="r">{number(r.set)}</td><td className="r">{percent1(r.coverage)}</td><td className="r">{percent1(r.kept)}</td><td className="r">{number(r.judged)}</td>
                    <td className="r">{r.judged > 0 ? <><b>{percent1(r.accuracy)}</b>{' '}<span className="t3 f12">{t('acc.pm', { n: percent1(r.uncertain) })}</span></> : <span className="t3">{'–'}{' '}<span className="f12">{t('acc.unjudged')}</span></span>}</td><td className="r">{percent1(r.ece)}</td>
                    <td className="barcol" aria-hidden="true">{r.judged > 0 && <span className="bar"><i style={{ width: percent1(r.accuracy), background: 'var(--c1)' }} /></span>}</td></tr>
                ))}</tbody>
              </table></div>
            )}
            {a.bins.some((b) => b.n > 0) && <Calibration bins={a.bins.filter((b) => b.n > 0)} />}
          </>
        )}
      </Wait>
    </Page>
  )
}

const W = 440
const H = 240
const PAD = { left: 40, bottom: 28, top: 12, right: 12 }

/** Said against right, by tenths of confidence: on the line a model may be taken at its word. Right is what people have checked. */
function Calibration({ bins }: { bins: Accuracy['bins'] }) {
  const shown = bins.filter((b) => b.judged > 0)
  const most = Math.max(...shown.map((b) => b.judged))
  const right = (b: Accuracy['bins'][number]) => b.agreed / b.judged
  const x = (v: number) => PAD.left + v * (W - PAD.left - PAD.right)
  const y = (v: number) => H - PAD.bottom - v * (H - PAD.bottom - PAD.top)
  return (
    <section aria-label={t('cal.title')} className="cal">
      <h2 className="h2">{t('cal.title')}</h2>
      <p className="f13 t2 lead">{t(shown.length > 0 ? 'cal.help' : 'cal.none')}</p>
      <div className="calrow">
        <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={t('cal.title')}>
          {[0, 0.5, 1].map((v) => <g key={v}><line x1={x(0)} x2={x(1)} y1={y(v)} y2={y(v)} stroke="var(--line)" /><text x={PAD.left - 8} y={y(v) + 4} textAnchor="end">{percent1(v)}</text><text x={x(v)} y={H - 8} textAnchor={v === 0 ? 'start' : v === 1 ? 'end' : 'middle'}>{percent1(v)}</text></g>)}
          <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} stroke="var(--line-strong)" strokeDasharray="4 4" />
          <polyline fill="none" stroke="var(--c1)" strokeWidth="2" points={shown.map((b) => `${x(b.confidence)},${y(right(b))}`).join(' ')} />
          {shown.map((b) => <circle key={b.low} cx={x(b.confidence)} cy={y(right(b))} r={3 + 5 * Math.sqrt(b.judged / most)} fill="var(--c1)" fillOpacity="0.8"><title>{t('cal.bin', { said: percent1(b.confidence), right: percent1(right(b)), n: b.judged })}</title></circle>)}
        </svg>
        <table className="tbl"><thead><tr><th className="r"><Meaning text={t('cal.said.meaning')}>{t('cal.said')}</Meaning></th><th className="r"><Meaning text={t('acc.accuracy.meaning')}>{t('cal.right')}</Meaning></th><th className="r"><Meaning text={t('acc.judged.meaning')}>{t('acc.judged')}</Meaning></th><th className="r"><Meaning text={t('acc.n.meaning')}>{t('acc.n')}</Meaning></th></tr></thead>
          <tbody>{bins.map((b) => <tr key={b.low}><td className="r">{percent1(b.confidence)}</td><td className="r">{b.judged > 0 ? <>{percent1(right(b))}{' '}<span className="t3 f12">{t('cal.of', { agreed: b.agreed, judged: b.judged })}</span></> : <span className="t3">—</span>}</td><td className="r">{number(b.judged)}</td><td className="r">{number(b.n)}</td></tr>)}</tbody></table>
      </div>
    </section>
  )
}
