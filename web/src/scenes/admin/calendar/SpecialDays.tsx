import { useState } from 'react'
import type { CalendarDay, CalendarSettings } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { When } from '~/parts/When'
import { Segmented } from '~/scenes/intelligence/frame'
import { Hours } from './Hours'

type Kind = 'override' | 'holiday' | 'makeup'
interface Line { kind: Kind; at: number; date: string; to?: string; name: string; ranges?: CalendarDay['ranges']; like?: number }

/** Holidays, make-up workdays and days with hours of their own, in the order of their dates. */
export function linesOf(s: CalendarSettings): Line[] {
  return [
    ...(s.holidays ?? []).map((p, at): Line => ({ kind: 'holiday', at, date: p.from, to: p.to, name: p.name })),
    ...(s.makeup ?? []).map((d, at): Line => ({ kind: 'makeup', at, date: d.date, name: d.name, ranges: d.ranges, like: d.like })),
    ...(s.overrides ?? []).map((d, at): Line => ({ kind: 'override', at, date: d.date, name: d.name, ranges: d.ranges, like: d.like })),
  ].toSorted((a, b) => a.date.localeCompare(b.date))
}

export function SpecialDays({ draft, set }: { draft: CalendarSettings; set: (part: Partial<CalendarSettings>) => void }) {
  const [kind, setKind] = useState<Kind>('override')
  const lines = linesOf(draft)
  const change = (l: Line, part: Partial<Line> | undefined) => {
    if (l.kind === 'holiday') {
      const list = draft.holidays ?? []
      return set({ holidays: part ? list.map((p, i) => (i === l.at ? { from: part.date ?? p.from, to: part.to ?? (part.date && part.date > p.to ? part.date : p.to), name: part.name ?? p.name } : p)) : list.filter((_, i) => i !== l.at) })
    }
    const key = l.kind === 'makeup' ? 'makeup' : 'overrides'
    const list = draft[key] ?? []
    set({ [key]: part ? list.map((d, i) => (i === l.at ? { ...d, ...(part.date !== undefined ? { date: part.date } : {}), ...(part.name !== undefined ? { name: part.name } : {}), ...(part.ranges !== undefined ? { ranges: part.ranges, like: undefined } : {}) } : d)) : list.filter((_, i) => i !== l.at) })
  }
  const add = () => {
    const now = new Date()
    const date = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`
    if (kind === 'holiday') set({ holidays: [...(draft.holidays ?? []), { from: date, to: date, name: '' }] })
    else if (kind === 'makeup') set({ makeup: [...(draft.makeup ?? []), { date, name: '' }] })
    else set({ overrides: [...(draft.overrides ?? []), { date, name: '', ranges: [] }] })
  }
  return (
    <section aria-label={t('bizcal.special')}>
      <h2 className="h2">{t('bizcal.special')}</h2>
      <p className="f13 t2 lead">{t('bizcal.special.help')}</p>
      <div className="specials">
        {lines.map((l) => (
          <div key={`${l.kind}${l.at}`} className="special">
            <span className="chip">{t(`bizcal.kind.${l.kind}` as Key)}</span>
            <When kind="day" small required label={t('bizcal.date')} value={l.date} onChange={(date) => change(l, { date })} />
            {l.kind === 'holiday' && <><span className="t3">{t('bizcal.until')}</span><When kind="day" small required min={l.date} label={t('bizcal.date.to')} value={l.to} onChange={(to) => change(l, { to })} /></>}
            <input className="inp sname" value={l.name} maxLength={100} required placeholder={t('bizcal.day.name')} aria-label={t('bizcal.day.name')} onChange={(e) => change(l, { name: e.target.value })} />
            {l.kind === 'makeup' && !l.ranges?.length ? <span className="row g8 f12 t3"><span>{t('bizcal.like')}</span><Button look="q sm" onClick={() => change(l, { ranges: [{ from: '09:00', to: '18:00' }] })}>{t('bizcal.own')}</Button></span>
            : l.kind !== 'holiday' && <Hours label={l.name || l.date} ranges={l.ranges ?? []} onChange={(ranges) => change(l, { ranges })} />}
            <span className="sp" />
            <IconButton icon="close" small label={t('bizcal.special.remove', { date: l.date })} onClick={() => change(l, undefined)} />
          </div>
        ))}
        <div className="row g8 wrap"><Segmented label={t('bizcal.special.kind')} value={kind} options={(['override', 'holiday', 'makeup'] as const).map((k) => [k, t(`bizcal.kind.${k}` as Key)] as const)} onChange={setKind} /><Button icon="plus" onClick={add}>{t('bizcal.special.add')}</Button></div>
      </div>
    </section>
  )
}
