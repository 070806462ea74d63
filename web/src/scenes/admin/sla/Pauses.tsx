import type { Metric, SLAPause, Status } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { statusName } from '~/parts/Glyph'
import { metricName, metrics } from '~/parts/slaText'
import { useNames } from '~/stores/session'

const active: Status[] = ['new', 'open', 'pending', 'on_hold']
const flip = <T extends string>(list: readonly T[] | undefined, x: T): T[] | undefined => { const next = list?.includes(x) ? list.filter((y) => y !== x) : [...(list ?? []), x]; return next.length ? next : undefined }

export function Toggles<T extends string>({ label, all, chosen, name, onChange }: { label: string; all: readonly T[]; chosen: readonly string[] | undefined; name: (x: T) => string; onChange: (next: T[] | undefined) => void }) {
  return <div className="toggles" role="group" aria-label={label}><span className="f12 t3">{label}</span>{all.map((x) => <button key={x} type="button" className="choice" role="checkbox" aria-checked={chosen?.includes(x) ?? false} onClick={() => onChange(flip(chosen as T[] | undefined, x))}>{name(x)}</button>)}</div>
}

/** When clocks rest: each line pauses the clocks that it names for as long as all of it is so. */
export function Pauses({ pauses, onChange }: { pauses: SLAPause[]; onChange: (p: SLAPause[]) => void }) {
  const names = useNames()
  const reason = (k: string) => named(names.config.hold_reasons.find((r) => r.key === k)?.name) || k
  const set = (i: number, part: Partial<SLAPause>) => onChange(pauses.map((p, k) => (k === i ? { ...p, ...part } : p)))
  return (
    <div className="lines">
      {pauses.map((p, i) => (
        <div key={i} className="line">
          <div className="sp">
            <Toggles label={t('slap.pause.statuses')} all={active} chosen={p.statuses} name={(s) => statusName(s)} onChange={(statuses) => set(i, { statuses })} />
            {p.statuses?.includes('on_hold') && names.config.hold_reasons.length > 0 && <Toggles label={t('slap.pause.reasons')} all={names.config.hold_reasons.map((r) => r.key)} chosen={p.hold_reasons} name={reason} onChange={(hold_reasons) => set(i, { hold_reasons })} />}
            <Toggles<Metric> label={t('slap.pause.metrics')} all={metrics} chosen={p.metrics} name={metricName} onChange={(m) => set(i, { metrics: m })} />
            <label className="toggles"><span className="f12 t3">{t('slap.pause.when')}</span><input className="inp mono" maxLength={4096} spellCheck={false} placeholder={t('slap.pause.when.none')} value={p.when ?? ''} onChange={(e) => set(i, { when: e.target.value || undefined })} /></label>
            <p className="f12 t2">{effect(p, reason)}</p>
          </div>
          <IconButton icon="close" small label={t('slap.pause.remove')} onClick={() => onChange(pauses.filter((_, k) => k !== i))} />
        </div>
      ))}
      {pauses.length < 20 && <Button icon="plus" look="sm" onClick={() => onChange([...pauses, { statuses: ['pending'] }])}>{t('slap.pause.add')}</Button>}
    </div>
  )
}

/** The line as a sentence. */
function effect(p: SLAPause, reason: (k: string) => string): string {
  const what = p.metrics?.length ? p.metrics.map(metricName).join(t('common.and')) : t('slap.pause.all')
  const when = [p.statuses?.length ? p.statuses.map((s) => statusName(s as Status)).join(t('slap.or')) : '', p.hold_reasons?.length ? p.hold_reasons.map(reason).join(t('slap.or')) : '', p.when ? t('slap.pause.cond') : ''].filter(Boolean).join(t('slap.and'))
  return when ? t('slap.pause.effect', { when, what }) : t('slap.pause.empty')
}
