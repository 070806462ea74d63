// How the reader likes it: kept on this machine at once, and with the account
// so that it follows them.
import { api, data } from '~/api/client'
import type { Me } from '~/api/types'
import { localeOf, setLocale, type Locale } from '~/i18n'
import { createStore } from './store'

export type ThemeChoice = 'system' | 'light' | 'dark'
export type Density = 'compact' | 'normal' | 'roomy'
export interface Prefs { theme: ThemeChoice; density: Density; locale: Locale }

const NAME = 'zhidan.prefs'
const browser = typeof navigator === 'undefined' ? 'zh-CN' : navigator.language
const initial: Prefs = { theme: 'system', density: 'normal', locale: localeOf(browser), ...read() }

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
  const { theme, density, locale } = prefs.get()
  const night = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = night ? 'dark' : 'light'
  document.documentElement.dataset.density = density
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

/** The account's wishes hold where this machine has none of its own. */
export function adopt(me: Me): void {
  const own = read()
  const theirs = me.preferences as Partial<Prefs>
  prefs.set((old) => ({
    theme: own.theme ?? theirs.theme ?? old.theme,
    density: own.density ?? theirs.density ?? old.density,
    locale: own.locale ?? (me.locale ? localeOf(me.locale) : old.locale),
  }))
}
