// A condition as chips and as CEL, both ways. What a chip cannot show stays
// itself: a chip of text, which keeps its place and its meaning.

/** Properties whose values are chosen from a list. */
export const valueFields = ['status', 'priority', 'type', 'category', 'assignee', 'team', 'department', 'channel', 'tier', 'language', 'sla', 'tags'] as const
export type ValueField = (typeof valueFields)[number]
/** Properties that hold or do not. */
export const flagFields = ['active', 'at_risk', 'to_classify', 'awaiting_ruling', 'snoozed', 'watching', 'mentioned', 'unread', 'assisting', 'collaborating', 'merged'] as const
export type FlagField = (typeof flagFields)[number]
/** Moments, told from now or by the date. */
export const timeFields = ['created_at', 'updated_at', 'solved_at', 'due_at'] as const
export type TimeField = (typeof timeFields)[number]

/** How a property stands to a given moment. */
export const atOps = ['>=', '<', '>', '<='] as const
export type AtOp = (typeof atOps)[number]

export interface ValuesChip { kind: 'values'; field: string; not?: boolean; values: string[] }
export type Chip =
  | ValuesChip
  | { kind: 'flag'; field: FlagField; on: boolean }
  /** offset: hours from now, "-24", "1", or "0". */
  | { kind: 'time'; field: TimeField; op: '<' | '>='; hours: number }
  /** at: RFC 3339, as it was written. */
  | { kind: 'at'; field: TimeField; op: AtOp; at: string }
  | { kind: 'words'; words: string; not?: boolean }
  | { kind: 'cel'; cel: string }

/** A CEL string literal. */
export const quote = (s: string): string => `"${s.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`

const text = String.raw`"(?:[^"\\]|\\.)*"`
const name = String.raw`[a-z_]+(?:\.[a-z][a-z0-9_]*)?`
const value = `(?:${text}|me\\(\\))`
const forms = {
  one: new RegExp(`^(${name}) == (${value})$`),
  unlike: new RegExp(`^(${name}) != (${value})$`),
  some: new RegExp(`^(${name}) in \\[(${value}(?:, ?${value})*)\\]$`),
  tag: new RegExp(`^(${text}) in tags$`),
  time: /^(created_at|updated_at|solved_at|due_at) (<|>=|>) now\(\)(?: ([+-]) duration\("(\d+)h"\))?$/,
  at: /^(created_at|updated_at|solved_at|due_at) (<=|>=|<|>) timestamp\("(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))"\)$/,
  words: new RegExp(`^(!?)subject\\.contains\\((${text})\\)$`),
}
const unquote = (s: string): string => (s === 'me()' ? 'me' : s.slice(1, -1).replace(/\\n/g, '\n').replace(/\\(.)/g, '$1'))
const all = (s: string): string[] => [...s.matchAll(new RegExp(value, 'g'))].map((m) => unquote(m[0]))

/** Cuts at an operator outside quotes and brackets. */
export function cut(s: string, by: string): string[] {
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

/** What stands between the brackets, when one pair holds the whole. */
function inside(s: string): string | undefined {
  if (!s.startsWith('(') || !s.endsWith(')')) return undefined
  let depth = 0, quoted = false
  for (let i = 0; i < s.length - 1; i++) {
    const c = s[i]!
    if (quoted) { if (c === '\\') i++; else if (c === '"') quoted = false }
    else if (c === '"') quoted = true
    else if (c === '(') depth++
    else if (c === ')' && --depth === 0) return undefined
  }
  return s.slice(1, -1).trim()
}

/** Weaker than &&: such a text must stand in brackets beside others. */
const loose = (s: string): boolean => cut(s, '||').length > 1 || cut(s, '?').length > 1

function literals(s: string, field: string): string[] | undefined {
  const found = all(s)
  // me() is a person; of another property it would be no value
  return field !== 'assignee' && /\bme\(\)/.test(s.replace(new RegExp(text, 'g'), '')) ? undefined : found
}

const known = (field: string): boolean => (valueFields as readonly string[]).includes(field) ? field !== 'tags' : field.startsWith('fields.')

function values(s: string): ValuesChip | undefined {
  for (const [form, not] of [[forms.one, false], [forms.some, false], [forms.unlike, true]] as const) {
    const m = form.exec(s)
    if (!m || !known(m[1]!)) continue
    const list = literals(m[2]!, m[1]!)
    return list && { kind: 'values', field: m[1]!, values: list, ...(not ? { not } : {}) }
  }
  const tag = forms.tag.exec(s)
  if (tag) return { kind: 'values', field: 'tags', values: [unquote(tag[1]!)] }
  const tags = cut(inside(s) ?? s, '||').map((x) => forms.tag.exec(x))
  if (tags.length > 1 && tags.every((m) => m !== null)) return { kind: 'values', field: 'tags', values: tags.map((m) => unquote(m![1]!)) }
  return undefined
}

function chip(s: string): Chip {
  const found = values(s)
  if (found) return found
  const not = s.startsWith('!') ? s.slice(1).trim() : undefined
  const flag = flagFields.find((f) => f === (not ?? s))
  if (flag) return { kind: 'flag', field: flag, on: not === undefined }
  const bare = not === undefined ? undefined : inside(not)
  if (bare !== undefined) {
    const inner = values(bare)
    if (inner && !inner.not) return { ...inner, not: true }
  }
  const time = forms.time.exec(s)
  // "later than" to the millisecond is "not earlier than" for everybody who reads a list
  if (time && time[2] !== '>') return { kind: 'time', field: time[1] as TimeField, op: time[2] as '<' | '>=', hours: time[3] ? Number(`${time[3]}${time[4]}`) : 0 }
  const at = forms.at.exec(s)
  if (at && !Number.isNaN(Date.parse(at[3]!))) return { kind: 'at', field: at[1] as TimeField, op: at[2] as AtOp, at: at[3]! }
  const words = forms.words.exec(s)
  if (words) return { kind: 'words', words: unquote(words[2]!), ...(words[1] ? { not: true } : {}) }
  return { kind: 'cel', cel: s }
}

/** The chips of a condition, in its order. */
export function readFilter(cel: string): Chip[] {
  const whole = cel.trim()
  if (!whole) return []
  const one = chip(whole)
  if (one.kind !== 'cel' || loose(whole)) return [one]
  const parts = cut(whole, '&&')
  if (parts.includes('')) return [one] // unfinished: nothing may be lost of it
  if (parts.length === 1) {
    const bare = inside(whole)
    return bare === undefined ? [one] : readFilter(bare)
  }
  return parts.flatMap((p) => {
    const bare = inside(p)
    return bare !== undefined && !loose(bare) ? readFilter(bare) : [chip(p)]
  })
}

function written(c: Chip, alone: boolean): string {
  switch (c.kind) {
    case 'flag': return c.on ? c.field : `!${c.field}`
    case 'words': return `${c.not ? '!' : ''}subject.contains(${quote(c.words)})`
    case 'time': return `${c.field} ${c.op} now()${c.hours ? ` ${c.hours < 0 ? '-' : '+'} duration("${Math.abs(c.hours)}h")` : ''}`
    case 'at': return `${c.field} ${c.op} timestamp(${quote(c.at)})`
    case 'cel': return !alone && loose(c.cel) && inside(c.cel) === undefined ? `(${c.cel})` : c.cel
    case 'values': {
      const literal = (v: string) => (c.field === 'assignee' && v === 'me' ? 'me()' : quote(v))
      const said = c.field === 'tags' ? c.values.map((v) => `${quote(v)} in tags`).join(' || ')
        : c.values.length === 1 ? `${c.field} == ${literal(c.values[0]!)}` : `${c.field} in [${c.values.map(literal).join(', ')}]`
      return c.not ? `!(${said})` : c.field === 'tags' && c.values.length > 1 ? `(${said})` : said
    }
  }
}

/** The condition that chips stand for; one without values says nothing yet. */
export function writeFilter(chips: Chip[]): string {
  const said = chips.filter((c) => !(c.kind === 'values' && c.values.length === 0) && !(c.kind === 'cel' && !c.cel.trim()) && !(c.kind === 'words' && !c.words))
  return said.map((c) => written(c, said.length === 1)).join(' && ')
}

/** Both conditions, each kept whole. */
export function both(a: string, b: string): string {
  return a && b ? `(${a}) && (${b})` : a || b
}
