// Catalogues and t(). Chinese is the source: en must hold exactly its keys,
// otherwise the type-check (and with it the build) fails.
import { createStore, useStore } from '~/stores/store'
import { format, type Params } from './message'
import zh from './zh-CN'
import en from './en'

export type { Params }
export type Key = keyof typeof zh
export type Locale = 'zh-CN' | 'en'

const catalogues: Record<Locale, Record<Key, string>> = { 'zh-CN': zh, en }
export const locales: Locale[] = ['zh-CN', 'en']

export function localeOf(tag: string | undefined): Locale {
  return tag?.toLowerCase().startsWith('en') ? 'en' : 'zh-CN'
}

let timeZone = ''
/** The reader's time zone; empty: the machine's. */
export const zone = (): string => timeZone
export function setZone(next: string): void {
  try {
    timeZone = next && new Intl.DateTimeFormat('en', { timeZone: next }).resolvedOptions().timeZone
  } catch {
    timeZone = '' // one that this machine does not know
  }
}

const store = createStore<Locale>('zh-CN')
export const locale = (): Locale => store.get()
export const messages = (): Record<Key, string> => catalogues[store.get()]

export function setLocale(next: Locale): void {
  store.set(next)
  if (typeof document !== 'undefined') document.documentElement.lang = next
}

export function t(key: Key, params?: Params): string {
  return format(catalogues[store.get()][key], params, store.get())
}

/** Subscribes a component to the language; everything below <App> re-renders by its key. */
export const useLocale = (): Locale => useStore(store)

/** A name that the tenant wrote: both languages or one plain string. */
export function named(name: { zh: string; en: string } | string | undefined): string {
  if (!name) return ''
  if (typeof name === 'string') return name
  return (store.get() === 'en' ? name.en || name.zh : name.zh || name.en) ?? ''
}
