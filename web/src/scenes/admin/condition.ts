// Conditions of policies: rows of field and values, written as CEL the way the
// views write theirs. What was written by hand and is no such rows stays CEL.
import { readFilter, writeFilter } from '~/scenes/inbox/filter'

export const conditionFields = ['priority', 'type', 'category', 'tier', 'channel', 'team', 'department', 'language', 'tags'] as const
export type ConditionField = (typeof conditionFields)[number]
export interface ConditionRow { field: ConditionField; not?: boolean; values: string[] }

export function writeCondition(rows: ConditionRow[]): string {
  return writeFilter(rows.map((r) => ({ kind: 'values', ...r })))
}

/** The rows that a condition is; undefined when it says more than rows can. */
export function readCondition(cel: string): ConditionRow[] | undefined {
  const rows: ConditionRow[] = []
  for (const c of readFilter(cel)) {
    const field = c.kind === 'values' && conditionFields.find((f) => f === c.field)
    if (!field || c.kind !== 'values') return undefined
    rows.push({ field, values: c.values, ...(c.not ? { not: true } : {}) })
  }
  return rows
}
