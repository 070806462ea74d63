// Which fields of its type a ticket shows. The server decides what is valid;
// here only the simple conditions are told in advance, the others show.
import type { Config, Field, FormField, Ticket } from '~/api/types'
import { holds } from './rule'

export interface Shown { field: Field; required: boolean; on: FormField['on'] }

/** What the editor of forms writes, and `type == "…"` or `priority == "…"`. Anything else: undefined, the client does not know. */
export function simple(rule: string, values: { type: string; priority?: string; fields: Record<string, unknown> }): boolean | undefined {
  if (rule.trim() === 'true') return true
  if (rule.trim() === 'false') return false
  const known = holds(rule, values.fields)
  if (known !== undefined) return known
  let all = true
  for (const part of rule.split('&&')) {
    const m = /^\s*\(?\s*(fields\.(\w+)|type|priority)\s*(==|!=)\s*("(?:[^"\\]|\\.)*"|true|false|-?\d+(?:\.\d+)?)\s*\)?\s*$/.exec(part)
    if (!m) return undefined
    const left = m[2] ? values.fields[m[2]] : m[1] === 'type' ? values.type : values.priority
    const same = left === (JSON.parse(m[4]!) as unknown)
    all &&= m[3] === '==' ? same : !same
  }
  return all
}

export function formFields(config: Config, ticket: Pick<Ticket, 'type' | 'priority' | 'fields'>, moment?: FormField['on']): Shown[] {
  const type = config.types.find((x) => x.key === ticket.type)
  const shown = (type?.form.fields ?? []).flatMap((f): Shown[] => {
    const field = config.fields.find((x) => x.key === f.field)
    if (!field || (moment === 'create' && f.on === 'solve')) return []
    if (f.show && simple(f.show, ticket) === false) return []
    return [{ field, required: !!f.require && simple(f.require, ticket) === true && (f.on !== 'solve' || moment === 'solve'), on: f.on }]
  })
  if (moment) return shown
  // values of a former type are still the ticket's
  const extra = Object.keys(ticket.fields).filter((k) => !shown.some((s) => s.field.key === k) && !blank(ticket.fields[k]) && !type?.form.fields.some((f) => f.field === k))
  return [...shown, ...extra.flatMap((k) => config.fields.filter((f) => f.key === k).map((field) => ({ field, required: false, on: 'always' as const })))]
}

export const blank = (v: unknown): boolean => v === undefined || v === null || v === '' || (Array.isArray(v) && v.length === 0)
