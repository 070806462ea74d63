import { useQuery } from '@tanstack/react-query'
import { t } from '~/i18n'
import { Field } from '~/parts/Field'
import { factorName } from '~/scenes/ticket/routeWords'
import { factorsQuery } from '~/stores/rules'

const TOP = 20

/** A slider for each factor; what is not set weighs as the strategy says. */
export function Weights({ weights, strategy, inherited, error, disabled, onChange }: { weights?: Record<string, number>; strategy: string; inherited: string; error?: string; disabled: boolean; onChange: (w: Record<string, number> | undefined) => void }) {
  const query = useQuery(factorsQuery)
  const factors = query.data?.items.map((f) => f.key) ?? []
  const ready = query.data?.strategies?.[strategy] ?? {}
  const own = Object.keys(weights ?? {}).length
  const set = (f: string, v: number | undefined) => {
    const next = { ...weights }
    if (v === undefined) delete next[f]
    else next[f] = v
    onChange(Object.keys(next).length ? next : undefined)
  }
  if (strategy === 'round_robin') return null
  return (
    <Field label={t('rules.weights')} help={own ? undefined : inherited} error={error}>{() => (
      <details className="weights" open={own > 0 || undefined}>
        <summary className="f13">{own ? t('rules.weights.own', { n: own }) : t('rules.weights.open', { n: factors.length })}</summary>
        <div className="wgrid">
          {factors.map((f) => {
            const mine = weights?.[f]
            const value = mine ?? ready[f] ?? 0
            return (
              <div key={f} className={mine === undefined ? 'weight' : 'weight own'}>
                <label className="f12" htmlFor={`w-${f}`}>{factorName(f)}</label>
                <input id={`w-${f}`} type="range" className="slide blue" min={0} max={TOP} step={0.5} disabled={disabled} value={Math.min(TOP, value)} aria-valuetext={String(value)} style={{ ['--at' as string]: `${(100 * Math.min(TOP, value)) / TOP}%` }} onChange={(e) => set(f, Number(e.target.value))} />
                <b className="f12">{value}</b>
                {mine !== undefined && !disabled ? <button type="button" className="link f12" onClick={() => set(f, undefined)}>{t('rules.weights.reset')}</button> : <span />}
              </div>
            )
          })}
        </div>
      </details>
    )}</Field>
  )
}
