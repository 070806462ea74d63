// Conditions of policies: rows of field and values, written as CEL the way the
// views write theirs. What was written by hand and is no such rows stays CEL.
import { quote } from '~/scenes/inbox/search'

export const conditionFields = ['priority', 'type', 'category', 'tier', 'channel', 'team', 'department', 'language', 'tags'] as const
export type ConditionField = (typeof conditionFields)[number]
export interface ConditionRow { field: ConditionField; not?: boolean; values: string[] }

export function writeCondition(rows: ConditionRow[]): string {
  return rows.filter((r) => r.values.length > 0).map((r) => {
    const said = r.field === 'tags'
      ? r.values.length === 1 ? `${quote(r.values[0]!)} in tags` : `(${r.values.map((v) => `${quote(v)} in tags`).join(' || ')})`
      : r.values.length === 1 ? `${r.field} == ${quote(r.values[0]!)}` : `${r.field} in [${r.values.map(quote).join(', ')}]`
    return r.not ? `!(${said.replace(/^\((.*)\)$/, '$1')})` : said
  }).join(' && ')
}

const text = String.raw`"(?:[^"\\]|\\.)*"`
const forms = {
  one: new RegExp(`^(\\w+) == (${text})$`),
  some: new RegExp(`^(\\w+) in \\[(${text}(?:, ${text})*)\\]$`),
  tag: new RegExp(`^(${text}) in tags$`),
}
const unquote = (s: string): string => s.slice(1, -1).replace(/\\n/g, '\n').replace(/\\(.)/g, '$1')
const all = (s: string): string[] => [...s.matchAll(new RegExp(text, 'g'))].map((m) => unquote(m[0]))

/** Cuts at an operator outside quotes and brackets. */
function cut(s: string, by: string): string[] {
  const parts: string[] = []
  let depth = 0, from = 0, quoted = false
  for (let i = 0; i < s.length; i++) {
    const c = s[i]!
    if (quoted) { if (c === '\\') i++; else if (c === '"') quoted = false }
    else if (c === '"') quoted = true
    else if ('([{'.includes(c)) depth++
    else if (')]}'.includes(c)) depth--
    else if (depth === 0 && s.startsWith(by, i)) { parts.push(s.slice(from, i)); i += by.length - 1; from = i + 1 }
  }
  return [...parts, s.slice(from)].map((p) => p.trim())
}

function row(s: string): ConditionRow | undefined {
  const field = (name: string): ConditionField | undefined => conditionFields.find((f) => f === name && f !== 'tags')
  const negated = /^!\((.*)\)$/s.exec(s)
  if (negated) {
    const inner = row(negated[1]!) ?? row(`(${negated[1]!})`)
    return inner && !inner.not ? { ...inner, not: true } : undefined
  }
  const one = forms.one.exec(s)
  if (one) { const f = field(one[1]!); return f && { field: f, values: [unquote(one[2]!)] } }
  const some = forms.some.exec(s)
  if (some) { const f = field(some[1]!); return f && { field: f, values: all(some[2]!) } }
  const tag = forms.tag.exec(s)
  if (tag) return { field: 'tags', values: [unquote(tag[1]!)] }
  const list = /^\((.*)\)$/s.exec(s)
  if (list) {
    const tags = cut(list[1]!, '||').map((x) => forms.tag.exec(x))
    if (tags.length > 1 && tags.every((m) => m !== null)) return { field: 'tags', values: tags.map((m) => unquote(m![1]!)) }
  }
  return undefined
}

/** The rows that a condition is; undefined when it says more than rows can. */
export function readCondition(cel: string): ConditionRow[] | undefined {
  if (!cel.trim()) return []
  const rows = cut(cel, '&&').map(row)
  return rows.every((r) => r !== undefined) ? (rows as ConditionRow[]) : undefined
}
