// Words and colours of a clock, from what the ticket says of it and the moment.
import type { Metric, Priority, SLAPolicy, Ticket } from '~/api/types'
import { t, type Key } from '~/i18n'
import { readCondition, type ConditionRow } from '~/scenes/admin/condition'
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

type Fitting = Pick<Ticket, 'type' | 'priority' | 'fields' | 'category_id' | 'requester' | 'channel' | 'team' | 'department' | 'language' | 'tags'>

function holds(r: ConditionRow, x: Fitting): boolean | undefined {
  const of: Partial<Record<ConditionRow['field'], string | undefined>> = { priority: x.priority, type: x.type, category: x.category_id, tier: x.requester?.tier, channel: x.channel, team: x.team?.id, department: x.department?.id, language: x.language }
  const found = r.field === 'tags' ? r.values.some((v) => x.tags.includes(v)) : r.field in of ? r.values.includes(of[r.field] ?? '') : undefined
  return found === undefined ? undefined : found !== (r.not ?? false)
}

/** Whether a condition fits, as far as that can be told here; undefined where only the server knows. */
export function fits(when: string | undefined, ticket: Fitting): boolean | undefined {
  const rows = readCondition(when ?? '')
  if (!rows) return simple(when!, ticket)
  const each = rows.map((r) => holds(r, ticket))
  return each.includes(false) ? false : each.includes(undefined) ? undefined : true
}

/** The policy that a list may take to hold for a ticket: the first whose condition fits; none once only the server could tell. */
export function policyFor(policies: SLAPolicy[], ticket: Fitting): SLAPolicy | undefined {
  const first = policies.find((p) => !p.retired && !p.problem && fits(p.when, ticket) !== false)
  return first && fits(first.when, ticket) ? first : undefined
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
