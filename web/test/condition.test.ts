import { describe, expect, it } from 'vitest'
import { readCondition, writeCondition, type ConditionRow } from '../src/scenes/admin/condition'
import { moved } from '../src/scenes/admin/sla/Policies'
import { unitOf } from '../src/scenes/admin/sla/Targets'

describe('conditions by rows', () => {
  const rows: ConditionRow[] = [
    { field: 'priority', values: ['urgent'] }, { field: 'tier', values: ['vip', 'gold'] }, { field: 'tags', values: ['a "b"'] }, { field: 'type', not: true, values: ['repair'] },
    { field: 'tags', values: ['x && y', 'z || (w'] }, { field: 'channel', not: true, values: ['email', 'web'] }, { field: 'category', values: ['back\\slash\nline'] }, { field: 'tags', not: true, values: ['p', 'q'] },
  ]
  it('are written as the views write theirs', () => {
    expect(writeCondition(rows.slice(0, 4))).toBe('priority == "urgent" && tier in ["vip", "gold"] && "a \\"b\\"" in tags && !(type == "repair")')
    expect(writeCondition([{ field: 'type', values: [] }])).toBe('')
  })
  it('are read back, one by one and together, whatever the values hold', () => {
    for (const r of rows) expect(readCondition(writeCondition([r])), writeCondition([r])).toEqual([r])
    expect(readCondition(writeCondition(rows))).toEqual(rows)
    expect(readCondition('  ')).toEqual([])
  })
  it('leave alone what says more than rows can', () => {
    for (const cel of ['priority == "urgent" || type == "x"', 'created_at > now()', 'fields.vip == true', 'subject.contains("a")', 'priority == tier', 'status == "open"', '!(!(type == "a"))', 'priority == "a" &&']) expect(readCondition(cel), cel).toBeUndefined()
  })
})

describe('order of policies', () => {
  const list = ['a', 'b', 'c', 'd'].map((id) => ({ id }))
  const after = (id: string, over: string, place: 'before' | 'into' | 'after') => moved(list, id, over, place).map((x) => x.id).join('')
  it('moves one before, after or onto another', () => {
    expect([after('a', 'c', 'before'), after('a', 'c', 'after'), after('a', 'c', 'into'), after('d', 'b', 'into'), after('d', 'a', 'before')]).toEqual(['bacd', 'bcad', 'bcad', 'adbc', 'dabc'])
    expect(moved(list, 'a', 'a', 'into')).toBe(list)
    expect(moved(list, 'a', 'gone', 'into')).toBe(list)
  })
})

it('a promise is said in the largest unit without a rest', () => {
  expect([30, 60, 90, 1440, 2880, 2700].map(unitOf)).toEqual(['m', 'h', 'm', 'd', 'd', 'h'])
})
