import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import type { Me } from '~/api/types'
import { locale, t, type Key } from '~/i18n'
import { day } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Time, useNow } from '~/parts/Time'
import { Ask, Picks, useProblem, Wrong } from '~/scenes/admin/people/parts'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { makeToken, revokeToken, tokensQuery, type MadeToken } from '~/stores/own'
import { permissionsQuery } from '~/stores/people'
import { can } from '~/stores/session'
import { say } from '~/stores/toast'

const lives = ['30', '90', '365', 'never'] as const
const reaches = ['all', 'read', 'some'] as const
const DAY = 86_400_000

/** API tokens: made once shown, with an end and no more rights than needed. */
export function Tokens({ me }: { me: Me }) {
  const query = useQuery(tokensQuery)
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<MadeToken>()
  const now = useNow()
  const list = query.data ?? []
  const over = (at?: string) => at !== undefined && Date.parse(at) <= now
  return (
    <Page title={t('me.tokens')} help={t('me.tokens.help')} actions={<Button look="p" icon="plus" onClick={() => { setMade(undefined); setMaking(true) }}>{t('me.token.new')}</Button>}>
      <div className="mepage">
        {made && <Once token={made} close={() => setMade(undefined)} />}
        {making && <NewTokenForm me={me} done={(token) => { setMaking(false); setMade(token) }} close={() => setMaking(false)} />}
        <Wait query={query}>
          {list.length === 0 && !making && !made ? <EmptyState icon="key" title={t('me.token.none')} help={t('me.token.none.help')} /> : (
            <ul className="entries">
              {list.map((x) => (
                <li key={x.id} className="setrow">
                  <span className="sp"><b className="f13">{x.name}<code className="f12 t3">{x.hint}</code>{over(x.expires_at) && <span className="chip red">{t('me.token.over')}</span>}</b>
                    <span className="f12 t3">
                      {x.permissions ? t('me.token.limited', { n: x.permissions.length }) : t('me.token.reach.all')}{' · '}
                      {x.expires_at ? t('me.token.until', { at: day(x.expires_at, now) }) : t('me.token.life.never')}{' · '}
                      {x.used_at ? <>{t('me.token.used')}{' '}<Time at={x.used_at} /></> : t('me.token.unused')}
                    </span></span>
                  <Ask danger words={t('me.token.revoke.ask', { name: x.name })} go={t('me.token.revoke')} act={() => void revokeToken(x)}><Button look="sm danger" aria-label={t('me.token.revoke.what', { name: x.name })}>{t('me.token.revoke')}</Button></Ask>
                </li>
              ))}
            </ul>
          )}
        </Wait>
      </div>
    </Page>
  )
}

/** The secret, this one time. */
function Once({ token, close }: { token: MadeToken; close: () => void }) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => { box.current?.focus(); box.current?.select() }, [])
  const copy = async () => {
    await navigator.clipboard?.writeText(token.secret)
    say(t('me.token.copied'))
  }
  return (
    <div className="once" role="status">
      <b className="f13">{t('me.token.made', { name: token.name })}</b>
      <p className="f12">{t('me.token.once')}</p>
      <div className="row g8"><input ref={box} className="inp mono" readOnly value={token.secret} aria-label={t('me.token.secret')} /><Button look="lg" icon="copy" onClick={() => void copy()}>{t('me.token.copy')}</Button><Button look="p lg" onClick={close}>{t('me.token.stored')}</Button></div>
    </div>
  )
}

function NewTokenForm({ me, done, close }: { me: Me; done: (token: MadeToken) => void; close: () => void }) {
  const catalogue = (useQuery(permissionsQuery).data ?? []).filter((p) => can(me, p.name))
  const [name, setName] = useState('')
  const [life, setLife] = useState<(typeof lives)[number]>('90')
  const [reach, setReach] = useState<(typeof reaches)[number]>('all')
  const [some, setSome] = useState<string[]>([])
  const { error, field, run } = useProblem()
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const permissions = reach === 'read' ? catalogue.map((p) => p.name).filter((n) => n.endsWith('.read')) : some
    await run(async () => done(await makeToken({
      name: name.trim(), ...(life === 'never' ? {} : { expires_at: new Date(Date.now() + Number(life) * DAY).toISOString() }), ...(reach === 'all' ? {} : { permissions }),
    })))
  }
  const segment = <V extends string>(label: string, value: V, all: readonly V[], word: string, set: (v: V) => void) => (
    <div className="field"><div className="lb">{label}</div><div className="segment" role="radiogroup" aria-label={label}>{all.map((v) => <button key={v} type="button" role="radio" aria-checked={v === value} onClick={() => set(v)}>{t(`${word}.${v}` as Key)}</button>)}</div></div>
  )
  return (
    <form className="newtoken" onSubmit={(e) => void submit(e)} onKeyDown={(e) => e.key === 'Escape' && close()}>
      <Field label={t('me.token.name')} required help={t('me.token.name.help')} error={field('name')}>{(p) => <input {...p} className="inp" autoFocus required maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
      {segment(t('me.token.life'), life, lives, 'me.token.life', setLife)}
      {segment(t('me.token.reach'), reach, reaches, 'me.token.reach', setReach)}
      {reach === 'some' && <Field label={t('me.token.some')} error={field('permissions')}>{() => <Picks label={t('me.token.some')} value={some} choices={catalogue.map((p) => ({ id: p.name, text: locale() === 'en' ? p.en : p.zh }))} add={t('me.token.add')} onChange={setSome} />}</Field>}
      <Wrong error={field('name') || field('permissions') ? undefined : error} />
      <div className="row g8" style={{ marginTop: 16 }}><Button look="p lg" type="submit" disabled={!name.trim() || (reach === 'some' && some.length === 0)}>{t('me.token.make')}</Button><Button look="q lg" onClick={close}>{t('common.cancel')}</Button></div>
    </form>
  )
}
