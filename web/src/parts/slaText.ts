// Words and colours of a clock, from what the ticket says of it and the moment.
import type { Metric, Priority, SLAPolicy, Ticket } from '~/api/types'
import { t, type Key } from '~/i18n'
import { simple } from '~/scenes/ticket/form'

export const metrics: Metric[] = ['first_response', 'next_response', 'update', 'resolution']
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

export interface Standing { sla: string; due?: number; /** Milliseconds before it is due from which it warns. */ lead?: number }

export function lookOf({ sla, due, lead = 0 }: Standing, now: number): Look {
  if (sla === 'none' || sla === 'stopped') return 'none'
  if (sla === 'met') return 'met'
  if (sla === 'paused') return 'paused'
  // it may have become late since the server was asked
  if (sla === 'breached' || (due !== undefined && now > due)) return 'over'
  if (due === undefined) return 'none'
  return due - now <= lead ? 'warn' : 'calm'
}

/** The policy that a list may take to hold for a ticket: the first whose condition fits, as far as that can be told here. */
export function policyFor(policies: SLAPolicy[], ticket: Pick<Ticket, 'type' | 'priority' | 'fields'>): SLAPolicy | undefined {
  return policies.find((p) => !p.retired && !p.problem && (!p.when?.trim() || simple(p.when, ticket) === true))
}

/** How long a promise is and from when on it warns; a list reckons in time of the day, the ticket itself knows exactly. */
export function promiseOf(policy: SLAPolicy | undefined, metric: string | undefined, priority: Priority): { target: number; lead: number } | undefined {
  const minutes = policy?.targets.find((x) => x.metric === metric)?.[priority]?.minutes
  return minutes === undefined ? undefined : { target: minutes * 60_000, lead: leadOf(policy, minutes * 60_000) }
}

/** The earliest warning of a policy, as time before a promise of a length is due. */
export function leadOf(policy: Pick<SLAPolicy, 'warnings'> | undefined, target: number): number {
  const leads = (policy?.warnings ?? []).map((w) => (w.percent ? target * (1 - w.percent / 100) : (w.before_minutes ?? 0) * 60_000)).filter((l) => l < target)
  return Math.max(0, ...leads)
}
