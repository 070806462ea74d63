import { describe, expect, it } from 'vitest'
import { fuzzy } from '../src/actions/fuzzy'
import { initials } from '../src/actions/pinyin'
import { stroke, typing } from '../src/actions/useKeys'
import { actions } from '../src/actions/registry'
import { writeFilter } from '../src/scenes/inbox/filter'
import { movedColumn } from '../src/scenes/inbox/TicketTable'
import { arranged, grouped } from '../src/stores/view'
import type { View } from '../src/api/types'
import { simple, formFields } from '../src/scenes/ticket/form'
import { snoozeTimes } from '../src/scenes/ticket/snooze'
import { groups } from '../src/scenes/ticket/Timeline'
import { config } from './fake/people'
import { cel } from './fake/cel'
import { makeTickets } from './fake/tickets'

describe('filters', () => {
  it('choose the tickets they say', () => {
    const { tickets } = makeTickets(Date.parse('2026-11-21T06:00:00Z'))
    const chosen = tickets.filter((t) => cel(writeFilter([{ kind: 'values', field: 'status', values: ['open'] }, { kind: 'values', field: 'assignee', values: ['me'] }]), t, 'u1'))
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
    expect([...taken.values()].filter((ids) => ids.length > 1)).toEqual([['triage.accept', 'ticket.assign'], ['triage.other', 'ticket.claim'], ['list.table', 'list.rows'], ['list.clear', 'list.back'], ['ticket.watch', 'ticket.unwatch']])
    for (const key of ['j', 'k', 'o', 'r', 'n', 'a', 's', 'p', 't', 'l', 'm', 'e', 'z', '/', '?', 'Mod+k', 'g i']) expect(taken.has(key), key).toBe(true)
  })
})

describe('palette', () => {
  it('puts beginnings before middles before scattered letters', () => {
    expect(fuzzy('so', ['Also', 'Snooze', 'Solve', 'Merge'], (x) => x)).toEqual(['Solve', 'Also', 'Snooze'])
    expect(fuzzy('已解', ['视图：今日已解决', '已解决'], (x) => x)).toEqual(['已解决', '视图：今日已解决'])
    expect(fuzzy('zzz', ['Solve'], (x) => x)).toEqual([])
  })
  it('knows Chinese names by their first sounds', () => {
    expect([initials('收件箱'), initials('转派'), initials('重新打开'), initials('SLA 策略'), initials('解决')]).toEqual(['sjx', 'zp', 'zxdk', 'slacl', 'jj'])
    expect(fuzzy('yxj', ['优先级', '标签', '解决'], (x) => x)[0]).toBe('优先级')
    expect(fuzzy('zp', ['派单', '转派'], (x) => x)).toEqual(['转派'])
  })
})

describe('columns', () => {
  const keys = (from: string, over: string, place: 'before' | 'into' | 'after') => movedColumn(['a', 'b', 'c', 'd'].map((key) => ({ key })), from, over, place).map((c) => c.key).join('')
  it('stand where they were dropped', () => {
    expect([keys('a', 'c', 'before'), keys('a', 'c', 'into'), keys('d', 'b', 'into'), keys('d', 'a', 'before'), keys('b', 'd', 'after'), keys('a', 'a', 'after'), keys('x', 'a', 'after')]).toEqual(['bacd', 'bcad', 'adbc', 'dabc', 'acdb', 'abcd', 'abcd'])
  })
})

describe('views', () => {
  const v = (id: string, folder = '') => ({ id, folder, scope: 'own', name: { zh: id, en: id }, filter: '', sort: '-updated', position: 0, version: 1, columns: [], seen_by: [], retired: false }) as View
  const [group] = grouped([v('1'), v('2', 'x'), v('3'), v('4', 'x'), v('5', 'y')], () => '')
  const after = (id: string, over: string, place: 'before' | 'into' | 'after' = 'into') => arranged(group!, id, over, place).map((x) => x.id + x.folder).join(' ')
  it('lie in folders below their group', () => {
    expect(group!.views.map((x) => x.id)).toEqual(['1', '3'])
    expect(group!.folders.map((f) => [f.name, f.views.length])).toEqual([['x', 2], ['y', 1]])
  })
  it('take the folder of where they are dropped', () => {
    expect(after('1', '4', 'before')).toBe('3 2x 1x 4x 5y')
    expect(after('4', '1', 'after')).toBe('1 4 3 2x 5y')
    expect(after('1', 'folder:y')).toBe('3 2x 4x 5y 1y')
    expect(after('2', 'folder:')).toBe('1 3 2 4x 5y')
    expect(after('1', 'folder:z')).toBe('1z 3 2x 4x 5y')
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
