import { describe, expect, it } from 'vitest'
import { both, quote, readFilter, writeFilter, type Chip } from '../src/scenes/inbox/filter'
import { parseResultSearch, parseSearch } from '../src/scenes/inbox/search'

describe('chips and CEL', () => {
  const chips: Chip[] = [
    { kind: 'values', field: 'status', values: ['open'] }, { kind: 'values', field: 'priority', values: ['high', 'urgent'] },
    { kind: 'values', field: 'assignee', values: ['me', ''] }, { kind: 'values', field: 'tags', values: ['a"b\\c', 'x && y || (z'] },
    { kind: 'values', field: 'channel', not: true, values: ['email', 'web'] }, { kind: 'values', field: 'tags', not: true, values: ['p', 'q'] },
    { kind: 'values', field: 'fields.order_no', values: ['JD-1'] }, { kind: 'flag', field: 'active', on: true }, { kind: 'flag', field: 'snoozed', on: false },
    { kind: 'time', field: 'created_at', op: '>=', hours: -24 }, { kind: 'time', field: 'due_at', op: '<', hours: 1 }, { kind: 'time', field: 'due_at', op: '<', hours: 0 },
    { kind: 'at', field: 'created_at', op: '>=', at: '2026-11-16T00:00:00Z' }, { kind: 'at', field: 'due_at', op: '<=', at: '2026-11-16T18:30:00.5+08:00' },
    { kind: 'words', words: '不"制冷' }, { kind: 'words', words: 'x', not: true },
    { kind: 'cel', cel: 'size(tags) > 2' }, { kind: 'cel', cel: 'risk > 1 || reopen_count > 0' },
  ]
  it('are each other, one by one and together', () => {
    for (const c of chips) expect(readFilter(writeFilter([c])), writeFilter([c])).toEqual([c])
    const together = chips.map((c) => (c.kind === 'cel' && c.cel.includes('||') ? { ...c, cel: `(${c.cel})` } : c))
    expect(readFilter(writeFilter(chips))).toEqual(together)
    expect(writeFilter(readFilter(writeFilter(chips)))).toBe(writeFilter(chips))
  })
  it('are each other in every mixture', () => {
    let seed = 7
    const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
    for (let i = 0; i < 400; i++) {
      const some = Array.from({ length: 1 + random(5) }, () => chips[random(chips.length)]!)
      const cel = writeFilter(some)
      expect(writeFilter(readFilter(cel)), cel).toBe(cel)
    }
  })
  it('cannot be broken out of', () => {
    expect(writeFilter(chips.slice(0, 4))).toBe('status == "open" && priority in ["high", "urgent"] && assignee in [me(), ""] && ("a\\"b\\\\c" in tags || "x && y || (z" in tags)')
    expect(JSON.parse(quote('x" || true || "\\'))).toBe('x" || true || "\\')
  })
  it('show what the shipped views say', () => {
    expect(readFilter('active && assignee == me() && !snoozed').map((c) => c.kind)).toEqual(['flag', 'values', 'flag'])
    expect(readFilter('active && sla == "running" && due_at >= now() && due_at < now() + duration("1h")').map((c) => c.kind)).toEqual(['flag', 'values', 'time', 'time'])
  })
  it('leave alone what says more, in its place', () => {
    for (const cel of ['a || b && c', 'active ? x : y', 'priority == tier', 'team == me()', '!(!(type == "a"))', 'status == "open" &&', 'created_at > now()', 'due_at < now() + duration("1h30m")', 'created_at > timestamp("soon")', 'created_at == timestamp("2026-11-16T00:00:00Z")', 'created_at > timestamp("2026-11-16T99:00:00Z")', 'x == "unclosed']) {
      expect(writeFilter(readFilter(cel)), cel).toBe(cel)
      expect(readFilter(cel).some((c) => c.kind === 'cel'), cel).toBe(true)
    }
    // a weaker operator beside a chip does not take the chip along
    expect(writeFilter([{ kind: 'flag', field: 'active', on: true }, ...readFilter('a || b')])).toBe('active && (a || b)')
    expect(readFilter('(status == "open") && (active && (x || y))').map((c) => c.kind)).toEqual(['values', 'flag', 'cel'])
  })
  it('are put together whole', () => {
    expect(both('a || b', 'c')).toBe('(a || b) && (c)')
    expect(both('', 'c')).toBe('c')
    expect(writeFilter([{ kind: 'values', field: 'type', values: [] }, { kind: 'cel', cel: ' ' }, { kind: 'words', words: '' }])).toBe('')
  })
  it('come from the address bar without surprises', () => {
    expect(parseSearch({ filter: true, sort: 'drop table', evil: 'x' })).toEqual({ filter: 'true' })
    expect(parseSearch({ filter: '' })).toEqual({ filter: '' })
    expect(parseResultSearch({ q: 48213, only: '', filter: 'active' })).toEqual({ q: '48213' })
  })
})
