// Days and figures of the board in words.
import { locale, t, type Key } from '~/i18n'
import { secondsText } from '~/parts/slaText'
import type { Board, Figure, FigureKey } from '~/stores/report'

export const figureName = (key: FigureKey): string => t(`today.${key}` as Key)

export const whole = (n: number): string => new Intl.NumberFormat(locale()).format(n)
export const share = (v: number): string => new Intl.NumberFormat(locale(), { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(v)

/** 1:34, 2:05:10; from a day on in days and hours. */
export function took(seconds: number): string {
  if (seconds < 86_400) return secondsText(seconds)
  return t('today.days', { d: Math.floor(seconds / 86_400), h: Math.floor((seconds % 86_400) / 3600) })
}

export function value(f: Pick<Figure, 'unit'>, v: number | undefined): string {
  if (v === undefined) return '–'
  return f.unit === 'share' ? share(v) : f.unit === 'seconds' ? took(v) : whole(v)
}

// A date without a time is the same day everywhere.
const date = (day: string): Date => new Date(`${day}T12:00:00Z`)
const style = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale(), { ...options, timeZone: 'UTC' })

const part = (day: string, options: Intl.DateTimeFormatOptions): string => style(options).format(date(day))
export const dayText = (day: string): string => t('today.date', { month: part(day, { month: 'short' }), day: Number(day.slice(8)), weekday: part(day, { weekday: 'short' }) })
export const addDays = (day: string, n: number): string => new Date(date(day).getTime() + n * 86_400_000).toISOString().slice(0, 10)

/** 昨天, 上周六, or the date. */
export function compareText(b: Pick<Board, 'day' | 'compare' | 'live'>): string {
  if (b.compare === addDays(b.day, -1)) return t(b.live ? 'today.yesterday' : 'today.dayBefore')
  if (b.compare === addDays(b.day, -7)) return t('today.lastWeek', { weekday: part(b.compare, { weekday: 'short' }) })
  return style({ month: 'short', day: 'numeric' }).format(date(b.compare))
}

/** The figure of the other day, by the same time where this one still runs. */
export function previousText(b: Board, f: Figure): string {
  if (f.previous === undefined) return ''
  return t(b.live ? 'today.sameTime' : b.until ? 'today.untilThat' : 'today.that', { day: compareText(b), value: value(f, f.previous) })
}

/** What became clearly worse than on the other day is amber. */
export function worse(f: Figure): boolean {
  if (f.value === undefined || f.previous === undefined) return false
  if (f.key === 'sla') return f.value < f.previous - 0.02
  if (f.key === 'repeat' || f.key === 'reopened') return (f.part ?? 0) >= 5 && f.value > f.previous * 1.25 + 0.002
  return (f.key === 'first_response' || f.key === 'first_response_p90') && f.tickets >= 5 && f.value > f.previous * 1.5
}

const ofThisMoment = ['backlog', 'overdue', 'online']

/** What has no yesterday says so beside figures of another day or hour. */
export const ofNow = (b: Board, key: string, name: string): string => (!b.live && ofThisMoment.includes(key) ? t('today.atNow', { what: name }) : name)
