import type { Range } from '~/api/types'
import { t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { isWall, overnight, wall } from './week'

/** The ranges of one day: any number, also over midnight. */
export function Hours({ label, ranges, onChange, disabled }: { label: string; ranges: Range[]; onChange: (r: Range[]) => void; disabled?: boolean }) {
  const set = (i: number, part: Partial<Range>) => onChange(ranges.map((r, k) => (k === i ? { ...r, ...part } : r)))
  const last = ranges.at(-1)
  const next: Range = last && isWall(last.to) && last.to > last.from && last.to < '22:00' ? { from: last.to, to: '22:00' } : ranges.length ? { from: '22:00', to: '06:00' } : { from: '09:00', to: '18:00' }
  return (
    <div className="hours">
      {ranges.length === 0 && <span className="t3 f13">{t('bizcal.closed')}</span>}
      {ranges.map((r, i) => (
        <span key={i} className="hrange">
          {(['from', 'to'] as const).map((end) => (
            <input key={end} className="inp wall" value={r[end]} disabled={disabled} inputMode="numeric" maxLength={5} aria-label={t(end === 'from' ? 'bizcal.from.of' : 'bizcal.to.of', { day: label, n: i + 1 })} aria-invalid={isWall(r[end]) ? undefined : true}
              onChange={(e) => set(i, { [end]: e.target.value })} onBlur={(e) => set(i, { [end]: wall(e.target.value) })} />
          ))}
          {overnight(r) && <span className="chip">{t('bizcal.nextDay')}</span>}
          {!disabled && <IconButton icon="close" small label={t('bizcal.range.remove', { day: label })} onClick={() => onChange(ranges.filter((_, k) => k !== i))} />}
        </span>
      ))}
      {!disabled && ranges.length < 12 && <IconButton icon="plus" small label={t('bizcal.range.add', { day: label })} onClick={() => onChange([...ranges, next])} />}
    </div>
  )
}
