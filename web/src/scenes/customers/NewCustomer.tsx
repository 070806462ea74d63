import { useState, type FormEvent } from 'react'
import { Link } from '@tanstack/react-router'
import { Problem, problemText } from '~/api/problem'
import type { Customer } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { createCustomer } from '~/stores/customer'
import { CompanyPick } from './CompanyPick'

/** Who is there already is named instead of made a second time. */
export function NewCustomerForm({ onMade, company }: { onMade: (c: Customer) => void; company?: { id: string; name: string } }) {
  const [form, setForm] = useState({ name: '', phone: '', email: '' })
  const [firm, setFirm] = useState(company)
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const set = (part: Partial<typeof form>) => setForm({ ...form, ...part })
  const identities = [...(form.phone.trim() ? [{ kind: 'phone', value: form.phone.trim() }] : []), ...(form.email.trim() ? [{ kind: 'email', value: form.email.trim() }] : [])]
  const able = (form.name.trim() !== '' || identities.length > 0) && !busy
  const save = async (e: FormEvent) => {
    e.preventDefault()
    if (!able) return
    setBusy(true)
    setError(undefined)
    try {
      onMade(await createCustomer({ ...(form.name.trim() ? { name: form.name.trim() } : {}), ...(firm ? { company_id: firm.id } : {}), identities }))
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  const wrong = (kind: string) => {
    const i = identities.findIndex((x) => x.kind === kind)
    return error instanceof Problem && i >= 0 ? error.errors.find((e) => e.field === `identities.${i}.value`) && error.field(`identities.${i}.value`) : undefined
  }
  const taken = error instanceof Problem && error.code === 'identity.taken' ? error.params?.customer : undefined
  return (
    <form className="popform" onSubmit={(e) => void save(e)}>
      <Field label={t('customers.name')} error={error instanceof Problem ? error.field('name') : undefined}>{(p) => <input {...p} className="inp" autoFocus maxLength={200} value={form.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
      <Field label={t('identity.phone')} error={wrong('phone')}>{(p) => <input {...p} className="inp" type="tel" maxLength={64} value={form.phone} onChange={(e) => set({ phone: e.target.value })} />}</Field>
      <Field label={t('identity.email')} error={wrong('email')}>{(p) => <input {...p} className="inp" type="email" maxLength={254} value={form.email} onChange={(e) => set({ email: e.target.value })} />}</Field>
      <Field label={t('customers.company')}>{(p) => <CompanyPick id={p.id} value={firm?.id} name={firm?.name} none={t('common.none')} onChange={setFirm} />}</Field>
      {error !== undefined && <p className="red f13" role="alert" style={{ marginTop: 12 }}>{problemText(error)}{taken && <>{' '}<Link className="link" to="/customers/$customer" params={{ customer: taken }}>{t('customers.taken.open')}</Link></>}</p>}
      <div className="row" style={{ marginTop: 16, justifyContent: 'flex-end' }}><Button look="p" type="submit" disabled={!able}>{t('customers.make')}</Button></div>
    </form>
  )
}
