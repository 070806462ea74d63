import { useState, type FormEvent } from 'react'
import { problemText } from '~/api/problem'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { When } from '~/parts/When'
import { dayEnd } from '~/stores/customer'


/** Why, and through which day: for special care and for blocks. */
export function MarkForm({ reason: was = '', help, go, onSave }: { reason?: string; help: string; go: string; onSave: (reason: string, until: string | undefined) => Promise<unknown> }) {
  const [reason, setReason] = useState(was)
  const [day, setDay] = useState<string | null>(null)
  const [error, setError] = useState<unknown>()
  const save = async (e: FormEvent) => {
    e.preventDefault()
    try {
      await onSave(reason.trim(), dayEnd(day))
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <form className="popform" onSubmit={(e) => void save(e)}>
      <p className="f12 t3" style={{ paddingTop: 12 }}>{help}</p>
      <Field label={t('care.reason')} required>{(p) => <textarea {...p} className="inp" autoFocus rows={2} maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
      <Field label={t('care.through')} help={t('care.through.help')}>{(p) => <When {...p} kind="day" value={day ?? ''} onChange={(d) => setDay(d || null)} />}</Field>
      {error !== undefined && <p className="red f13" role="alert">{problemText(error)}</p>}
      <div className="row" style={{ marginTop: 16, justifyContent: 'flex-end' }}><Button look="p" type="submit" disabled={!reason.trim()}>{go}</Button></div>
    </form>
  )
}
