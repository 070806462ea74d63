// The tree of rules as a value: where a rule is, what it has from above, and
// moves that never lose one.
import type { Rule, RuleSet } from '~/stores/rules'

/** A place in the tree: [2, 0] is the first child of the third rule. */
export type At = number[]

export const pathOf = (at: At): string => at.map((i) => `rules[${i}]`).join('.')
export const same = (a: At | undefined, b: At | undefined): boolean => !!a && !!b && a.join('.') === b.join('.')
export const keyOf = (at: At): string => at.join('.')
export const atOf = (key: string): At => (key === '' ? [] : key.split('.').map(Number))

export function ruleAt(rules: Rule[], at: At): Rule | undefined {
  let list: Rule[] | undefined = rules
  let found: Rule | undefined
  for (const i of at) {
    found = list?.[i]
    list = found?.rules
  }
  return found
}

/** Those above a rule, from the root down to its parent. */
export const above = (rules: Rule[], at: At): Rule[] => at.slice(0, -1).map((_, i) => ruleAt(rules, at.slice(0, i + 1))!).filter(Boolean)

/** The nearest rule above that says something about a field. */
export function from<K extends keyof Rule>(rules: Rule[], at: At, field: K): { rule: Rule; value: NonNullable<Rule[K]> } | undefined {
  for (const rule of above(rules, at).toReversed()) {
    const value = rule[field]
    if (value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)) return { rule, value: value as NonNullable<Rule[K]> }
  }
  return undefined
}

function inList(rules: Rule[], at: At, change: (list: Rule[], i: number) => Rule[]): Rule[] {
  const [head, ...rest] = at
  if (head === undefined) return rules
  if (rest.length === 0) return change(rules, head)
  return rules.map((r, i) => (i === head ? { ...r, rules: inList(r.rules ?? [], rest, change) } : r))
}

export const put = (set: RuleSet, at: At, part: Partial<Rule>): RuleSet => ({ ...set, rules: inList(set.rules, at, (list, i) => list.map((r, k) => (k === i ? clean({ ...r, ...part }) : r))) })
export const remove = (set: RuleSet, at: At): RuleSet => ({ ...set, rules: inList(set.rules, at, (list, i) => list.filter((_, k) => k !== i)) })
export const insert = (set: RuleSet, at: At, rule: Rule): RuleSet => ({ ...set, rules: inList(set.rules, at, (list, i) => [...list.slice(0, i), rule, ...list.slice(i)]) })

/** What is not said is not sent. */
function clean(rule: Rule): Rule {
  return Object.fromEntries(Object.entries(rule).filter(([, v]) => v !== undefined && v !== '' && !(Array.isArray(v) && v.length === 0) && !(typeof v === 'object' && v !== null && !Array.isArray(v) && Object.keys(v).length === 0))) as unknown as Rule
}

export const MAX_DEPTH = 6
export const depthOf = (rule: Rule): number => 1 + Math.max(0, ...(rule.rules ?? []).map(depthOf))
export const countOf = (rules: Rule[]): number => rules.reduce((n, r) => n + 1 + countOf(r.rules ?? []), 0)

/** Where everything is, in the order of the screen. */
export function flat(rules: Rule[], before: At = []): { at: At; rule: Rule }[] {
  return rules.flatMap((rule, i) => [{ at: [...before, i], rule }, ...flat(rule.rules ?? [], [...before, i])])
}

const inside = (at: At, of: At): boolean => of.every((x, i) => at[i] === x)

/** Takes a rule from one place to another; undefined when it would lie within itself or too deep. */
export function move(set: RuleSet, source: At, target: At, place: 'before' | 'into' | 'after'): { set: RuleSet; at: At } | undefined {
  const rule = ruleAt(set.rules, source)
  if (!rule || inside(target, source)) return undefined
  const into = place === 'into' ? [...target, ruleAt(set.rules, target)?.rules?.length ?? 0] : [...target.slice(0, -1), target.at(-1)! + (place === 'after' ? 1 : 0)]
  if (into.length - 1 + depthOf(rule) > MAX_DEPTH) return undefined
  // what leaves a list moves those behind it up by one
  const level = source.length - 1
  const at = into.map((x, i) => (i === level && into.length > level && inside(into.slice(0, level), source.slice(0, -1)) && x > source[level]! ? x - 1 : x))
  return { set: insert(remove(set, source), at, rule), at }
}

/** By keys: up, down, out (beside its parent), in (under the one before it). */
export function shift(set: RuleSet, at: At, way: 'up' | 'down' | 'out' | 'in'): { set: RuleSet; at: At } | undefined {
  const i = at.at(-1)!
  const parent = at.slice(0, -1)
  const list = parent.length ? (ruleAt(set.rules, parent)?.rules ?? []) : set.rules
  switch (way) {
    case 'up': return i > 0 ? move(set, at, [...parent, i - 1], 'before') : undefined
    case 'down': return i < list.length - 1 ? move(set, at, [...parent, i + 1], 'after') : undefined
    case 'out': return parent.length ? move(set, at, parent, 'after') : undefined
    case 'in': return i > 0 ? move(set, at, [...parent, i - 1], 'into') : undefined
  }
}
