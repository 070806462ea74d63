import { describe, expect, it } from 'vitest'
import { fuzzy } from '../src/actions/fuzzy'
import { stroke, typing } from '../src/actions/useKeys'
import { actions } from '../src/actions/registry'
import { both, parseSearch, quote, toCEL } from '../src/scenes/inbox/search'
import { simple, formFields } from '../src/scenes/ticket/form'
import { snoozeTimes } from '../src/scenes/ticket/snooze'
import { groups } from '../src/scenes/ticket/Timeline'
import { config } from './fake/people'
import { cel } from './fake/cel'
import { makeTickets } from './fake/tickets'

describe('filters', () => {
  it('become CEL that cannot be broken out of', () => {
    expect(toCEL({ status: ['open'], priority: ['high', 'urgent'], assignee: ['me', ''], tags: ['a"b\\c'] })).toBe(
      'status == "open" && priority in ["high", "urgent"] && assignee in [me(), ""] && "a\\"b\\\\c" in tags',
    )
    expect(JSON.parse(quote('x" || true || "\\'))).toBe('x" || true || "\\')
    expect(both('a || b', 'c')).toBe('(a || b) && (c)')
    expect(both('', 'c')).toBe('c')
  })
  it('come from the address bar without surprises', () => {
    expect(parseSearch({ q: 48213, status: 'open', priority: ['high', 3], sort: 'drop table', evil: 'x' })).toEqual({ q: '48213', status: ['open'], priority: ['high', '3'] })
  })
  it('choose the tickets they say', () => {
    const { tickets } = makeTickets(Date.parse('2026-11-21T06:00:00Z'))
    const chosen = tickets.filter((t) => cel(toCEL({ status: ['open'], assignee: ['me'] }), t, 'u1'))
    expect(chosen.length).toBeGreaterThan(0)
    expect(chosen.every((t) => t.status === 'open' && t.assignee?.id === 'u1')).toBe(true)
  })
})

describe('keys', () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => stroke({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })
  it('are named the same on every keyboard', () => {
    expect(press('k', { ctrlKey: true })).toBe('Mod+k')
    expect(press('k', { metaKey: true })).toBe('Mod+k')
    expect(press('A', { shiftKey: true })).toBe('Shift+A')
    expect(press('?', { shiftKey: true })).toBe('?')
  })
  it('rest while somebody types, not on a tick box', () => {
    document.body.innerHTML = '<input id="a"><input id="b" type="checkbox"><div contenteditable="true"><p id="c">x</p></div><p id="d"></p>'
    const at = (id: string) => typing(document.getElementById(id))
    expect([at('a'), at('b'), at('c'), at('d')]).toEqual([true, false, true, false])
  })
  it('are not given to two actions, unless the two never hold at once', () => {
    const taken = new Map<string, string[]>()
    for (const a of actions) if (a.keys) taken.set(a.keys, [...(taken.get(a.keys) ?? []), a.id])
    expect([...taken.values()].filter((ids) => ids.length > 1)).toEqual([['triage.accept', 'ticket.assign'], ['triage.other', 'ticket.claim'], ['ticket.watch', 'ticket.unwatch']])
    for (const key of ['j', 'k', 'o', 'r', 'n', 'a', 's', 'p', 't', 'l', 'm', 'e', 'z', '/', '?', 'Mod+k', 'g i']) expect(taken.has(key), key).toBe(true)
  })
})

describe('palette', () => {
  it('puts beginnings before middles before scattered letters', () => {
    expect(fuzzy('so', ['Also', 'Snooze', 'Solve', 'Merge'], (x) => x)).toEqual(['Solve', 'Also', 'Snooze'])
    expect(fuzzy('已解', ['视图：今日已解决', '已解决'], (x) => x)).toEqual(['已解决', '视图：今日已解决'])
    expect(fuzzy('zzz', ['Solve'], (x) => x)).toEqual([])
  })
})

describe('forms', () => {
  it('tell simple conditions and leave the rest to the server', () => {
    const v = { type: 'repair', fields: { in_warranty: false, level: 'major', n: 3 } }
    expect(simple('fields.in_warranty == false', v)).toBe(true)
    expect(simple('fields.level != "major"', v)).toBe(false)
    expect(simple('type == "repair" && fields.n == 3', v)).toBe(true)
    expect(simple('size(tags) > 2', v)).toBeUndefined()
  })
  it('show a field only when its condition holds', () => {
    const keys = (fields: Record<string, unknown>) => formFields(config, { type: 'repair', priority: 'normal', fields }, 'create').map((f) => f.field.key)
    expect(keys({ in_warranty: true })).not.toContain('cost')
    expect(keys({ in_warranty: false })).toContain('cost')
    expect(formFields(config, { type: 'refund', priority: 'normal', fields: {} }, 'create').find((f) => f.field.key === 'order_no')?.required).toBe(true)
  })
})

describe('ticket', () => {
  it('folds the events between two messages into one line', () => {
    const { timelines } = makeTickets(0)
    const parts = groups(timelines.get('480000000')!)
    expect(parts.map((p) => (Array.isArray(p) ? p.length : p.message!.kind))).toEqual(['customer', 5, 'reply', 'note', 'customer'])
  })
  it('offers only times to come for later', () => {
    for (const now of [new Date(2026, 10, 21, 15), new Date(2026, 10, 23, 8), new Date(2026, 10, 22, 23, 59)]) {
      const times = snoozeTimes(now)
      expect(times.every((x) => x.at > now)).toBe(true)
      expect(times.find((x) => x.key === 'snooze.monday')!.at.getDay()).toBe(1)
    }
  })
})
