import { useState } from 'react'
import { t } from '~/i18n'
import { Field } from '~/parts/Field'
import { act } from '~/stores/ticket'
import { PanelFrame, type PanelProps } from './Panel'

/** 退回: back to who handed it on, with the reason. */
export function ReturnPanel({ ticket, close }: PanelProps) {
  const [reason, setReason] = useState('')
  const to = ticket.returns_to
  const unit = to?.team ?? to?.department
  const name = [unit?.name, to?.assignee?.name].filter(Boolean).join(' · ')
  const asks = ticket.return_asks_ruling === true
  const submit = () => {
    close()
    if (asks) void act(ticket.id, 'return', { reason: reason.trim() }, { assignee: undefined, team: undefined, return_count: ticket.return_count + 1, returns_to: undefined }, { text: t('said.rulingAsked') })
    else void act(ticket.id, 'return', { reason: reason.trim() }, { assignee: to?.assignee, ...(to?.team ? { team: to.team } : {}), ...(to?.department ? { department: to.department } : {}), return_count: ticket.return_count + 1, returns_to: undefined }, { text: t('said.returned', { name }) })
  }
  return (
    <PanelFrame title={'return.title'} help={asks ? undefined : t('return.help', { name })} submit={t('action.return')} disabled={!to || !reason.trim()} onSubmit={submit} close={close}>
      {asks && <p className="f13 amber">{t('return.ruling', { n: ticket.return_count, name })}</p>}
      <Field label={t('return.reason')} required>{(p) => <textarea {...p} data-first className="inp" required maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
    </PanelFrame>
  )
}
