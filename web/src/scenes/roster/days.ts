// Dates without times, as the roster counts them.
import { locale } from '~/i18n'
import type { Day } from '~/stores/plan'

const two = (n: number): string => String(n).padStart(2, '0')
export const dayOf = (d: Date): Day => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
export const dateOf = (day: Day): Date => new Date(`${day}T12:00:00`)
export function add(day: Day, n: number): Day {
  const d = dateOf(day)
  d.setDate(d.getDate() + n)
  return dayOf(d)
}
export function monday(day: Day): Day {
  return add(day, -((dateOf(day).getDay() + 6) % 7))
}
export const monthStart = (day: Day): Day => `${day.slice(0, 8)}01`
export function monthEnd(day: Day): Day {
  const d = dateOf(monthStart(day))
  d.setMonth(d.getMonth() + 1)
  return add(dayOf(d), -1)
}
export function range(from: Day, to: Day): Day[] {
  const out: Day[] = []
  for (let d = from; d <= to && out.length < 93; d = add(d, 1)) out.push(d)
  return out
}
export const weekend = (day: Day): boolean => [0, 6].includes(dateOf(day).getDay())
export const weekdayName = (day: Day): string => new Intl.DateTimeFormat(locale(), { weekday: 'narrow' }).format(dateOf(day))
/** With air before the weekday, which Chinese dates leave out. */
export const dayName = (day: Day): string =>
  new Intl.DateTimeFormat(locale(), { month: 'short', day: 'numeric', weekday: 'short' }).formatToParts(dateOf(day)).map((p) => (p.type === 'weekday' ? ` ${p.value}` : p.value)).join('').trim()
export const spanName = (from: Day, to: Day): string => {
  const f = new Intl.DateTimeFormat(locale(), { year: 'numeric', month: 'short', day: 'numeric' })
  return f.formatRange(dateOf(from), dateOf(to))
}
