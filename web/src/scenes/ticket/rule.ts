// Conditions on a form: rows of field and value that all must hold, written as
// CEL. What was written by hand and is no such rows stays CEL.
import type { Field } from '~/api/types'
import { quote } from '~/scenes/inbox/filter'

export const ruleOps = ['is', 'not', 'filled', 'empty', 'more', 'less'] as const
export type RuleOp = (typeof ruleOps)[number]
export interface RuleRow { field: string; op: RuleOp; values: (string | number | boolean)[] }

/** What can be said of a kind of field. */
export function opsOf(field: Pick<Field, 'kind'>): RuleOp[] {
  switch (field.kind) {
    case 'number': return ['is', 'not', 'more', 'less', 'filled', 'empty']
    case 'boolean': return ['is']
    case 'cascade': return ['filled', 'empty']
    default: return ['is', 'not', 'filled', 'empty']
  }
}
/** Kinds of which no condition can speak. */
export const unspoken: Field['kind'][] = ['money', 'attachment']

const literal = (v: string | number | boolean): string => (typeof v === 'string' ? quote(v) : String(v))

export function writeRule(rows: RuleRow[]): string {
  return rows.filter(whole).map((r) => {
    const name = `fields.${r.field}`
    switch (r.op) {
      case 'filled': return `has(${name})`
      case 'empty': return `!has(${name})`
      case 'more': return `${name} > ${literal(r.values[0]!)}`
      case 'less': return `${name} < ${literal(r.values[0]!)}`
      case 'is': return r.values.length === 1 ? `${name} == ${literal(r.values[0]!)}` : `${name} in [${r.values.map(literal).join(', ')}]`
      case 'not': return r.values.length === 1 ? `${name} != ${literal(r.values[0]!)}` : `!(${name} in [${r.values.map(literal).join(', ')}])`
    }
  }).join(' && ')
}

/** Whether a row says something already. */
export const whole = (r: RuleRow): boolean => r.op === 'filled' || r.op === 'empty' || r.values.length > 0

const value = String.raw`(?:"(?:[^"\\]|\\.)*"|true|false|-?\d+(?:\.\d+)?)`
const forms: [RegExp, RuleOp][] = [
  [/^has\(fields\.(\w+)\)$/, 'filled'], [/^!has\(fields\.(\w+)\)$/, 'empty'],
  [new RegExp(`^fields\\.(\\w+) == (${value})$`), 'is'], [new RegExp(`^fields\\.(\\w+) != (${value})$`), 'not'],
  [/^fields\.(\w+) > (-?\d+(?:\.\d+)?)$/, 'more'], [/^fields\.(\w+) < (-?\d+(?:\.\d+)?)$/, 'less'],
  [new RegExp(`^fields\\.(\\w+) in \\[(${value}(?:, ${value})*)\\]$`), 'is'], [new RegExp(`^!\\(fields\\.(\\w+) in \\[(${value}(?:, ${value})*)\\]\\)$`), 'not'],
]

const read = (s: string): string | number | boolean => {
  if (s === 'true' || s === 'false') return s === 'true'
  if (!s.startsWith('"')) return Number(s)
  return s.slice(1, -1).replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
}

/** Cuts at && outside quotes and brackets. */
export function parts(cel: string): string[] {
  const out: string[] = []
  let depth = 0, from = 0, quoted = false
  for (let i = 0; i < cel.length; i++) {
    const c = cel[i]!
    if (quoted) { if (c === '\\') i++; else if (c === '"') quoted = false }
    else if (c === '"') quoted = true
    else if ('([{'.includes(c)) depth++
    else if (')]}'.includes(c)) depth--
    else if (depth === 0 && cel.startsWith('&&', i)) { out.push(cel.slice(from, i)); i++; from = i + 1 }
  }
  return [...out, cel.slice(from)].map((p) => p.trim())
}

function row(s: string): RuleRow | undefined {
  for (const [form, op] of forms) {
    const m = form.exec(s)
    if (m) return { field: m[1]!, op, values: m[2] ? [...m[2].matchAll(new RegExp(value, 'g'))].map((x) => read(x[0])) : [] }
  }
  return undefined
}

/** The rows that a rule is; undefined when it says more than rows can. */
export function readRule(cel: string): RuleRow[] | undefined {
  if (!cel.trim()) return []
  const rows = parts(cel).map(row)
  return rows.every((r) => r !== undefined) ? (rows as RuleRow[]) : undefined
}

/** Whether a rule holds for values; undefined when the screen cannot tell. */
export function holds(cel: string, fields: Record<string, unknown>): boolean | undefined {
  const rows = readRule(cel)
  return rows?.every((r) => {
    const now = fields[r.field]
    const empty = now === undefined || now === null || now === '' || (Array.isArray(now) && now.length === 0)
    switch (r.op) {
      case 'filled': return !empty
      case 'empty': return empty
      case 'more': return typeof now === 'number' && now > (r.values[0] as number)
      case 'less': return typeof now === 'number' && now < (r.values[0] as number)
      // an absent text is "", an absent yes or no is no
      case 'is': return r.values.includes(empty ? (typeof r.values[0] === 'boolean' ? false : typeof r.values[0] === 'string' ? '' : Number.NaN) : (now as string))
      case 'not': return !r.values.includes(empty ? (typeof r.values[0] === 'boolean' ? false : typeof r.values[0] === 'string' ? '' : Number.NaN) : (now as string))
    }
  })
}
