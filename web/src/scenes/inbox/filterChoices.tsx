// Names for what a filter says: the values of each property, flags and times.
import type { Priority, Status } from '~/api/types'
import { named, t, type Key } from '~/i18n'
import { languageName, minute } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import type { Choice } from '~/parts/ChoiceList'
import { ChannelIcon, channelList, channelName, PriorityBars, priorityName, StatusGlyph, statusName } from '~/parts/Glyph'
import { knownTags } from '~/stores/ticket'
import type { Names } from '~/stores/session'
import type { AtOp, Chip, TimeField } from './filter'

export const statuses: Status[] = ['new', 'open', 'pending', 'on_hold', 'solved', 'closed', 'cancelled']
export const priorities: Priority[] = ['urgent', 'high', 'normal', 'low']

/** The values that a property may have, as far as they can be listed. */
export function filterChoices(field: string, names: Names): Choice[] {
  const { config } = names
  switch (field) {
    case 'status':
      return statuses.map((s) => ({ id: s, text: statusName(s), glyph: <StatusGlyph status={s} /> }))
    case 'priority':
      return priorities.map((p) => ({ id: p, text: priorityName(p), glyph: <PriorityBars priority={p} /> }))
    case 'type':
      return config.types.filter((x) => !x.retired).map((x) => ({ id: x.key, text: named(x.name) }))
    case 'category':
      return config.categories.filter((c) => !c.retired).map((c) => ({ id: c.id, text: names.category(c.id) }))
    case 'assignee':
      return [
        { id: 'me', text: t('filter.me') },
        { id: '', text: t('common.nobody') },
        ...config.staff.filter((s) => s.active).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> })),
      ]
    case 'team':
      return [{ id: '', text: t('common.none') }, ...config.teams.map((x) => ({ id: x.id, text: x.name }))]
    case 'department':
      return config.departments.map((d) => ({ id: d.id, text: d.name }))
    case 'channel':
      return channelList.map((c) => ({ id: c, text: channelName(c), glyph: <ChannelIcon channel={c} /> }))
    case 'tier':
      return config.tiers.map((x) => ({ id: x.key, text: named(x.name) }))
    case 'language':
      return ['zh', 'en', 'ja', 'ko', 'de', 'fr', 'es', 'ru'].map((l) => ({ id: l, text: languageName(l) }))
    case 'sla':
      return ['running', 'paused', 'breached', 'met', 'none'].map((s) => ({ id: s, text: t(`filter.sla.${s}` as Key) }))
    case 'tags':
      return knownTags().map((x) => ({ id: x, text: x }))
  }
  const custom = config.fields.find((f) => `fields.${f.key}` === field)
  return (custom?.options ?? []).map((o) => ({ id: o.key, text: named(o.name) }))
}

/** Custom fields whose values can be listed. */
export const customFields = (names: Names): string[] => names.config.fields.filter((f) => !f.retired && f.kind === 'choice').map((f) => `fields.${f.key}`)

export function fieldName(field: string, names: Names): string {
  const custom = names.config.fields.find((f) => `fields.${f.key}` === field)
  return custom ? named(custom.name) : t(`filter.${field}` as Key)
}

/** What a moment may be compared with: hours from now. */
export const timeChoices = (field: TimeField): { op: '<' | '>='; hours: number }[] =>
  field === 'due_at'
    ? [{ op: '<', hours: 0 }, { op: '<', hours: 1 }, { op: '<', hours: 4 }, { op: '<', hours: 24 }, { op: '<', hours: 72 }, { op: '>=', hours: 24 }]
    : [{ op: '>=', hours: -1 }, { op: '>=', hours: -24 }, { op: '>=', hours: -72 }, { op: '>=', hours: -168 }, { op: '>=', hours: -720 }, { op: '<', hours: -24 }, { op: '<', hours: -72 }, { op: '<', hours: -168 }, { op: '<', hours: -720 }]

function span(hours: number): string {
  const n = Math.abs(hours)
  return n >= 24 && n % 24 === 0 ? t('time.days', { n: n / 24 }) : t('time.hours', { n })
}

/** 24 小时内, 超过 7 天, 1 小时内到期, 已到期. */
export function timeText({ op, hours }: { op: '<' | '>='; hours: number }): string {
  if (hours === 0) return t(op === '<' ? 'filter.time.past' : 'filter.time.future')
  const past = hours < 0
  return t(past === (op === '>=') ? 'filter.time.within' : past ? 'filter.time.before' : 'filter.time.after', { span: span(hours) })
}

const atWords: Record<AtOp, Key> = { '>=': 'filter.at.from', '<': 'filter.at.before', '>': 'filter.at.after', '<=': 'filter.at.until' }
/** 2026年11月16日 起, 早于 2026年11月16日 18:00. */
export const atText = (op: AtOp, at: string): string => t(atWords[op], { at })

export function chipText(c: Chip, names: Names): string {
  switch (c.kind) {
    case 'values': {
      const choices = filterChoices(c.field, names)
      const said = c.values.map((v) => choices.find((x) => x.id === v)?.text ?? v)
      return t(c.not ? 'filter.not' : 'common.colon', { name: fieldName(c.field, names), value: said.length > 2 ? t('filter.several', { n: said.length }) : said.join(t('common.and')) })
    }
    case 'flag': return t(`filter.${c.on ? 'is' : 'isnt'}.${c.field}` as Key)
    case 'time': return t('common.colon', { name: fieldName(c.field, names), value: timeText(c) })
    case 'at': return t('common.colon', { name: fieldName(c.field, names), value: atText(c.op, minute(c.at)) })
    case 'words': return t(c.not ? 'filter.words.not' : 'filter.words.has', { words: c.words })
    case 'cel': return c.cel
  }
}
