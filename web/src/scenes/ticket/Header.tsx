import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Ticket } from '~/api/types'
import { perform } from '~/actions/action'
import { ActionButton, actionChoices } from '~/actions/ActionButton'
import { action } from '~/actions/registry'
import { named, t, type Key } from '~/i18n'
import { clock } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { channelName, PriorityBars, priorityName, StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Mood } from '~/parts/Mood'
import { Pop } from '~/parts/Pop'
import { useNow } from '~/parts/Time'
import { selection } from '~/stores/bulk'
import { useMe, useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { act, refused } from '~/stores/ticket'
import { listBase, show, ui, type PickerName } from '~/stores/ui'
import { useViewing } from '~/stores/viewing'
import { Picker } from './Picker'
import { ClockChips } from './sla/ClockChips'
import { Mark } from './understand/Mark'

const menu = ['ticket.claim', 'ticket.matters', 'ticket.children', 'ticket.transfer', 'ticket.return', 'ticket.ruling', 'ticket.lift', 'ticket.snooze', 'ticket.extend', 'ticket.supervise', 'ticket.chase', 'ticket.urge', 'ticket.reopen', 'ticket.merge', 'ticket.split', 'ticket.link', 'ticket.parent', 'ticket.people', 'ticket.assisted', 'ticket.watch', 'ticket.unwatch', 'ticket.unread', 'ticket.copy', 'ticket.copyNumber', 'ticket.print']

export function Header({ ticket, view, folded }: { ticket: Ticket; view: string; folded: boolean }) {
  const navigate = useNavigate()
  const now = useNow()
  const names = useNames()
  const over = ['solved', 'closed', 'cancelled'].includes(ticket.status)
  const may = (name: string) => !ticket.actions || ticket.actions.includes(name)
  const sub = names.config.substatuses.find((s) => s.id === ticket.substatus_id)
  const back = () => void navigate({ to: listBase(), search: true as never })
  return (
    <header className="hd">
      <div className="row g8">
        <span className="only-phone back"><IconButton icon="left" label={t('ticket.toList')} onClick={back} /></span>
        <Subject ticket={ticket} />
        <span className="sp" />
        <Viewers ticket={ticket} />
        <Anchor name="snooze" id={ticket.id}><IconButton icon="clock" label={t('action.snooze')} keys="h" on={!!ticket.snoozed_until} className="not-phone" /></Anchor>
        {folded && <IconButton icon="info" label={t('ticket.side')} onClick={() => show({ side: true })} />}
        <Pop placement="bottomRight" content={(close) => <ChoiceList label={t('ticket.more')} choices={actionChoices(menu)} onChoose={(id) => { close(); setTimeout(() => perform(action(id))) }} />}>
          <IconButton icon="dots" label={t('ticket.more')} />
        </Pop>
        <span className="not-phone">{over ? may('reopen') && <ActionButton id="ticket.reopen" /> : may('status') && <ActionButton id="ticket.solve" look="p" />}</span>
      </div>
      <div className="row g8 wrap" style={{ marginTop: 6 }}>
        <span className="only-phone t3 f12 meta">{[ticket.number, ticket.requester?.name, channelName(ticket.channel)].filter(Boolean).join(' · ')}</span>
        <Anchor name="status" id={ticket.id}><HeaderChip ticket={ticket} field="status" label={t('action.status')}>{sub ? <i className={`subdot ${sub.color ?? 'grey'}`} aria-hidden="true" /> : <StatusGlyph status={ticket.status} />}{sub ? named(sub.name) : statusName(ticket.status)}</HeaderChip></Anchor>
        <Anchor name="priority" id={ticket.id}><HeaderChip ticket={ticket} field="priority" label={t('action.priority')}><PriorityBars priority={ticket.priority} />{priorityName(ticket.priority)}</HeaderChip></Anchor>
        <span className="row g4"><Mark ticket={ticket} field="priority" />{ticket.sentiment !== undefined && ticket.sentiment !== 0 && <span className="mooded f12 t2"><Mood step={ticket.sentiment} />{t(`mood.${ticket.sentiment}` as Key)}</span>}</span>
        <ClockChips ticket={ticket} />
        {over && may('reopen') && <span className="only-phone outcome"><ActionButton id="ticket.reopen" withKey={false} /></span>}
        {!over && may('status') && <span className="only-phone outcome"><ActionButton id="ticket.solve" look="p" withKey={false} /></span>}
        {ticket.status === 'on_hold' && ticket.hold_reason && <span className="f13 t2">{names.keyed('hold_reasons', ticket.hold_reason)}</span>}
        {ticket.status === 'cancelled' && ticket.cancel_reason && <span className="f13 t2 ell">{ticket.cancel_reason}</span>}
        {ticket.snoozed_until && <span className="chip amber"><Icon name="clock" size="s" />{t('ticket.snoozedUntil', { at: clock(ticket.snoozed_until, now) })}</span>}
        {ticket.merged_into && <a className="chip pri" href={`/inbox/${view}/${ticket.merged_into.id}`}>{t('ticket.merged', { number: ticket.merged_into.number })}</a>}
        {ticket.ruling_asked_at && <span className="chip amber" title={t('ruling.since', { at: clock(ticket.ruling_asked_at, now) })}><Icon name="gavel" size="s" />{t('ticket.awaitsRuling')}</span>}
        {ticket.return_count > 0 && <span className="chip amber"><Icon name="undo" size="s" />{t('ticket.returned', { n: ticket.return_count })}</span>}
        {ticket.reopen_count > 0 && <span className="chip amber"><Icon name="history" size="s" />{t('ticket.reopened', { n: ticket.reopen_count })}</span>}
      </div>
    </header>
  )
}

function HeaderChip({ ticket, field, label, children, ...rest }: { ticket: Ticket; field: string; label: string; children: React.ReactNode }) {
  const wrong = useStore(refused, (r) => r.has(`${ticket.id}:${field}`))
  return <Button {...rest} chevron className={wrong ? 'refused' : undefined} aria-label={undefined} title={label}>{children}</Button>
}

/** The place where a picker opens, by click or by key. */
export function Anchor({ name, id, children, placement }: { name: PickerName; id: string; children: React.ReactElement; placement?: 'bottomLeft' | 'leftTop' }) {
  const bulk = useStore(selection, (s) => s.size > 0)
  const open = useStore(ui, (u) => u.picker === name) && !bulk
  return <Pop open={open} onOpen={(o) => show({ picker: o ? name : undefined })} placement={placement} content={(close) => <Picker name={name} ids={[id]} close={close} />}>{children}</Pop>
}

function Subject({ ticket }: { ticket: Ticket }) {
  const [text, setText] = useState<string>()
  const save = () => {
    const subject = text?.trim()
    setText(undefined)
    if (subject && subject !== ticket.subject) void act(ticket.id, 'subject', { subject }, { subject }, { text: t('said.subject'), back: { action: 'subject', input: { subject: ticket.subject } } })
  }
  if (text !== undefined) {
    return (
      <input className="subject-edit" autoFocus value={text} maxLength={500} aria-label={t('ticket.subject')} onChange={(e) => setText(e.target.value)} onBlur={save}
        onKeyDown={(e) => {
          if (e.nativeEvent.isComposing) return
          if (e.key === 'Enter') save()
          if (e.key === 'Escape') { e.stopPropagation(); e.preventDefault(); setText(undefined) }
        }} />
    )
  }
  return (
    <>
      <h1 className="ell"><button type="button" className="ell subject" title={t('ticket.subject.edit')} onClick={() => setText(ticket.subject)}>{ticket.subject || t('ticket.noSubject')}</button></h1>
      <span className="t3 f13 number not-phone">{ticket.number}</span>
    </>
  )
}

/** Who else looks at it now. */
function Viewers({ ticket }: { ticket: Ticket }) {
  const there = useViewing(ticket.id, useMe()?.id)
  if (!there.length) return null
  const names = there.map((p) => p.name).join(t('common.and'))
  return (
    <span className="viewers" role="img" aria-label={t('viewing.others', { names })} title={t('viewing.others', { names })}>
      {there.slice(0, 3).map((p) => <span key={p.id} className={p.typing ? 'on' : undefined}><Avatar name={p.name} size="s" /></span>)}
      {there.length > 3 && <span className="f12 t3">{`+${there.length - 3}`}</span>}
    </span>
  )
}
