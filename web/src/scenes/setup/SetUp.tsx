import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import { Problem, problemText } from '~/api/problem'
import { t, type Key } from '~/i18n'
import { Field } from '~/parts/Field'
import { Logo } from '~/parts/Icon'
import { queries } from '~/stores/query'
import { LanguageSwitch } from '../signin/SignIn'
import '~/app/shell.css'

const fields = [
  ['token', 'text', 'one-time-code'],
  ['company', 'text', 'organization'],
  ['name', 'text', 'name'],
  ['email', 'email', 'username'],
  ['password', 'password', 'new-password'],
] as const
type Form = Record<(typeof fields)[number][0], string>

export function SetUp() {
  const navigate = useNavigate()
  const given = new URLSearchParams(location.search).get('token') ?? ''
  const [form, setForm] = useState<Form>({ token: given, company: '', name: '', email: '', password: '' })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      const me = await data(api.POST('/setup', { body: form }))
      queries.setQueryData(keys.me, me)
      queries.setQueryData(keys.setup, { needed: false, demo: false })
      await navigate({ to: '/inbox' })
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  const of = (name: string) => (error instanceof Problem ? error.field(name) : undefined)
  const general = error !== undefined && !fields.some(([name]) => of(name))
  return (
    <main className="gate">
      <div>
        <form className="gate-card" onSubmit={submit} noValidate>
          <Logo className="gate-logo" />
          <h1>{t('setup.title')}</h1>
          <p className="t2 f13" style={{ marginTop: 8 }}>{t('setup.help')}</p>
          {fields.map(([name, type, complete]) => (
            <Field key={name} label={t(`setup.${name}` as Key)} error={of(name)} help={name === 'password' ? t('setup.password.help') : undefined}>
              {(p) => <input {...p} className="inp" type={type} autoComplete={complete} required minLength={name === 'password' ? 10 : 1} value={form[name]} onChange={(e) => setForm({ ...form, [name]: e.target.value })} />}
            </Field>
          ))}
          {general && <p className="red f12" role="alert" style={{ marginTop: 12 }}>{problemText(error)}</p>}
          <button className="btn p xl" type="submit" disabled={busy}>{t(busy ? 'setup.submitting' : 'setup.submit')}</button>
        </form>
        <LanguageSwitch />
      </div>
    </main>
  )
}
