import { useState } from 'react'
import { t } from '~/i18n'

/** A short form that asks why. */
export function ReasonForm({ label, onDone, submit, optional }: { label: string; onDone: (reason: string) => void; submit?: string; optional?: boolean }) {
  const [reason, setReason] = useState('')
  const ready = optional || reason.trim() !== ''
  return (
    <form className="popform" style={{ width: 264, padding: '0 16px 16px' }} onSubmit={(e) => { e.preventDefault(); if (ready) onDone(reason.trim()) }}>
      <label className="field"><span className="lb">{label}{!optional && <span className="red" aria-hidden="true">{'*'}</span>}</span>
        <textarea className="inp" autoFocus required={!optional} value={reason} maxLength={500} onChange={(e) => setReason(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && ready) { e.preventDefault(); onDone(reason.trim()) } }} /></label>
      <div className="row" style={{ marginTop: 12, justifyContent: 'flex-end' }}><button className="btn p" type="submit" disabled={!ready}>{submit ?? t('common.done')}</button></div>
    </form>
  )
}
