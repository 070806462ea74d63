// How the reader likes it: kept on this machine at once, and with the account
// so that it follows them.
import { api, data } from '~/api/client'
import type { Me } from '~/api/types'
import { localeOf, setLocale, setZone, type Locale } from '~/i18n'
import { createStore } from './store'

export type ThemeChoice = 'system' | 'light' | 'dark'
export type Density = 'compact' | 'normal' | 'roomy'
export type Layout = 'list' | 'table'
export interface Column { key: string; width?: number }
export interface SavedSearch { name: string; q: string; filter?: string }
export interface Prefs {
  theme: ThemeChoice; density: Density; locale: Locale
  layout: Layout
  /** The reader's own columns, by view: over those that the view brings. */
  columns: Record<string, Column[]>
  /** After solving, the next ticket of the list opens. */
  next: boolean
  searches: SavedSearch[]
  /** Empty: the machine's. */
  zone: string
  /** One of the six hues, and what stands in the circle; absent: by the name. */
  avatar: { hue?: number; initials?: string }
}

const NAME = 'zhidan.prefs'
const browser = typeof navigator === 'undefined' ? 'zh-CN' : navigator.language
const initial: Prefs = { theme: 'system', density: 'normal', locale: localeOf(browser), layout: 'list', columns: {}, next: false, searches: [], zone: '', avatar: {}, ...read() }

export const prefs = createStore<Prefs>(initial)
export const dark = createStore(false)

function read(): Partial<Prefs> {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Prefs>
  } catch {
    return {}
  }
}

function apply(): void {
  const { theme, density, locale, zone } = prefs.get()
  const night = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = night ? 'dark' : 'light'
  document.documentElement.dataset.density = density
  setZone(zone)
  setLocale(locale)
  dark.set(night)
}

export function startPrefs(): void {
  apply()
  prefs.subscribe(apply)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply)
}

export function prefer(change: Partial<Prefs>, signedIn = true): void {
  prefs.set((old) => ({ ...old, ...change }))
  localStorage.setItem(NAME, JSON.stringify(prefs.get()))
  if (!signedIn) return
  const { locale, ...preferences } = prefs.get()
  // a preference that cannot be kept on the server still holds here
  data(api.PATCH('/me', { body: { locale, preferences } })).catch(() => undefined)
}

let adopted: Me | undefined

/**
 * How things look: the account's wishes hold where this machine has none of its
 * own. How somebody works is one and the same on every machine.
 */
export function adopt(me: Me): void {
  // every navigation brings the account as it was read: what was preferred since then stays
  if (me === adopted) return
  adopted = me
  const own = read()
  const theirs = me.preferences as Partial<Prefs>
  prefs.set((old) => ({
    ...old,
    theme: own.theme ?? theirs.theme ?? old.theme,
    density: own.density ?? theirs.density ?? old.density,
    locale: own.locale ?? (me.locale ? localeOf(me.locale) : old.locale),
    layout: theirs.layout ?? 'list',
    columns: theirs.columns ?? {},
    next: theirs.next ?? false,
    searches: theirs.searches ?? [],
    zone: theirs.zone ?? '',
    avatar: theirs.avatar ?? {},
  }))
}
