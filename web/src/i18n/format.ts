// Times, sizes and money for people, by locale.
import { locale, t, zone } from './index'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Age in one unit: 刚刚, 2 分钟, 3 小时, 5 天, then the date. */
export function age(stamp: string, now: number): string {
  const ms = now - Date.parse(stamp)
  if (ms < MINUTE) return t('time.now')
  if (ms < HOUR) return t('time.minutes', { n: Math.floor(ms / MINUTE) })
  if (ms < DAY) return t('time.hours', { n: Math.floor(ms / HOUR) })
  if (ms < 7 * DAY) return t('time.days', { n: Math.floor(ms / DAY) })
  return day(stamp, now)
}

/** A format by its settings: making one costs a hundred times what using it does. */
function kept<F, O>(make: new (locale: string, parts: O) => F): (parts: O) => F {
  const made = new Map<string, F>()
  return (parts) => {
    const key = locale() + JSON.stringify(parts)
    let format = made.get(key)
    if (!format) made.set(key, format = new make(locale(), parts))
    return format
  }
}
const dates = kept<Intl.DateTimeFormat, Intl.DateTimeFormatOptions>(Intl.DateTimeFormat)
const numbers = kept<Intl.NumberFormat, Intl.NumberFormatOptions>(Intl.NumberFormat)

/** In the reader's language and time zone. */
const written = (date: Date, parts: Intl.DateTimeFormatOptions): string => dates(zone() ? { ...parts, timeZone: zone() } : parts).format(date)

/** A date without the year it shares with now. */
export function day(stamp: string, now: number): string {
  const date = new Date(stamp)
  const same = written(date, { year: 'numeric' }) === written(new Date(now), { year: 'numeric' })
  return written(date, same ? { month: 'short', day: 'numeric' } : { year: 'numeric', month: 'short', day: 'numeric' })
}

/** 14:02 today, otherwise date and time. */
export function clock(stamp: string, now: number): string {
  const date = new Date(stamp)
  const time = written(date, { hour: '2-digit', minute: '2-digit', hour12: false })
  return written(new Date(now), { dateStyle: 'short' }) === written(date, { dateStyle: 'short' }) ? time : `${day(stamp, now)} ${time}`
}

/** 14:02:31 today, otherwise date and time. */
export function moment(stamp: string, now: number): string {
  const date = new Date(stamp)
  return written(new Date(now), { dateStyle: 'short' }) === written(date, { dateStyle: 'short' }) ? written(date, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }) : clock(stamp, now)
}

/** A date, with the hour unless the day begins with it. */
export function minute(stamp: string): string {
  const date = new Date(stamp)
  const time = written(date, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const day = written(date, { year: 'numeric', month: 'short', day: 'numeric' })
  return time === '00:00' ? day : `${day} ${time}`
}

export function exact(stamp: string): string {
  return written(new Date(stamp), { dateStyle: 'full', timeStyle: 'medium' })
}

export function size(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const i = Math.min(units.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)))
  return numbers({ style: 'unit', unit: units[i], unitDisplay: 'short', maximumFractionDigits: i > 1 ? 1 : 0 }).format(bytes / 1024 ** i)
}

export function money(minor: number, currency: string): string {
  const style = numbers({ style: 'currency', currency })
  return style.format(minor / 10 ** (style.resolvedOptions().maximumFractionDigits ?? 2))
}

export function count(value: { count: number; capped?: boolean } | undefined): string {
  if (!value) return ''
  const figure = numbers({}).format(value.count)
  return value.capped ? `${figure}+` : figure
}

/** Mail says the country, the reader of texts the script: people call both by one name. */
const scripted: Record<string, string> = { 'zh': 'zh-Hans', 'zh-CN': 'zh-Hans', 'zh-SG': 'zh-Hans', 'zh-TW': 'zh-Hant', 'zh-HK': 'zh-Hant' }

export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: 'language' }).of(scripted[tag] ?? tag) ?? tag
  } catch {
    return tag
  }
}
