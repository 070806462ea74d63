// The lists that change one value of one ticket, or of many.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ActionInput, ActionName } from '~/api/paths'
import type { ID, Priority, Status, Ticket } from '~/api/types'
import { named, t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { PriorityBars, priorityName, StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { ReasonForm } from '~/parts/ReasonForm'
import { priorities } from '~/scenes/inbox/filterChoices'
import { bulk, wide } from '~/stores/bulk'
import { useMe, useNames } from '~/stores/session'
import { act, knownTags, ticketQuery, type Act } from '~/stores/ticket'
import { show, type PickerName } from '~/stores/ui'
import { snoozeTimes } from './snooze'
import { clock } from '~/i18n/format'

export interface PickerProps { name: PickerName; ids: ID[]; close: () => void }

export function Picker(props: PickerProps) {
  const one = props.ids.length === 1 ? props.ids[0]! : ''
  const ticket = useQuery({ ...ticketQuery(one), enabled: one !== '' }).data
  switch (props.name) {
    case 'status': return <StatusPicker {...props} ticket={ticket} />
    case 'priority': return <PriorityPicker {...props} ticket={ticket} />
    case 'assign': return <AssignPicker {...props} ticket={ticket} />
    case 'type': return <TypePicker {...props} ticket={ticket} />
    case 'category': return <CategoryPicker {...props} ticket={ticket} />
    case 'tags': return <TagPicker {...props} ticket={ticket} />
    case 'decide': case 'clock': return null // have lists of their own
    case 'snooze': return <SnoozePicker {...props} ticket={ticket} />
  }
}

type Props = PickerProps & { ticket?: Ticket }

/** Many go through the bulk order, one through its own act with a guess and a way back. */
function change<A extends ActionName>({ ids, ticket, close }: Props, action: A, input: ActionInput<A>, guess: Partial<Ticket>, text: string, back?: ActionInput<A>): void {
  close()
  if (ids.length > 1 || !ticket || wide.get()) void bulk(action, input, ids)
  else void act(ticket.id, action, input, guess, { text, back: back && ({ action, input: back } as Act) })
}

type Next = ActionInput<'status'>['status']

function StatusPicker(p: Props) {
  const { config } = useNames()
  const [hold, setHold] = useState<'on_hold' | 'cancelled'>()
  const from = p.ticket?.status
  const set = (status: Next, more: { substatus_id?: string; reason?: string } = {}) =>
    change(p, 'status', { status, ...more }, { status, substatus_id: more.substatus_id }, t('said.status', { status: statusName(status) }), from === 'open' || from === 'pending' ? { status: from } : undefined)
  if (hold === 'on_hold') {
    return <ChoiceList key="hold" label={t('ticket.holdReason')} choices={config.hold_reasons.filter((r) => !r.retired).map((r) => ({ id: r.key, text: named(r.name), group: t('ticket.holdReason') }))} onChoose={(reason) => set('on_hold', { reason })} />
  }
  if (hold === 'cancelled') return <ReasonForm label={t('ticket.cancelReason')} onDone={(reason) => set('cancelled', { reason })} />
  const main: Status[] = ['new', 'open', 'pending', 'on_hold', 'solved', 'cancelled']
  const choices = main.flatMap((s): Choice[] => [
    { id: s, text: statusName(s), glyph: <StatusGlyph status={s} />, on: s === from && !p.ticket?.substatus_id, disabled: s === 'new' && from !== 'new' },
    ...config.substatuses.filter((x) => x.status === s && (!x.retired || x.id === p.ticket?.substatus_id)).map((x) => ({ id: `${s}/${x.id}`, text: named(x.name), sub: statusName(s), glyph: <i className={`subdot ${x.color ?? 'grey'}`} aria-hidden="true" />, on: p.ticket?.substatus_id === x.id })),
  ])
  return (
    <ChoiceList label={t('action.status')} choices={choices} onChoose={(id) => {
      const [status, substatus_id] = id.split('/') as [Next, string | undefined]
      if (status === 'on_hold' || status === 'cancelled') return setHold(status)
      if (status === 'solved') { p.close(); return show({ panel: 'resolve' }) }
      set(status, substatus_id ? { substatus_id } : {})
    }} />
  )
}

function PriorityPicker(p: Props) {
  const from = p.ticket?.priority
  return (
    <ChoiceList label={t('action.priority')} choices={priorities.map((x) => ({ id: x, text: priorityName(x), glyph: <PriorityBars priority={x} />, on: x === from }))}
      onChoose={(id) => change(p, 'priority', { priority: id as Priority }, { priority: id as Priority }, t('said.priority', { priority: priorityName(id as Priority) }), from && { priority: from })} />
  )
}

function AssignPicker(p: Props) {
  const me = useMe()
  const { config } = useNames()
  const from = p.ticket?.assignee
  // without a person it stays with its team
  const pool = p.ticket?.team ? { team_id: p.ticket.team.id } : {}
  const mine = new Set(me?.teams.map((x) => x.id))
  const people = config.staff.filter((s) => s.active && s.id !== me?.id).toSorted((a, b) => Number(b.team_ids.some((x) => mine.has(x))) - Number(a.team_ids.some((x) => mine.has(x))))
  const choices: Choice[] = [
    ...(me ? [{ id: me.id, text: t('assign.me', { name: me.name }), glyph: <Avatar name={me.name} size="s" />, on: from?.id === me.id }] : []),
    { id: '', text: t('common.nobody'), glyph: <span className="av s nobody" />, on: false },
    ...people.map((s) => ({ id: s.id, text: s.name, sub: s.team_ids.map((x) => config.teams.find((y) => y.id === x)?.name).filter(Boolean).join(t('common.and')), glyph: <Avatar name={s.name} size="s" />, on: from?.id === s.id })),
  ]
  return (
    <ChoiceList search hint={t('assign.hint')} label={t('action.assign')} choices={choices} onChoose={(id) => {
      const name = config.staff.find((s) => s.id === id)?.name ?? me?.name ?? ''
      change(p, 'assign', id ? { assignee_id: id } : pool, { assignee: id ? { id, name } : undefined }, id ? t('said.assigned', { name }) : t('said.unassigned'), from ? { assignee_id: from.id, ...pool } : pool)
    }} />
  )
}

function TypePicker(p: Props) {
  const { config } = useNames()
  const from = p.ticket?.type
  return (
    <ChoiceList label={t('action.type')} choices={config.types.filter((x) => !x.retired).map((x) => ({ id: x.key, text: named(x.name), on: x.key === from }))}
      onChoose={(id) => change(p, 'type', { type: id }, { type: id }, t('said.type'), from ? { type: from } : undefined)} />
  )
}

function CategoryPicker(p: Props) {
  const { config, category } = useNames()
  const from = p.ticket?.category_id
  const choices = config.categories.filter((c) => !c.retired).map((c) => ({ id: c.id, text: category(c.id), on: c.id === from }))
  return (
    <ChoiceList search hint={t('category.hint')} label={t('action.category')} choices={choices}
      onChoose={(id) => change(p, 'category', { category_id: id }, { category_id: id }, t('said.category'), from ? { category_id: from } : undefined)} />
  )
}

function TagPicker(p: Props) {
  const had = p.ticket?.tags ?? []
  const [tags, setTags] = useState<string[]>(had)
  const [words, setWords] = useState('')
  const all = [...new Set([...had, ...knownTags()])]
  const fresh = words.trim()
  const choices: Choice[] = all.filter((x) => x.toLowerCase().includes(fresh.toLowerCase())).map((x) => ({ id: x, text: x, on: tags.includes(x) }))
  if (fresh && !all.includes(fresh)) choices.push({ id: fresh, text: t('tags.new', { tag: fresh }), glyph: <Icon name="plus" size="s" />, on: tags.includes(fresh) })
  const save = () => {
    const add = tags.filter((x) => !had.includes(x))
    const remove = had.filter((x) => !tags.includes(x))
    if (!add.length && !remove.length) return p.close()
    change(p, 'tags', { add, remove }, { tags }, t('said.tags'), { add: remove, remove: add })
  }
  return (
    <ChoiceList search multiple hint={t('tags.hint')} label={t('action.tags')} choices={choices} onType={setWords}
      onChoose={(id) => setTags((old) => (old.includes(id) ? old.filter((x) => x !== id) : [...old, id]))}
      footer={<div className="row" style={{ padding: '8px 4px 4px', justifyContent: 'flex-end' }}><Button look="p sm" onClick={save}>{t('common.done')}</Button></div>} />
  )
}

function SnoozePicker(p: Props) {
  const now = Date.now()
  const choices: Choice[] = snoozeTimes(new Date(now)).map(({ key, at }) => ({ id: at.toISOString(), text: t(key), sub: clock(at.toISOString(), now), glyph: <Icon name="clock" /> }))
  if (p.ticket?.snoozed_until) choices.push({ id: '', text: t('snooze.never'), glyph: <Icon name="close" /> })
  return (
    <ChoiceList label={t('action.snooze')} choices={choices} onChoose={(id) =>
      change(p, 'snooze', { until: id || null }, { snoozed_until: id || undefined }, id ? t('said.snoozed', { at: clock(id, now) }) : t('said.awake'), { until: p.ticket?.snoozed_until ?? null })} />
  )
}
