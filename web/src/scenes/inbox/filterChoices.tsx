import type { Priority, Status } from '~/api/types'
import { named, t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import type { Choice } from '~/parts/ChoiceList'
import { ChannelIcon, channelList, channelName, PriorityBars, priorityName, StatusGlyph, statusName } from '~/parts/Glyph'
import { knownTags } from '~/stores/ticket'
import type { Names } from '~/stores/session'
import type { FilterField } from './search'

export const statuses: Status[] = ['new', 'open', 'pending', 'on_hold', 'solved', 'closed', 'cancelled']
export const priorities: Priority[] = ['urgent', 'high', 'normal', 'low']

export function filterChoices(field: FilterField, { config }: Names): Choice[] {
  switch (field) {
    case 'status':
      return statuses.map((s) => ({ id: s, text: statusName(s), glyph: <StatusGlyph status={s} /> }))
    case 'priority':
      return priorities.map((p) => ({ id: p, text: priorityName(p), glyph: <PriorityBars priority={p} /> }))
    case 'type':
      return config.types.filter((x) => !x.retired).map((x) => ({ id: x.key, text: named(x.name) }))
    case 'assignee':
      return [
        { id: 'me', text: t('filter.me') },
        { id: '', text: t('common.nobody') },
        ...config.staff.filter((s) => s.active).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> })),
      ]
    case 'team':
      return config.teams.map((x) => ({ id: x.id, text: x.name }))
    case 'channel':
      return channelList.map((c) => ({ id: c, text: channelName(c), glyph: <ChannelIcon channel={c} /> }))
    case 'tier':
      return config.tiers.map((x) => ({ id: x.key, text: named(x.name) }))
    case 'tags':
      return knownTags().map((x) => ({ id: x, text: x }))
  }
}
