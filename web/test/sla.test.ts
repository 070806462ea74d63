import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clocks, SLAClock } from '../src/api/types'
import { setLocale } from '../src/i18n'
import { leftText, lengthText, lookOf, secondsText } from '../src/parts/slaText'
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
  it('warns from its moment on and is late the moment after it was due, whatever the server said last', () => {
    const at = (now: number) => lookOf({ sla: 'running', due, warn: due - 30 * MIN }, now)
    expect([due - 31 * MIN, due - 30 * MIN, due, due + 1].map(at)).toEqual(['calm', 'warn', 'warn', 'over'])
  })
  it('shows no number that looks live while it rests', () => {
    expect(lookOf({ sla: 'paused', due }, due + HOUR)).toBe('paused')
    expect(lookOf({ sla: 'met' }, due)).toBe('met')
    expect(lookOf({ sla: 'breached' }, due)).toBe('over')
    expect(lookOf({ sla: 'none' }, due)).toBe('none')
  })
})

describe('clocks under the title', () => {
  it('shows the newest round of each promise, what runs out first before the rest, ended ones last; of departments the one that has it', () => {
    const c = (metric: string, more: Partial<SLAClock>): SLAClock => ({ metric, round: 1, state: 'running', started_at: '', elapsed_seconds: 0, left_seconds: 0, runs: true, target_seconds: 60, ...more }) as SLAClock
    const list = [c('first_response', { ended_at: 'x', state: 'met', due_at: '2026-01-01' }), c('next_response', { round: 1, ended_at: 'x' }), c('next_response', { round: 2, due_at: '2026-01-03' }), c('resolution', { due_at: '2026-01-02' }), c('update', { target_seconds: 0 }), c('department', { unit_id: '7', ended_at: 'x' }), c('department', { unit_id: '8', due_at: '2026-01-01' })]
    expect(shownClocks({ items: list } as Clocks).map((x) => `${x.metric}${x.round}`)).toEqual(['department1', 'resolution1', 'next_response2', 'first_response1'])
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
