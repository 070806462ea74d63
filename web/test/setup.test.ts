import { describe, expect, it } from 'vitest'
import type { Category } from '../src/api/types'
import { numberOf } from '../src/scenes/admin/setup/number'
import { keyOf } from '../src/scenes/admin/setup/parts'
import { dropped, standing, stepped, tree, within } from '../src/scenes/admin/setup/tree'
import { holds, readRule, writeRule, type RuleRow } from '../src/scenes/ticket/rule'

describe('conditions on a form', () => {
  const rows: RuleRow[] = [
    { field: 'warranty', op: 'is', values: ['in'] }, { field: 'warranty', op: 'is', values: ['in', 'out'] }, { field: 'model', op: 'not', values: ['a "b" && c'] }, { field: 'model', op: 'not', values: ['x', 'y'] },
    { field: 'safety', op: 'is', values: [true] }, { field: 'amount', op: 'more', values: [12.5] }, { field: 'amount', op: 'less', values: [-3] }, { field: 'model', op: 'filled', values: [] }, { field: 'model', op: 'empty', values: [] }, { field: 'model', op: 'is', values: ['back\\slash\nline'] },
  ]
  it('are written and read back, one by one and together', () => {
    for (const r of rows) expect(readRule(writeRule([r])), writeRule([r])).toEqual([r])
    expect(readRule(writeRule(rows))).toEqual(rows)
    expect(writeRule([rows[0]!, rows[4]!, rows[7]!])).toBe('fields.warranty == "in" && fields.safety == true && has(fields.model)')
    expect(writeRule([{ field: 'x', op: 'is', values: [] }])).toBe('')
  })
  it('leave alone what says more than rows can', () => {
    for (const cel of ['fields.a == "x" || fields.b == "y"', 'type == "repair"', 'size(fields.a) > 2', 'fields.a == fields.b']) expect(readRule(cel), cel).toBeUndefined()
  })
  it('hold as they do on the server: an absent text is empty, an absent yes or no is no', () => {
    expect([holds('fields.a == "x"', { a: 'x' }), holds('fields.a == "x"', {}), holds('fields.a != "x"', {}), holds('fields.b == false', {}), holds('fields.b == true', {})]).toEqual([true, false, true, true, false])
    expect([holds('fields.n > 3', { n: 4 }), holds('fields.n > 3', {}), holds('has(fields.a)', { a: '' }), holds('!has(fields.a)', {}), holds('fields.a in ["x", "y"]', { a: 'y' })]).toEqual([true, false, false, true, true])
    expect(holds('type == "repair"', {})).toBeUndefined()
  })
})

describe('ticket numbers', () => {
  const at = { year: 2026, month: 3, day: 7 }
  it('are made as the server makes them', () => {
    expect(numberOf('{type}{yymmdd}-{seq:4}', 'BX', at, 12)).toBe('BX260307-0012')
    expect(numberOf('GD-{yyyy}/{mm}/{dd}.{seq}', 'BX', at, 7)).toBe('GD-2026/03/07.7')
  })
  it('are not made of a pattern that the server refuses', () => {
    for (const p of ['GD', '{seq}{seq}', '{hour}{seq}', 'A {seq}', '{seq:0}', '{seq:13}', `${'x'.repeat(60)}{seq}`]) expect(numberOf(p, 'BX', at, 1), p).toBeUndefined()
  })
})

describe('the tree of categories', () => {
  const c = (id: string, parent_id?: string, aliases?: string[]): Category => ({ id, name: { zh: id, en: '' }, position: 1, retired: false, ...(parent_id ? { parent_id } : {}), ...(aliases ? { aliases } : {}) })
  const list = [c('a'), c('a1', 'a', ['不冷']), c('a2', 'a'), c('b'), c('b1', 'b')]
  it('lists what is open, and with words what fits and the way to it', () => {
    expect(tree(list, new Set()).map((n) => n.category.id + n.depth)).toEqual(['a0', 'a11', 'a21', 'b0', 'b11'])
    expect(tree(list, new Set(['a'])).map((n) => n.category.id)).toEqual(['a', 'b', 'b1'])
    expect(tree(list, new Set(['a']), '不冷').map((n) => n.category.id)).toEqual(['a', 'a1'])
  })
  it('moves by hand and by keys, never below itself', () => {
    expect(dropped(list, 'b', 'a', 'before')).toEqual({ ids: ['b', 'a'] })
    expect(dropped(list, 'b', 'a', 'into')).toEqual({ ids: ['a1', 'a2', 'b'], parent: 'a' })
    expect(dropped(list, 'a', 'a1', 'into')).toBeUndefined()
    expect(dropped(list, 'a', 'b', 'before')).toBeUndefined()
    expect(stepped(list, 'a2', 'ArrowUp')).toEqual({ ids: ['a2', 'a1'], parent: 'a' })
    expect(stepped(list, 'a2', 'ArrowRight')).toEqual({ ids: ['a2'], parent: 'a1' })
    expect(stepped(list, 'a1', 'ArrowLeft')).toEqual({ ids: ['a', 'a1', 'b'] })
    expect([stepped(list, 'a', 'ArrowUp'), stepped(list, 'a', 'ArrowLeft'), stepped(list, 'a', 'x')]).toEqual([undefined, undefined, undefined])
    expect(standing(list, 'a2')).toEqual({ ids: ['a1', 'a2'], parent: 'a' })
    expect([within(list, 'a1', 'a'), within(list, 'a', 'a1')]).toEqual([true, false])
  })
})

it('makes keys of English names', () => {
  expect([keyOf('Order number'), keyOf('3rd party!'), keyOf('退款')]).toEqual(['order_number', 'rd_party', ''])
})
