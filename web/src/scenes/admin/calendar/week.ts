// Hours of a day as people write them, and names of days and months.
import type { Range } from '~/api/types'
import { locale, t } from '~/i18n'

/** Weekdays as they are listed: from Monday. Sunday is 0, as in the store. */
export const weekdays = [1, 2, 3, 4, 5, 6, 0] as const

// 2023-01-01 was a Sunday
export const weekdayName = (day: number, width: 'short' | 'long' | 'narrow' = 'short'): string => new Intl.DateTimeFormat(locale(), { weekday: width, timeZone: 'UTC' }).format(Date.UTC(2023, 0, 1 + day))
export const monthName = (month: number): string => new Intl.DateTimeFormat(locale(), { month: 'short', timeZone: 'UTC' }).format(Date.UTC(2023, month, 1))
export const dateName = (date: string): string => new Intl.DateTimeFormat(locale(), { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long', timeZone: 'UTC' }).format(Date.parse(`${date}T00:00:00Z`))

/** "9", "930", "9:30", "9：30" as 09:00 and 09:30; what is no time stays as it is. */
export function wall(text: string): string {
  const m = /^(\d{1,2})(?:[:：.]?(\d{2}))?$/.exec(text.trim())
  if (!m) return text.trim()
  const [h, min] = [Number(m[1]), Number(m[2] ?? 0)]
  return h > 24 || min > 59 || (h === 24 && min > 0) ? text.trim() : `${String(h).padStart(2, '0')}:${String(min).padStart(2, '0')}`
}

export const isWall = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(text)
export const overnight = (r: Range): boolean => isWall(r.from) && isWall(r.to) && r.to <= r.from
export const rangeText = (r: Range): string => `${r.from}–${r.to}${overnight(r) ? ` ${t('bizcal.nextDay')}` : ''}`
export const rangesText = (list: Range[]): string => list.map(rangeText).join(t('common.and')) || t('bizcal.closed')

export const hoursText = (minutes: number): string => t('bizcal.hours', { n: new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(minutes / 60) })
