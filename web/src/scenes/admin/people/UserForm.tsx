import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { problemText } from '~/api/problem'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Pop } from '~/parts/Pop'
import { useNow } from '~/parts/Time'
import { Lines } from '~/scenes/admin/routing/inputs'
import { Segmented } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { atHandQuery, createUser, everySkillQuery, rolesQuery, saveUser, setPassword, signOutUser, teamUnitsQuery, unitsQuery, type NewUser, type User } from '~/stores/people'
import { can, useMe, viewAs } from '~/stores/session'
import { complain } from '~/stores/toast'
import { Ask, Picks, useProblem, useTouched, Wrong, type Go } from './parts'
import { tree } from './unitTree'

const fresh: User = { id: '', version: 0, active: true, created_at: '', department_id: null, email: '', locale: 'zh-CN', name: '', role_ids: [], skills: [], team_ids: [] }
const levels = ['1', '2', '3', '4', '5'] as const

/** One account: whose it is, what it may do, where it belongs and what it can. */
export function UserForm({ user, able, go }: { user?: User; able: boolean; go?: Go }) {
  const { value, touched, dirty, set, drop } = useTouched<User>(user ?? fresh)
  const { error, field, run } = useProblem()
  const [password, setPass] = useState('')
  const roles = useQuery(rolesQuery).data ?? []
  const teams = useQuery(teamUnitsQuery).data ?? []
  const units = useQuery(unitsQuery).data ?? []
  const skills = useQuery(everySkillQuery).data ?? []
  const now = useNow()
  const save = async () => {
    if (user) { if (await run(() => saveUser(user, touched))) drop(); return }
    const body: NewUser = { email: value.email, name: value.name, locale: value.locale, role_ids: value.role_ids, team_ids: value.team_ids, skills: value.skills, ...(value.department_id ? { department_id: value.department_id } : {}), ...(password ? { password } : {}) }
    await run(async () => go?.((await createUser(body)).id))
  }
  const skill = (i: number, part: Partial<User['skills'][number]>) => set({ skills: value.skills.map((s, k) => (k === i ? { ...s, ...part } : s)) })
  const next = skills.find((s) => !value.skills.some((x) => x.skill_id === s.id))
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }}>
      {!user && <h2 className="h2">{t('who.users.new')}</h2>}
      <fieldset className="bare" disabled={!able}>
        <div className="two">
          <Field label={t('who.name')} required error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={200} value={value.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
          <Field label={t('who.email')} required help={t('who.email.help')} error={field('email')}>{(p) => <input {...p} className="inp" type="email" required maxLength={300} autoComplete="off" value={value.email} onChange={(e) => set({ email: e.target.value })} />}</Field>
        </div>
        <Field label={t('who.roles')} help={t(value.role_ids.length ? 'who.roles.help' : 'who.roles.none')} error={field('role_ids')}>{() => <Picks label={t('who.roles')} value={value.role_ids} choices={roles.map((r) => ({ id: r.id, text: shipped(r.name) }))} add={t('who.roles.add')} onChange={(role_ids) => set({ role_ids })} />}</Field>
        <div className="two">
          <Field label={t('who.department')} help={t('who.department.help')} error={field('department_id')}>{(p) => <Select {...p} label={t('who.department')} value={value.department_id ?? ''} choices={[{ id: '', text: t('common.none') }, ...tree(units.filter((u) => !u.retired || u.id === value.department_id)).map((n) => ({ id: n.unit.id, text: '\u3000'.repeat(n.depth) + n.unit.name }))]} text={units.find((u) => u.id === value.department_id)?.name ?? t('common.none')} onChange={(id) => set({ department_id: id || null })} />}</Field>
          <Field label={t('who.language')} help={t('who.language.help')}>{() => <Segmented label={t('who.language')} value={value.locale === 'en' ? 'en' : 'zh-CN'} options={[['zh-CN', t('profile.zh')], ['en', t('profile.en')]] as const} onChange={(locale) => set({ locale })} />}</Field>
        </div>
        <Field label={t('who.teams')} help={t('who.teams.help')} error={field('team_ids')}>{() => <Picks label={t('who.teams')} value={value.team_ids} choices={teams.filter((x) => !x.retired || value.team_ids.includes(x.id)).map((x) => ({ id: x.id, text: x.name }))} add={t('who.teams.add')} onChange={(team_ids) => set({ team_ids })} />}</Field>
        <Field label={t('who.skills')} help={t(skills.length ? 'who.skills.help' : 'who.skills.none')} error={field('skills')}>{() => (
          <Lines items={value.skills} disabled={!able || (!next && value.skills.length === 0)} add={t('who.skills.add')} remove={t('who.skills.remove')} onAdd={() => next && set({ skills: [...value.skills, { skill_id: next.id, level: 3 }] })} onRemove={(i) => set({ skills: value.skills.filter((_, k) => k !== i) })}>
            {(s, i) => <span className="row g8 wrap plevels"><Select label={t('who.skills')} value={s.skill_id} text={skills.find((x) => x.id === s.skill_id)?.name} choices={skills.filter((x) => x.id === s.skill_id || !value.skills.some((y) => y.skill_id === x.id)).map((x) => ({ id: x.id, text: x.name }))} onChange={(skill_id) => skill(i, { skill_id })} /><Segmented label={t('who.level')} value={String(s.level) as (typeof levels)[number]} options={levels.map((l) => [l, l] as const)} onChange={(l) => skill(i, { level: Number(l) })} /></span>}
          </Lines>
        )}</Field>
        {!user && <Field label={t('who.password')} help={t('who.password.new')} error={field('password')}>{(p) => <Password {...p} value={password} onChange={setPass} />}</Field>}
      </fieldset>
      <Wrong error={error} />
      {able && <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={!dirty}>{t(user ? 'common.save' : 'who.create')}</Button>
        {user && dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}
      </div>}
      {user && <Access user={user} able={able} now={now} close={(active) => void run(() => saveUser(user, { active }))} />}
    </form>
  )
}

const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 20 letters and figures that are not mistaken for each other, each as likely as the others. */
function invent(): string {
  let out = ''
  while (out.length < 20) for (const b of crypto.getRandomValues(new Uint8Array(32))) if (b < 224 && out.length < 20) out += letters[b % letters.length]
  return out
}

function Password({ value, onChange, ...rest }: { value: string; onChange: (v: string) => void; id?: string }) {
  const [seen, setSeen] = useState(false)
  return (
    <div className="pwrow">
      <input {...rest} className="inp" type={seen ? 'text' : 'password'} autoComplete="new-password" maxLength={1000} value={value} aria-label={t('who.password')} onChange={(e) => onChange(e.target.value)} />
      <Button look="lg" onClick={() => { setSeen(true); onChange(invent()) }}>{t('who.password.invent')}</Button>
    </div>
  )
}

/** What is done to an account rather than said of a person: each says what follows. */
function Access({ user, able, now, close }: { user: User; able: boolean; now: number; close: (active: boolean) => void }) {
  const me = useMe()
  const hand = useQuery({ ...atHandQuery(user.id), enabled: able && user.active }).data
  const seen = user.signed_in_at
  return (
    <section aria-label={t('who.access')}>
      <h2 className="h2">{t('who.access')}</h2>
      <p className="f13 t2">{seen ? t('who.seen', { at: clock(seen, now) }) : t('who.unseen')}{user.has_password === false && <>{' '}<span className="amber">{t('who.nopassword')}</span></>}</p>
      {able && <div className="pacts">
        {can(me, 'role.manage') && user.active && user.id !== me?.id && <Button look="lg" icon="eye" title={t('view.as.help')} onClick={() => void viewAs({ user_id: user.id }).catch(complain)}>{t('view.as')}</Button>}
        <NewPassword user={user} />
        <Ask words={t('who.signout.ask', { name: user.name })} go={t('who.signout')} act={() => void signOutUser(user.id)}><Button look="lg">{t('who.signout')}</Button></Ask>
        {!user.active ? <Button look="lg" onClick={() => close(true)}>{t('who.open')}</Button>
          : user.id !== me?.id && <Ask danger words={<><p>{t('who.close.ask', { name: user.name })}</p><p className="t2">{hand ? t('who.close.count', { n: `${hand.count}${hand.capped ? '+' : ''}` }) : t('who.close.some')}</p></>} go={t('who.close')} act={() => close(false)}><Button look="lg danger">{t('who.close')}</Button></Ask>}
      </div>}
    </section>
  )
}

function NewPassword({ user }: { user: User }) {
  const [word, setWord] = useState('')
  const [error, setError] = useState<unknown>()
  const go = (close: () => void) => setPassword(user.id, word).then(close, setError)
  return (
    <Pop width={360} placement="topLeft" onOpen={() => { setWord(''); setError(undefined) }} content={(close) => (
      <div className="popform ask">
        <Field label={t('who.password.for', { name: user.name })} help={t('who.password.help')} error={error === undefined ? undefined : problemText(error)}>{(p) => <Password {...p} value={word} onChange={setWord} />}</Field>
        <div className="row g8"><span className="sp" /><Button look="q" onClick={close}>{t('common.cancel')}</Button><Button look="p" disabled={!word} onClick={() => void go(close)}>{t('who.password.set')}</Button></div>
      </div>
    )}><Button look="lg">{t('who.password.set')}</Button></Pop>
  )
}
