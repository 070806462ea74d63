import { describe, expect, it } from 'vitest'
import { atOf, countOf, depthOf, flat, from, keyOf, MAX_DEPTH, move, pathOf, put, ruleAt, shift, type At } from '../src/scenes/admin/routing/tree'
import type { Rule, RuleSet } from '../src/stores/rules'

const rule = (name: string, rules?: Rule[], more: Partial<Rule> = {}): Rule => ({ name, ...more, ...(rules ? { rules } : {}) })
const set = (rules: Rule[]): RuleSet => ({ name: 'set', rules })
const names = (s: RuleSet): string => flat(s.rules).map((x) => '·'.repeat(x.at.length - 1) + x.rule.name).join(' ')

describe('the tree of rules', () => {
  const s = set([rule('a', [rule('b'), rule('c', [rule('d')])], { strategy: 'skill', team_id: '7' }), rule('e'), rule('f')])

  it('names places as the server names its problems', () => {
    expect(pathOf([0, 1, 0])).toBe('rules[0].rules[1].rules[0]')
    expect(atOf(keyOf([2, 0]))).toEqual([2, 0])
    expect(ruleAt(s.rules, [0, 1, 0])?.name).toBe('d')
  })

  it('says from which rule above a value comes', () => {
    expect(from(s.rules, [0, 1, 0], 'strategy')).toMatchObject({ rule: { name: 'a' }, value: 'skill' })
    expect(from(put(s, [0, 1], { strategy: 'vip' }).rules, [0, 1, 0], 'strategy')?.value).toBe('vip')
    expect(from(s.rules, [1], 'strategy')).toBeUndefined()
  })

  it('moves before, after and into another', () => {
    expect(names(move(s, [2], [0], 'before')!.set)).toBe('f a ·b ·c ··d e')
    expect(names(move(s, [0, 0], [1], 'after')!.set)).toBe('a ·c ··d e b f')
    expect(names(move(s, [1], [0, 1], 'into')!.set)).toBe('a ·b ·c ··d ··e f')
    expect(move(s, [0], [0, 1], 'into')).toBeUndefined()
  })

  it('moves by keys', () => {
    expect(names(shift(s, [1], 'up')!.set)).toBe('e a ·b ·c ··d f')
    expect(names(shift(s, [1], 'down')!.set)).toBe('a ·b ·c ··d f e')
    expect(names(shift(s, [0, 1], 'out')!.set)).toBe('a ·b c ·d e f')
    expect(names(shift(s, [2], 'in')!.set)).toBe('a ·b ·c ··d e ·f')
    expect(shift(s, [0], 'up')).toBeUndefined()
    expect(shift(s, [0], 'out')).toBeUndefined()
  })

  it('never loses or doubles a rule, whatever is moved where', () => {
    let seed = 7
    const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n
    let now = set(Array.from({ length: 9 }, (_, i) => rule(`r${i}`)))
    const all = (x: RuleSet) => flat(x.rules).map((y) => y.rule.name).toSorted().join()
    const before = all(now)
    let moved = 0
    for (let i = 0; i < 3000; i++) {
      const rows = flat(now.rules)
      const pick = (): At => rows[random(rows.length)]!.at
      const source = pick()
      const name = ruleAt(now.rules, source)!.name
      const next = random(2) ? move(now, source, pick(), (['before', 'into', 'after'] as const)[random(3)]!) : shift(now, source, (['up', 'down', 'out', 'in'] as const)[random(4)]!)
      if (!next) continue
      moved++
      expect(ruleAt(next.set.rules, next.at)?.name).toBe(name)
      now = next.set
      expect(all(now)).toBe(before)
      expect(Math.max(...now.rules.map(depthOf))).toBeLessThanOrEqual(MAX_DEPTH)
    }
    expect(moved).toBeGreaterThan(1000)
    expect(countOf(now.rules)).toBe(9)
  })
})
