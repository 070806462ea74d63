import { useState, type FormEvent } from 'react'
import { Problem, problemText } from '~/api/problem'
import { t } from '~/i18n'
import { Field } from '~/parts/Field'
import { signIn } from '~/stores/session'

export function SignInForm({ email: known, onDone }: { email?: string; onDone: () => void }) {
  const [email, setEmail] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await signIn(email.trim(), password)
      onDone()
    } catch (problem) {
      setError(problem instanceof Problem && problem.code === 'http.401' ? new Problem(401, { code: 'auth.bad_credentials' }) : problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit} noValidate>
      <Field label={t('signin.email')}>{(p) => <input {...p} className="inp" type="email" autoComplete="username" required value={email} autoFocus={!known} onChange={(e) => setEmail(e.target.value)} />}</Field>
      <Field label={t('signin.password')} error={error ? problemText(error) : undefined}>{(p) => <input {...p} className="inp" type="password" autoComplete="current-password" required value={password} data-first={known ? true : undefined} onChange={(e) => setPassword(e.target.value)} />}</Field>
      <button className="btn p xl" type="submit" disabled={busy}>{t(busy ? 'signin.submitting' : 'signin.submit')}</button>
    </form>
  )
}
