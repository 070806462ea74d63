import type { SLATarget } from '~/api/types'
import { t } from '~/i18n'
import { metricName } from '~/parts/slaText'
import { ConditionEditor } from '../ConditionEditor'

/** Metrics that a condition may end, beside what ends them anyway. */
const others = ['first_response', 'resolution'] as const

/** When an arrival starts and what counts as one; what else ends an answer or a solution. */
export function Ends({ targets, onChange, fault }: { targets: SLATarget[]; onChange: (t: SLATarget[]) => void; fault: (field: string) => string | undefined }) {
  const of = (metric: string) => targets.find((x) => x.metric === metric)
  const set = (metric: string, part: Partial<SLATarget>) => onChange(targets.map((x) => (x.metric === metric ? { ...x, ...part } : x)))
  const wrong = (metric: string, end: 'start' | 'stop') => fault(`targets[${targets.findIndex((x) => x.metric === metric)}].${end}`)
  const arrival = of('arrival')
  const rest = others.flatMap((m) => of(m) ?? [])
  return (
    <>
      {arrival && (
        <div className="ends" role="group" aria-label={metricName('arrival')}>
          <b className="f13">{t('slap.start', { name: metricName('arrival') })}</b>
          <ConditionEditor value={arrival.start ?? ''} onChange={(start) => set('arrival', { start: start || undefined })} error={wrong('arrival', 'start')} everything={t('slap.start.all')} />
          <b className="f13">{t('slap.stopwhen', { name: metricName('arrival') })}</b>
          <ConditionEditor value={arrival.stop ?? ''} onChange={(stop) => set('arrival', { stop: stop || undefined })} error={wrong('arrival', 'stop')} everything={t('slap.stopwhen.needed')} />
          <p className="f12 t3">{t('slap.ends.help')}</p>
        </div>
      )}
      {rest.length > 0 && (
        <details className="more f12" open={rest.some((x) => x.stop) || undefined}>
          <summary>{t('slap.ends')}</summary>
          <div className="ends">
            {rest.map((x) => (
              <div key={x.metric} role="group" aria-label={t('slap.stopwhen.also', { name: metricName(x.metric) })}>
                <b className="f13">{t('slap.stopwhen.also', { name: metricName(x.metric) })}</b>
                <ConditionEditor value={x.stop ?? ''} onChange={(stop) => set(x.metric, { stop: stop || undefined })} error={wrong(x.metric, 'stop')} everything={t('slap.stopwhen.none')} />
              </div>
            ))}
            <p className="f12 t3">{t('slap.ends.help')}</p>
          </div>
        </details>
      )}
    </>
  )
}
