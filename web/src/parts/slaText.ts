// Words and colours of a clock, from what the ticket says of it and the moment.
import type { Metric } from '~/api/types'
import { t, type Key } from '~/i18n'

export const metrics: Metric[] = ['first_response', 'next_response', 'update', 'arrival', 'resolution']
/** Metrics of the units that a ticket passes through come after those promised to customers. */
export const allMetrics = [...metrics, 'department', 'team'] as const
export const metricName = (m: string): string => t(`sla.metric.${m}` as Key)

const two = (n: number): string => String(n).padStart(2, '0')

/** Under an hour 11:05, under a day 1:12:40, above it 2 天 3 小时; without a sign. */
export function lengthText(ms: number): string {
  const s = Math.floor(Math.abs(ms) / 1000)
  const [d, h, m] = [Math.floor(s / 86_400), Math.floor((s % 86_400) / 3600), Math.floor((s % 3600) / 60)]
  if (d > 0) return t('sla.days', { d, h })
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`
}

/** To the second, however long: 49:12:40. */
export function secondsText(seconds: number): string {
  const s = Math.round(Math.abs(seconds))
  const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)]
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`
}

/** What is left rounds up, so that nothing shows 00:00 before it is due. */
export const leftText = (due: number, now: number): string => lengthText(now > due ? now - due : Math.ceil((due - now) / 1000) * 1000)

export type Look = 'none' | 'calm' | 'warn' | 'over' | 'paused' | 'met'

/** Moments: when it is due, from when on it warns, when it began. */
export interface Standing { sla: string; due?: number; warn?: number; from?: number }

export function lookOf({ sla, due, warn }: Standing, now: number): Look {
  if (sla === 'none' || sla === 'stopped') return 'none'
  if (sla === 'met') return 'met'
  if (sla === 'paused') return 'paused'
  // it may have become late since the server was asked
  if (sla === 'breached' || (due !== undefined && now > due)) return 'over'
  if (due === undefined) return 'none'
  return warn !== undefined && now >= warn ? 'warn' : 'calm'
}
