// The columns of the table, as data: name, width, the order it can give, and
// what stands in a cell.
import type { ReactNode } from 'react'
import type { Field, Ticket } from '~/api/types'
import { named, t, type Key } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { ChannelIcon, channelName, PriorityBars, priorityName, StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Marked } from '~/parts/Marked'
import { Mood } from '~/parts/Mood'
import { SlaChip } from '~/parts/SlaChip'
import { Time } from '~/parts/Time'
import { fieldText } from '~/scenes/ticket/fieldValue'
import type { Column } from '~/stores/prefs'
import type { Names } from '~/stores/session'
import { standing } from '~/stores/sla'

export interface Shape { key: string; name: string; width: number; sort?: 'updated' | 'created' | 'priority' | 'due'; cell: (ticket: Ticket) => ReactNode }

const plain = (text: string | undefined): ReactNode => (text ? <span className="ell" title={text}>{text}</span> : <span className="t3">{'–'}</span>)

function Promise({ ticket }: { ticket: Ticket }) {
  return ticket.sla === 'none' ? <span className="t3">{'–'}</span> : <SlaChip standing={standing(ticket.sla, { ...ticket, from: ticket.sla_from })} metric={ticket.sla_metric} />
}

const widths: Record<string, number> = {
  number: 108, subject: 320, requester: 120, company: 140, status: 108, type: 100, category: 160, priority: 84, assignee: 112, team: 112, department: 112,
  channel: 88, tier: 80, tags: 160, sla: 128, created: 104, updated: 104, solved: 104, risk: 72, mood: 64, messages: 72,
}

/** All that a table can show, in the order in which they are offered. */
export const shippedColumns = Object.keys(widths)
export const usual: Column[] = ['number', 'subject', 'sla', 'status', 'priority', 'requester', 'assignee', 'type', 'channel', 'updated'].map((key) => ({ key }))

const cells: Record<string, (x: Ticket, n: Names) => ReactNode> = {
  number: (x) => <span className="nw">{x.number}</span>,
  subject: (x) => (
    <span className="ell" title={x.subject}>
      {x.mentioned && <span className="at" title={t('list.mentioned')}><Icon name="at" size="s" label={t('list.mentioned')} /></span>}
      <span className="tt">{x.highlight?.subject ? <Marked html={x.highlight.subject} /> : x.subject || t('ticket.noSubject')}</span>
      {x.highlight?.excerpt?.includes('<mark>') && <span className="t3 f12">{' · '}<Marked html={x.highlight.excerpt} /></span>}
    </span>
  ),
  requester: (x) => plain(x.requester?.name ?? x.creator.name),
  company: (x) => plain(x.company?.name),
  status: (x) => <span className="row g6"><StatusGlyph status={x.status} />{statusName(x.status)}</span>,
  type: (x, n) => plain(n.type(x.type)),
  category: (x, n) => plain(n.category(x.category_id)),
  priority: (x) => <span className="row g6"><PriorityBars priority={x.priority} />{priorityName(x.priority)}</span>,
  assignee: (x) => (x.assignee ? <span className="row g6 ell"><Avatar name={x.assignee.name} size="s" /><span className="ell">{x.assignee.name}</span></span> : <span className="t3">{t('common.nobody')}</span>),
  team: (x) => plain(x.team?.name),
  department: (x) => plain(x.department?.name),
  channel: (x) => <span className="row g6"><ChannelIcon channel={x.channel} />{channelName(x.channel)}</span>,
  tier: (x, n) => plain(n.tier(x.requester?.tier)),
  tags: (x) => (x.tags.length ? <span className="row g4 ell">{x.tags.map((tag) => <span key={tag} className="chip">{tag}</span>)}</span> : plain('')),
  sla: (x) => <Promise ticket={x} />,
  created: (x) => <Time at={x.created_at} />,
  updated: (x) => <Time at={x.updated_at} />,
  solved: (x) => (x.solved_at ? <Time at={x.solved_at} /> : plain('')),
  risk: (x) => (x.risk ? <span className={x.risk >= 3 ? 'row red' : x.risk >= 2 ? 'row amber' : 'row t3'} title={t(`risk.level.${x.risk}` as Key)}><Icon name="warn" size="s" label={t(`risk.level.${x.risk}` as Key)} /></span> : plain('')),
  mood: (x) => (x.sentiment === undefined ? plain('') : <Mood step={x.sentiment} small />),
  messages: (x) => <span className="num">{x.message_count}</span>,
}

const orders: Record<string, Shape['sort']> = { created: 'created', updated: 'updated', priority: 'priority', sla: 'due' }

const fieldOf = (names: Names, key: string): Field | undefined => (key.startsWith('fields.') ? names.config.fields.find((f) => f.key === key.slice(7)) : undefined)

export function columnName(key: string, names: Names): string {
  const field = fieldOf(names, key)
  return field ? named(field.name) : t(`column.${key}` as Key)
}

/** A column that is no more, a field that was retired, is left out. */
export function shapes(columns: Column[], names: Names): Shape[] {
  return columns.flatMap(({ key, width }) => {
    const field = fieldOf(names, key)
    if (field) return [{ key, name: named(field.name), width: width || 120, cell: (x) => plain(fieldText(field, x.fields[field.key], names.config)) } satisfies Shape]
    const cell = cells[key]
    return cell ? [{ key, name: t(`column.${key}` as Key), width: width || widths[key]!, sort: orders[key], cell: (x) => cell(x, names) } satisfies Shape] : []
  })
}

/** What may be chosen: the shipped ones and the tenant's fields. */
export const offered = (names: Names): string[] => [...shippedColumns, ...names.config.fields.filter((f) => !f.retired).map((f) => `fields.${f.key}`)]
