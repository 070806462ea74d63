// What a link to the board says: the question, and which list is open.
import type { Behind, BoardAge, FigureKey, Question } from '~/stores/report'

export interface TodaySearch extends Omit<Question, 'without'> {
  tv?: 1
  show?: FigureKey
  hour?: string
  age?: BoardAge['key']
  /** The line of a table whose list is open; "none" is what has no department or is nobody's. */
  line?: string
  of?: 'department' | 'agent'
}

export const figures: FigureKey[] = ['created', 'solved', 'backlog', 'overdue', 'first_response', 'first_response_p90', 'sla', 'reopened', 'repeat', 'transferred', 'returned', 'message_in', 'message_out']
export const ages: BoardAge['key'][] = ['1h', '4h', '24h', '3d', '7d', 'older']

const DAY = /^\d{4}-\d{2}-\d{2}$/
const ID = /^\d{1,19}$/

export function parseToday(s: Record<string, unknown>): TodaySearch {
  const text = (v: unknown, pattern: RegExp): string | undefined => {
    const word = typeof v === 'number' ? String(v) : v
    return typeof word === 'string' && pattern.test(word) ? word : undefined
  }
  const one = <T extends string>(v: unknown, list: readonly T[]): T | undefined => list.find((x) => x === v)
  const out: TodaySearch = {
    day: text(s.day, DAY), compare: text(s.compare, DAY), department: text(s.department, ID), team: text(s.team, ID), agent: text(s.agent, ID),
    channel: text(s.channel, /^.{1,64}$/), type: text(s.type, /^.{1,64}$/), until: text(s.until, /^([01]\d|2[0-3]):[0-5]\d$/), show: one(s.show, figures), hour: text(s.hour, /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/), age: one(s.age, ages),
    line: text(s.line, /^(\d{1,19}|none)$/), of: one(s.of, ['department', 'agent'] as const), tv: s.tv === 1 || s.tv === '1' ? 1 : undefined,
  }
  return Object.fromEntries(Object.entries(out).filter(([, v]) => v !== undefined))
}

export const questionOf = ({ day, compare, department, team, agent, channel, type, until }: TodaySearch): Question =>
  Object.fromEntries(Object.entries({ day, compare, department, team, agent, channel, type, until }).filter(([, v]) => v !== undefined))

/** The tickets that the link opens. */
export function behindOf(s: TodaySearch): Behind | undefined {
  if (!s.show) return undefined
  const q: Behind = { ...questionOf(s), figure: s.show, ...(s.hour ? { hour: s.hour } : {}), ...(s.age ? { age: s.age } : {}) }
  if (!s.of || !s.line) return q
  return s.line === 'none' ? { ...q, without: s.of } : { ...q, [s.of]: s.line }
}
