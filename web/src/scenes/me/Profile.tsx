import { useEffect, useRef, useState, type FormEvent } from 'react'
import { Preferences } from '~/app/ProfileMenu'
import { keys } from '~/api/keys'
import type { Me } from '~/api/types'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { exact } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { useNow } from '~/parts/Time'
import { useProblem, Wrong } from '~/scenes/admin/people/parts'
import { Page, Switch } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { rename, savePicture } from '~/stores/own'
import { prefer, prefs } from '~/stores/prefs'
import { queries } from '~/stores/query'
import { pictureOf, useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { say } from '~/stores/toast'

const hues = [1, 2, 3, 4, 5, 6]
const zones = (): string[] => (typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : ['Asia/Shanghai', 'UTC'])

/** Name and face are seen by colleagues; language, times and looks are for oneself. */
export function Profile({ me }: { me: Me }) {
  const p = useStore(prefs)
  const now = useNow()
  return (
    <Page title={t('me.profile')} help={t('me.profile.help')}>
      <div className="mepage">
        <Name me={me} />
        <h2 className="h2">{t('me.face')}</h2>
        <p className="f12 t3">{t('me.face.help')}</p>
        <div className="row g12 wrap face">
          <Avatar name={me.name} size="xl" />
          <Picture me={me} />
          <div className="row g4" role="radiogroup" aria-label={t('me.hue')}>
            <button type="button" role="radio" className="choice" aria-checked={!p.avatar.hue} onClick={() => face({ hue: undefined })}>{t('me.byName')}</button>
            {hues.map((h) => <button key={h} type="button" role="radio" aria-checked={p.avatar.hue === h} aria-label={t('me.hue.n', { n: h })} className={`hue av a${h}`} onClick={() => face({ hue: h })}>{p.avatar.hue === h ? '✓' : ''}</button>)}
          </div>
          <Initials />
        </div>
        <h2 className="h2">{t('me.looks')}</h2>
        <div className="looks"><Preferences /></div>
        <h2 className="h2">{t('me.times')}</h2>
        <Field label={t('me.zone')} help={t('me.zone.help', { now: exact(new Date(now).toISOString()) })}>{(x) => (
          <Select {...x} label={t('me.zone')} value={p.zone} text={p.zone || t('me.zone.machine', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })} choices={[{ id: '', text: t('me.zone.own') }, ...zones().map((z) => ({ id: z, text: z }))]} onChange={(zone) => prefer({ zone })} />
        )}</Field>
        <h2 className="h2">{t('me.work')}</h2>
        <div className="setrow"><span className="sp"><b className="f13">{t('me.next')}</b><span className="f12 t3">{t('me.next.help')}</span></span><Switch on={p.next} label={t('me.next')} onChange={(next) => prefer({ next })} /></div>
        <div className="setrow"><span className="sp"><b className="f13">{t('action.table')}</b><span className="f12 t3">{t('me.table.help')}</span></span><Switch on={p.layout === 'table'} label={t('action.table')} onChange={(on) => prefer({ layout: on ? 'table' : 'list' })} /></div>
        {Object.keys(p.columns).length > 0 && <div className="setrow"><span className="sp"><b className="f13">{t('me.columns')}</b><span className="f12 t3">{t('me.columns.help', { n: Object.keys(p.columns).length })}</span></span><Button look="sm" onClick={() => { const { columns } = p; prefer({ columns: {} }); say(t('me.columns.dropped'), { undo: () => prefer({ columns }) }) }}>{t('me.columns.drop')}</Button></div>}
      </div>
    </Page>
  )
}

function Picture({ me }: { me: Me }) {
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const mine = useNames().config.staff.find((x) => x.id === me.id)?.avatar?.picture
  const { error, run } = useProblem()
  const put = (file: Blob | undefined) => { setBusy(true); void run(() => savePicture(file, mine && pictureOf(me.id, mine))).then(() => setBusy(false)) }
  return (
    <div className="row g8 wrap">
      <Button icon="upload" disabled={busy} onClick={() => input.current?.click()}>{t(mine ? 'me.picture.change' : 'me.picture.choose')}</Button>
      {mine && <Button look="q" disabled={busy} onClick={() => put(undefined)}>{t('me.picture.remove')}</Button>}
      <input ref={input} type="file" hidden accept="image/png,image/jpeg,image/webp" aria-label={t('me.picture')} onChange={(e) => { const f = e.target.files?.[0]; e.target.value = ''; if (f) put(f) }} />
      <Wrong error={error} />
    </div>
  )
}

function face(change: { hue?: number; initials?: string }): void {
  const next = { ...prefs.get().avatar, ...change }
  prefer({ avatar: Object.fromEntries(Object.entries(next).filter(([, v]) => v)) })
  void queries.invalidateQueries({ queryKey: keys.config })
}

function Name({ me }: { me: Me }) {
  const [name, setName] = useState(me.name)
  const { error, field, run } = useProblem()
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const before = me.name
    if (await run(() => rename(name))) say(t('common.saved'), { undo: () => { setName(before); void rename(before) } })
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <Field label={t('me.name')} required help={t('me.name.help')} error={field('name')}>{(p) => (
        <div className="row g8"><input {...p} className="inp" required maxLength={100} value={name} onChange={(e) => setName(e.target.value)} /><Button look="p lg" type="submit" disabled={!name.trim() || name === me.name}>{t('common.save')}</Button></div>
      )}</Field>
      <Wrong error={field('name') ? undefined : error} />
      <Field label={t('signin.email')} help={t('me.email.help')}>{(p) => <input {...p} className="inp" value={me.email} readOnly />}</Field>
      <p className="f12 t3 whoami">{[me.tenant.name, me.department?.name, ...me.teams.map((x) => x.name), ...me.role_names.map(shipped)].filter(Boolean).join(' · ')}</p>
    </form>
  )
}

function Initials() {
  const saved = useStore(prefs, (p) => p.avatar.initials ?? '')
  const [text, setText] = useState(saved)
  useEffect(() => setText(saved), [saved])
  const keep = () => { const next = [...text.trim()].slice(0, 2).join(''); if (next !== saved) face({ initials: next }) }
  return <input className="inp initials" aria-label={t('me.initials')} placeholder={t('me.initials')} value={text} onChange={(e) => setText([...e.target.value].slice(0, 2).join(''))} onBlur={keep} onKeyDown={(e) => e.key === 'Enter' && keep()} />
}
