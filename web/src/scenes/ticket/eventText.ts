import type { Change, Entry, Priority, Status } from '~/api/types'
import { messages, named, t, type Key } from '~/i18n'
import { priorityName, statusName } from '~/parts/Glyph'
import type { Names } from '~/stores/session'

const rank: Record<string, number> = { low: 0, normal: 1, high: 2, urgent: 3 }

/** A value of a field as people call it; ids become names, what cannot be told stays empty. */
export function label(field: string, value: unknown, names: Names): string {
  if (value === undefined || value === null || value === '') return ''
  const key = String(value)
  switch (field) {
    case 'status': return statusName(key as Status)
    case 'priority': return priorityName(key as Priority)
    case 'type': return names.type(key)
    case 'category': case 'category_id': return names.category(key)
    case 'assignee': case 'assignee_id': return names.staff(key)
    case 'team': case 'team_id': return names.team(key)
    case 'tags': return Array.isArray(value) ? value.join(t('common.and')) : key
    case 'hold_reason': return names.keyed('hold_reasons', key)
  }
  return typeof value === 'object' ? '' : key
}

const fieldName = (field: string, names: Names): string => {
  const bare = field.replace(/^fields\./, '')
  const custom = names.config.fields.find((f) => f.key === bare)
  if (custom) return named(custom.name)
  const key = `event.field.${bare.replace(/_id$/, '')}`
  return key in messages() ? t(key as Key) : bare
}

function changeText(c: Change, names: Names): string {
  const to = label(c.field, c.to, names)
  const from = label(c.field, c.from, names)
  if (c.field === 'assignee' || c.field === 'assignee_id') return to ? t('event.assigned', { name: to }) : t('event.unassigned')
  if (c.field === 'priority' && from && to) {
    return t((rank[String(c.to)] ?? 0) > (rank[String(c.from)] ?? 0) ? 'event.raised' : 'event.lowered', { from, to })
  }
  const name = fieldName(c.field, names)
  return to ? t('event.changed', { name, to }) : t('event.edited', { name })
}

/** One recorded act in a few words, without who and when. */
export function eventText(entry: Entry, names: Names): string {
  const event = entry.event
  if (!event) return ''
  const texts = (event.changes ?? []).map((c) => changeText(c, names))
  if (texts.length) return texts.join(t('common.and'))
  const key = `event.${event.name}`
  return key in messages() ? t(key as Key) : event.name
}
