import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { keys } from '~/api/keys'
import type { Me } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Time } from '~/parts/Time'
import { Ask, useProblem, Wrong } from '~/scenes/admin/people/parts'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { changePassword, endSession, sessionsQuery } from '~/stores/own'
import { queries } from '~/stores/query'
import { say } from '~/stores/toast'
import { deviceOf } from './device'

const hours = (seconds: number): string => {
  const h = Math.round(seconds / 3600)
  return h >= 24 && h % 24 === 0 ? t('time.days', { n: h / 24 }) : h > 0 ? t('time.hours', { n: h }) : t('time.minutes', { n: Math.round(seconds / 60) })
}

/** Where I am signed in, and my password. */
export function Security({ me }: { me: Me }) {
  const query = useQuery(sessionsQuery)
  const list = query.data ?? []
  const others = list.filter((s) => !s.current)
  return (
    <Page title={t('me.security')} help={t('me.security.help')}>
      <div className="mepage">
        <div className="row g8"><h2 className="h2 sp">{t('me.sessions')}</h2>
          {others.length > 1 && <Ask danger words={t('me.sessions.endAll.ask', { n: others.length })} go={t('me.sessions.endAll')} act={() => void Promise.all(others.map((s) => endSession(s.id)))}><Button look="sm danger">{t('me.sessions.endAll')}</Button></Ask>}
        </div>
        <p className="f12 t3">{t('me.sessions.policy', { idle: hours(me.session.idle_seconds), whole: hours(me.session.absolute_seconds) })}</p>
        <Wait query={query}>
          <ul className="entries">
            {list.map((s) => (
              <li key={s.id} className="setrow">
                <Icon name={/Mobile|Android|iPhone/.test(s.agent) ? 'app' : 'web'} />
                <span className="sp"><b className="f13">{deviceOf(s.agent)}{s.current && <span className="chip green">{t('me.session.this')}</span>}</b>
                  <span className="f12 t3">{s.addr}{' · '}{t('me.session.seen')}{' '}<Time at={s.seen_at} />{' · '}{t('me.session.since')}{' '}<Time at={s.created_at} /></span></span>
                {!s.current && <Button look="sm" aria-label={t('me.session.end.what', { what: deviceOf(s.agent) })} onClick={() => void endSession(s.id)}>{t('me.session.end')}</Button>}
              </li>
            ))}
          </ul>
        </Wait>
        <h2 className="h2">{t('signin.password')}</h2>
        <PasswordForm email={me.email} />
      </div>
    </Page>
  )
}

function PasswordForm({ email }: { email: string }) {
  const [old, setOld] = useState('')
  const [next, setNext] = useState('')
  const { error, field, run } = useProblem()
  const [busy, setBusy] = useState(false)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    const done = await run(() => changePassword(old, next))
    setBusy(false)
    if (!done) return
    setOld('')
    setNext('')
    say(t('me.password.changed'))
    await queries.invalidateQueries({ queryKey: keys.own('sessions') })
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <input type="email" autoComplete="username" className="hide" tabIndex={-1} aria-hidden="true" value={email} readOnly />
      <Field label={t('me.password.old')} error={field('old') ?? field('password')}>{(p) => <input {...p} className="inp" type="password" autoComplete="current-password" required value={old} onChange={(e) => setOld(e.target.value)} />}</Field>
      <Field label={t('me.password.new')} help={t('me.password.help')} error={field('new')}>{(p) => <input {...p} className="inp" type="password" autoComplete="new-password" required minLength={10} maxLength={1000} value={next} onChange={(e) => setNext(e.target.value)} />}</Field>
      <Wrong error={field('old') || field('new') || field('password') ? undefined : error} />
      <div className="row" style={{ marginTop: 16 }}><Button look="p lg" type="submit" disabled={busy || !old || next.length < 10}>{t('me.password.change')}</Button></div>
    </form>
  )
}
