import type { Change, Entry, Priority, Status } from '~/api/types'
import { messages, named, t, type Key, type Params } from '~/i18n'
import { clock, languageName, money } from '~/i18n/format'
import { channelName, priorityName, statusName } from '~/parts/Glyph'
import type { Names } from '~/stores/session'
import { metricName, metrics } from '~/parts/slaText'
import { stepText } from './sla/told'

const rank: Record<string, number> = { low: 0, normal: 1, high: 2, urgent: 3 }

/** A value of a field as people call it; ids become names, what cannot be told stays empty. */
export function label(field: string, value: unknown, names: Names): string {
  if (value === undefined || value === null || value === '' || value === '0') return ''
  const key = String(value)
  switch (field) {
    case 'status': case 'child_status': return statusName(key as Status)
    case 'substatus': return named(names.config.substatuses.find((s) => s.id === key)?.name)
    case 'priority': return priorityName(key as Priority)
    case 'risk': return told(`risk.level.${key}`) ?? key
    case 'sentiment': return told(`mood.${key}`) ?? key
    case 'language': return languageName(key)
    case 'type': return names.type(key)
    case 'category': return names.category(key)
    case 'assignee': return names.staff(key)
    case 'team': return names.team(key)
    case 'department': return names.config.departments.find((d) => d.id === key)?.name ?? ''
    case 'channel': return channelName(key)
    case 'tags': return Array.isArray(value) ? value.join(t('common.and')) : key
    case 'hold_reason': return names.keyed('hold_reasons', key)
    case 'cancel_reason': return names.keyed('cancel_reasons', key)
    case 'resolution': return typeof value === 'object' && 'code' in value ? names.keyed('resolution_codes', String(value.code)) : ''
    case 'snoozed_until': return clock(key, Date.now())
    case 'requester': case 'company': case 'parent': return ''
  }
  return field.startsWith('fields.') ? custom(field.slice(7), value, names) : typeof value === 'object' ? '' : key
}

/** The value of a custom field, by its kind. */
function custom(key: string, value: unknown, { config, staff }: Names): string {
  const field = config.fields.find((f) => f.key === key)
  switch (field?.kind) {
    case 'choice': return named(field.options?.find((o) => o.key === value)?.name) || String(value)
    case 'boolean': return t(value === true || value === 'true' ? 'event.yes' : 'event.no')
    case 'person': return staff(String(value))
    case 'money': return typeof value === 'object' && value && 'amount_minor' in value && 'currency' in value ? money(Number(value.amount_minor), String(value.currency)) : ''
    case 'attachment': case 'cascade': return ''
  }
  return typeof value === 'object' ? '' : String(value)
}

const fieldName = (field: string, names: Names): string => {
  const bare = field.replace(/^fields\./, '')
  const own = field.startsWith('fields.') ? names.config.fields.find((f) => f.key === bare) : undefined
  return own ? named(own.name) : (told(`event.field.${bare}`) ?? bare)
}

function changeText(c: Change, names: Names): string {
  const to = label(c.field, c.to, names)
  const from = label(c.field, c.from, names)
  if (c.field === 'assignee') return to ? t('event.assigned', { name: to }) : t('event.unassigned')
  if (c.field === 'snoozed_until') return to ? t('event.snoozed', { at: to }) : t('event.woken')
  if (c.field === 'risk' && (!c.to || c.to === '0' || c.to === 0)) return t('risk.level.0')
  if (c.field === 'parent' && (!c.to || c.to === '0')) return t('event.parent.gone')
  if (c.field === 'priority' && from && to) {
    return t((rank[String(c.to)] ?? 0) > (rank[String(c.from)] ?? 0) ? 'event.raised' : 'event.lowered', { from, to })
  }
  const name = fieldName(c.field, names)
  return to ? t('event.changed', { name, to }) : t('event.edited', { name })
}

function told(key: string, params?: Params): string | undefined {
  return key in messages() ? t(key as Key, params) : undefined
}

/** One recorded act in a few words, without who and when. */
export function eventText(entry: Entry, names: Names): string {
  const event = entry.event
  if (!event) return ''
  const step = event.name === 'sla' ? stepText(event.kind ?? '') : undefined
  if (step) return [metrics.filter((m) => event.changes?.some((c) => c.field === m)).map(metricName).join(t('common.and')), step].filter(Boolean).join(' ')
  const params = { number: event.ticket?.number ?? '', names: event.users?.map((u) => u.name).join(t('common.and')) ?? '', person: '' }
  const whom = event.changes?.find((c) => c.field === 'assignee')
  const returns = event.kind === 'return' ? event.changes : undefined
  const helping = event.name === 'assist' ? event.changes?.[0] : undefined
  if (helping) return told(`event.assist.${event.kind}`, { team: names.team(String(helping.to ?? '')) || names.team(String(helping.from ?? '')) }) ?? t('event.assist')
  const ruled = event.name === 'transfer' && event.kind === 'ruling' ? (event.changes ?? []) : undefined
  if (returns?.some((c) => c.field === 'ruling_asked')) return t('event.transfer.asked', { n: Number(returns.find((c) => c.field === 'return_count')?.to ?? 2) })
  if (ruled) return t('event.transfer.ruling', { name: ['department', 'team', 'assignee'].map((f) => label(f, ruled.find((c) => c.field === f)?.to, names)).filter(Boolean).slice(-2).join(' · ') })
  if (returns) return t('event.transfer.return', { name: ['department', 'team', 'assignee'].map((f) => label(f, returns.find((c) => c.field === f)?.to, names)).filter(Boolean).slice(-2).join(' · '), n: Number(returns.find((c) => c.field === 'return_count')?.to ?? 1) })
  params.person = whom ? label('assignee', whom.to, names) || label('assignee', whom.from, names) : ''
  // a ticket that only got its team was not given to anybody
  const kind = event.name === 'assign' && !params.person ? undefined : told(`event.${event.name}.${event.kind}`, params)
  if (kind) return kind
  // what a new ticket began with is no change
  const texts = event.name === 'created' ? [] : (event.changes ?? []).map((c) => changeText(c, names))
  return [...new Set(texts)].join(t('common.and')) || (told(`event.${event.name}`, params) ?? event.name)
}
