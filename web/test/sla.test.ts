import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clocks, SLAClock, SLAPolicy, Ticket } from '../src/api/types'
import { setLocale } from '../src/i18n'
import { leadOf, leftText, lengthText, lookOf, policyFor, promiseOf, secondsText } from '../src/parts/slaText'
import { shownClocks } from '../src/scenes/ticket/sla/ClockChips'
import { wall } from '../src/scenes/admin/calendar/week'

const MIN = 60_000
const HOUR = 60 * MIN
beforeEach(() => setLocale('zh-CN'))

describe('time left', () => {
  it('is minutes and seconds, then hours, then days', () => {
    expect([0, 999, 9_000, 59 * MIN + 59_000, HOUR, 23 * HOUR + 59 * MIN, 24 * HOUR, 51 * HOUR].map(lengthText)).toEqual(['00:00', '00:00', '00:09', '59:59', '1:00:00', '23:59:00', '1 天 0 小时', '2 天 3 小时'])
    expect([0, 238, 3599.6, 86_400].map(secondsText)).toEqual(['0:00', '3:58', '1:00:00', '24:00:00'])
  })
  it('never shows zero before it is due and counts up after', () => {
    expect(leftText(10_000, 9_400)).toBe('00:01')
    expect(leftText(10_000, 10_000)).toBe('00:00')
    expect(leftText(10_000, 11_500)).toBe('00:01')
    expect(leftText(10_000, 208_100)).toBe('03:18')
  })
})

describe('how a clock looks', () => {
  const due = 1000 * HOUR
  it('warns from its lead on and is late the moment after it was due, whatever the server said last', () => {
    const at = (now: number) => lookOf({ sla: 'running', due, lead: 30 * MIN }, now)
    expect([due - 31 * MIN, due - 30 * MIN, due, due + 1].map(at)).toEqual(['calm', 'warn', 'warn', 'over'])
  })
  it('shows no number that looks live while it rests', () => {
    expect(lookOf({ sla: 'paused', due }, due + HOUR)).toBe('paused')
    expect(lookOf({ sla: 'met' }, due)).toBe('met')
    expect(lookOf({ sla: 'breached' }, due)).toBe('over')
    expect(lookOf({ sla: 'none' }, due)).toBe('none')
  })
})

describe('what a list reckons by', () => {
  const policy = (p: Partial<SLAPolicy>): SLAPolicy => ({ id: '1', version: 1, name: 'x', targets: [], ...p }) as SLAPolicy
  const ticket = { type: 'repair', priority: 'urgent', fields: {}, tags: ['vip'], channel: 'web', requester: { id: '9', name: 'x', tier: 'gold' } } as unknown as Ticket
  it('is the first policy in use whose condition fits', () => {
    const all = [policy({ id: '1', retired: true }), policy({ id: '2', when: 'priority == "low"' }), policy({ id: '3', when: '"a" in tags' }), policy({ id: '4', when: 'type in ["repair", "x"] && !(tier == "vip") && ("b" in tags || "vip" in tags)' }), policy({ id: '5' })]
    expect(policyFor(all, ticket)?.id).toBe('4')
    expect(policyFor([policy({ id: '6', when: 'team == "1"' }), policy({ id: '7' })], ticket)?.id).toBe('7')
  })
  it('is none as soon as only the server could tell', () => {
    expect(policyFor([policy({ id: '3', when: 'tags.exists(x, x == "a")' }), policy({ id: '5' })], ticket)).toBeUndefined()
    expect(policyFor([policy({ id: '8', when: 'risk > 1' }), policy({ id: '5' })], ticket)).toBeUndefined()
  })
  it('takes the earliest warning', () => {
    expect(leadOf(policy({ warnings: [{ percent: 75 }, { before_minutes: 10 }] }), 40 * MIN)).toBe(10 * MIN)
    expect(leadOf(policy({ warnings: [{ percent: 90 }, { before_minutes: 30 }, { before_minutes: 90 }] }), HOUR)).toBe(30 * MIN)
    expect(leadOf(undefined, HOUR)).toBe(0)
    expect(promiseOf(policy({ targets: [{ metric: 'resolution', urgent: { minutes: 60 } }], warnings: [{ percent: 75 }] }), 'resolution', 'urgent')).toEqual({ target: HOUR, lead: 15 * MIN })
    expect(promiseOf(policy({}), 'resolution', 'urgent')).toBeUndefined()
  })
})

describe('clocks under the title', () => {
  it('shows the newest round of each promise, what runs out first before the rest, ended ones last', () => {
    const c = (metric: string, more: Partial<SLAClock>): SLAClock => ({ metric, round: 1, state: 'running', started_at: '', elapsed_seconds: 0, left_seconds: 0, runs: true, target_seconds: 60, ...more }) as SLAClock
    const list = [c('first_response', { ended_at: 'x', state: 'met', due_at: '2026-01-01' }), c('next_response', { round: 1, ended_at: 'x' }), c('next_response', { round: 2, due_at: '2026-01-03' }), c('resolution', { due_at: '2026-01-02' }), c('update', { target_seconds: 0 })]
    expect(shownClocks({ items: list } as Clocks).map((x) => `${x.metric}${x.round}`)).toEqual(['resolution1', 'next_response2', 'first_response1'])
  })
})

describe('hours as people type them', () => {
  it('become hours of the wall; what is none stays as it was typed', () => {
    expect(['9', '930', '9:30', '0900', '24', '24:01', '25', '9：05', 'x'].map(wall)).toEqual(['09:00', '09:30', '09:30', '09:00', '24:00', '24:01', '25', '09:05', 'x'])
  })
})

describe('the time of the server', () => {
  afterEach(() => vi.useRealTimers())
  const fresh = async () => { vi.resetModules(); return import('../src/stores/moment') }
  it('corrects a machine whose clock is wrong, and leaves a right one alone', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-05-01T10:00:00Z') })
    const m = await fresh()
    m.observe('Fri, 01 May 2026 10:00:00 GMT', Date.now() - 40, Date.now())
    expect(m.serverNow()).toBe(Date.now())
    m.observe('Fri, 01 May 2026 11:00:00 GMT', Date.now() - 900, Date.now())
    expect(Math.abs(m.serverNow() - Date.parse('2026-05-01T11:00:00Z'))).toBeLessThanOrEqual(1000)
    // a slower answer that says nearly the same is no better
    const before = m.serverNow()
    m.observe('Fri, 01 May 2026 11:00:01 GMT', Date.now() - 2000, Date.now())
    expect(m.serverNow()).toBe(before)
    m.observe('nonsense', 0, 0)
    expect(m.serverNow()).toBe(before)
  })
  it('moves its hand once a second for all, and not while nothing counts', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-05-01T10:00:00.250Z') })
    const m = await fresh()
    let a = 0, b = 0
    const stop = m.eachSecond(() => void a++)
    const stopB = m.eachSecond(() => void b++)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(3000)
    expect([a, b]).toEqual([3, 3])
    stop()
    stopB()
    expect(vi.getTimerCount()).toBe(0)
  })
})
