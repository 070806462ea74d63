import { describe, expect, it } from 'vitest'
import { ofWire, typed } from '~/parts/whenText'

describe('a day or a time', () => {
  it('is read as people type it', () => {
    for (const text of ['2026-11-21', '2026/11/21', ' 2026.11.21 ', '20261121', '2026年11月21日']) expect(typed('day', text)).toBe('2026-11-21')
    for (const text of ['2026-11-21 09:30', '2026/11/21 9:30', '2026-11-21T09:30', '2026-11-21  9：30']) expect(typed('moment', text)).toBe('2026-11-21T09:30')
    for (const text of ['09:30', '9:30', '0930', '9：30']) expect(typed('time', text)).toBe('09:30')
  })
  it('is nothing while it is being typed, nor when there is no such day', () => {
    for (const text of ['', '2026', '2026-1', '2026-02-30', '2026-13-01', 'mm/dd/yyyy']) expect(typed('day', text)).toBeUndefined()
    expect(typed('time', '25:00')).toBeUndefined()
  })
  it('comes back as it was kept', () => {
    expect(ofWire('day', '2026-11-21')?.format('M/D')).toBe('11/21')
    expect(ofWire('time', '')).toBeNull()
    expect(ofWire('moment', 'nonsense')).toBeNull()
  })
})
