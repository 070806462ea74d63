import type { SLAWarning } from '~/api/types'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Segmented } from '~/scenes/intelligence/frame'

/** Points before the breach that are told: a share of the target, or minutes before its end. */
export function Warnings({ warnings, onChange }: { warnings: SLAWarning[]; onChange: (w: SLAWarning[]) => void }) {
  const set = (i: number, w: SLAWarning) => onChange(warnings.map((x, k) => (k === i ? w : x)))
  return (
    <div className="lines">
      {warnings.map((w, i) => {
        const kind = w.before_minutes === undefined || w.percent ? 'percent' : 'before'
        return (
          <div key={i} className="line mid">
            <Segmented label={t('slap.warn.kind')} value={kind} options={[['percent', t('slap.warn.percent')], ['before', t('slap.warn.before')]] as const} onChange={(k) => set(i, k === 'percent' ? { percent: 75 } : { before_minutes: 30 })} />
            <input className="inp num" inputMode="numeric" aria-label={t(kind === 'percent' ? 'slap.warn.percent' : 'slap.warn.before')} value={String((kind === 'percent' ? w.percent : w.before_minutes) ?? '')} onChange={(e) => { const n = Number(e.target.value.replace(/\D/g, '')); set(i, kind === 'percent' ? { percent: Math.min(99, n) } : { before_minutes: Math.min(525_600, n) }) }} />
            <span className="f13 t2 sp">{kind === 'percent' ? t('slap.warn.percent.effect', { n: w.percent ?? 0 }) : t('slap.warn.before.effect', { n: w.before_minutes ?? 0 })}</span>
            <IconButton icon="close" small label={t('slap.warn.remove')} onClick={() => onChange(warnings.filter((_, k) => k !== i))} />
          </div>
        )
      })}
      {warnings.length < 10 && <Button icon="plus" look="sm" onClick={() => onChange([...warnings, { percent: warnings.length ? 90 : 75 }])}>{t('slap.warn.add')}</Button>}
    </div>
  )
}
