import { useState } from 'react'
import type { Clocks, SLAClock, SLAExtension, SLAPolicy, Ticket } from '~/api/types'
import { perform } from '~/actions/action'
import { action } from '~/actions/registry'
import { t, type Key } from '~/i18n'
import { clock as clockText } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { secondsText } from '~/parts/slaText'
import { serverNow } from '~/stores/moment'
import { can, useMe } from '~/stores/session'
import { acknowledgeClock, decideExtension, explain } from '~/stores/sla'

export const breachReasons = ['staffing', 'waiting_customer', 'waiting_supplier', 'complex', 'system', 'handover', 'forgotten', 'other'] as const

/** What can be done about a clock: take it in hand, ask for more time, answer who asked, say why it was late. */
export function ClockActs({ ticket, clocks, clock: c, policy, close }: { ticket: Ticket; clocks: Clocks; clock: SLAClock; policy?: SLAPolicy; close: () => void }) {
  const me = useMe()
  const mine = clocks.extensions.filter((x) => x.metric === c.metric && x.unit_id === c.unit_id && x.round === c.round)
  const waiting = mine.find((x) => x.state === 'requested')
  const approved = mine.filter((x) => x.state === 'approved').length
  const late = c.state === 'breached'
  const danger = !c.ended_at && (late || (c.warn_at !== undefined && Date.parse(c.warn_at) <= serverNow()))
  const extendable = !c.ended_at && !late && (c.target_seconds ?? 0) > 0 && !waiting && can(me, 'ticket.update') && approved < (policy?.extensions ?? 0)
  const { urge, chase, supervise } = clocks.counts
  return (
    <>
      {mine.map((x) => <ExtensionLine key={x.id} x={x} />)}
      {waiting && can(me, 'sla.approve') && waiting.requested_by?.id !== me?.id && <Decide x={waiting} />}
      {late && can(me, 'ticket.update') && (
        <label className="row g8 f12 t2">{t('sla.reason')}
          <select className="inp mini" value={c.breach_reason ?? ''} onChange={(e) => e.target.value && void explain(ticket.id, c, e.target.value as (typeof breachReasons)[number])}>
            <option value="">{t('sla.reason.none')}</option>{breachReasons.map((r) => <option key={r} value={r}>{t(`sla.reason.${r}` as Key)}</option>)}
          </select>
        </label>
      )}
      {urge + chase + supervise > 0 && <p className="f12 t2">{[urge && t('sla.count.urge', { n: urge }), chase && t('sla.count.chase', { n: chase }), supervise && t('sla.count.supervise', { n: supervise })].filter(Boolean).join(' · ')}</p>}
      <div className="clockacts">
        {danger && !c.acknowledged && can(me, 'ticket.update') && <Button look="p sm" onClick={() => void acknowledgeClock(ticket.id, c)}>{t('sla.acknowledge')}</Button>}
        {extendable && <Button look="sm" keys="Shift+E" onClick={() => { close(); perform(action('ticket.extend')) }}>{t('action.extend')}</Button>}
        {can(me, 'sla.supervise') && <Button look="sm" keys="Shift+D" onClick={() => { close(); perform(action('ticket.supervise')) }}>{t('action.supervise')}</Button>}
        <Button look="q sm" onClick={() => perform(action('ticket.chase'))}>{t('action.chase')}</Button>
        <Button look="q sm" onClick={() => perform(action('ticket.urge'))}>{t('action.urge')}</Button>
      </div>
    </>
  )
}

/** One request for more time and what became of it. */
export function ExtensionLine({ x }: { x: SLAExtension }) {
  const tone = { requested: 'amber', approved: 'green', refused: 'red', lapsed: 't3' }[x.state]
  return (
    <p className="f12 t2 extline">
      <b className={tone}>{t(`sla.ext.${x.state}`)}</b>{' '}
      {t('sla.ext.line', { extra: secondsText(x.extra_seconds), name: x.requested_by?.name ?? '', at: clockText(x.requested_at, serverNow()), reason: x.reason })}
      {x.decided_by && ` ${t('sla.ext.by', { name: x.decided_by.name, note: x.note ?? '' })}`}
    </p>
  )
}

/** Approve or refuse, with a word about why. */
export function Decide({ x }: { x: SLAExtension }) {
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const go = async (approve: boolean) => {
    setBusy(true)
    await decideExtension(x, approve, note.trim())
    setBusy(false)
  }
  return (
    <div className="row g8 wrap decide">
      <input className="inp" value={note} maxLength={1000} placeholder={t('sla.ext.note')} aria-label={t('sla.ext.note')} onChange={(e) => setNote(e.target.value)} />
      <Button look="sm" disabled={busy} onClick={() => void go(true)}>{t('sla.ext.approve')}</Button>
      <Button look="sm danger" disabled={busy} onClick={() => void go(false)}>{t('sla.ext.refuse')}</Button>
    </div>
  )
}
