import { t, type Key } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Avatar } from '~/parts/Avatar'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { Pop } from '~/parts/Pop'
import { prefer, prefs, type Density, type Prefs, type ThemeChoice } from '~/stores/prefs'
import { can, signOut, useMe } from '~/stores/session'
import { may } from '~/stores/understanding'
import { useStore } from '~/stores/store'
import { show, ui } from '~/stores/ui'
import { stateName } from '~/stores/roster'
import { StateDot, StateMenu, useMyState } from './state/StateMenu'

function Segment<V extends string>({ label, value, options, onChange }: { label: string; value: V; options: [V, string][]; onChange: (v: V) => void }) {
  return (
    <div className="prefrow">
      <span className="t3 f12">{label}</span>
      <div className="segment" role="radiogroup" aria-label={label}>
        {options.map(([v, text]) => (
          <button type="button" key={v} role="radio" aria-checked={v === value} onClick={() => onChange(v)}>{text}</button>
        ))}
      </div>
    </div>
  )
}

export function Preferences() {
  const p: Prefs = useStore(prefs)
  return (
    <>
      <Segment label={t('profile.language')} value={p.locale} options={[['zh-CN', t('profile.zh')], ['en', t('profile.en')]]} onChange={(locale) => prefer({ locale })} />
      <Segment<ThemeChoice> label={t('profile.theme')} value={p.theme} options={(['system', 'light', 'dark'] as const).map((v) => [v, t(`profile.theme.${v}` as Key)])} onChange={(theme) => prefer({ theme })} />
      <Segment<Density> label={t('profile.density')} value={p.density} options={(['compact', 'normal', 'roomy'] as const).map((v) => [v, t(`profile.density.${v}` as Key)])} onChange={(density) => prefer({ density })} />
    </>
  )
}

export function ProfileCard({ close }: { close?: () => void }) {
  const me = useMe()
  if (!me) return null
  return (
    <div className="profile">
      <div className="row g12">
        <Avatar name={me.name} size="l" />
        <div className="sp"><b className="ell f13" style={{ display: 'block' }}>{me.name}</b><div className="t3 f12 ell">{me.email}</div></div>
      </div>
      <div className="t3 f12">{[me.tenant.name, ...me.role_names.map(shipped)].join(' · ')}</div>
      <StateButton close={close} />
      <Preferences />
      <Link to="/me" className="btn q melink" onClick={close}><Icon name="sliders" /><span className="sp">{t('me.title')}</span><Kbd keys="g p" /></Link>
      <div className="only-narrow">
        <Link to="/queue" className="btn q" onClick={close}><Icon name="queue" />{t('nav.queue')}</Link>
        <Link to="/notices" className="btn q" onClick={close}><Icon name="bell" />{t('nav.notices')}</Link>
        <Link to="/roster" className="btn q" onClick={close}><Icon name="calendar" />{t('nav.roster')}</Link>
        <Link to="/incidents" className="btn q" onClick={close}><Icon name="burst" />{t('nav.incidents')}</Link>
        {may(me, 'understand.read') && <Link to="/intelligence" className="btn q" onClick={close}><Icon name="flask" />{t('nav.intelligence')}</Link>}
        <Link to="/promises" className="btn q" onClick={close}><Icon name="clock" />{t('nav.promises')}</Link>
        {can(me, 'config.manage') && <Link to="/admin" className="btn q" onClick={close}><Icon name="sliders" />{t('nav.admin')}</Link>}
      </div>
      {(can(me, 'export') || can(me, 'import')) && <Link to={can(me, 'export') ? '/exports' : '/imports'} className="btn q" style={{ justifyContent: 'flex-start', margin: '0 -10px' }} onClick={close}>{t('nav.exchange')}</Link>}
      <button type="button" className="btn q" style={{ justifyContent: 'flex-start', margin: '0 -10px' }} onClick={() => { close?.(); void signOut() }}>{t('profile.signout')}</button>
    </div>
  )
}

/** My state, and the way to another. */
function StateButton({ close }: { close?: () => void }) {
  const mine = useMyState()
  const [open, setOpen] = useState(false)
  if (!mine) return null
  if (open) return <StateMenu close={() => { setOpen(false); close?.() }} />
  return <button type="button" className="btn q statebtn" onClick={() => setOpen(true)}><StateDot state={mine.state} /><span className="sp">{stateName(mine.state)}</span><Kbd keys="Shift+S" /></button>
}

export function ProfileMenu() {
  const me = useMe()
  const mine = useMyState()
  const choosing = useStore(ui, (u) => u.state === true)
  const [open, setOpen] = useState(false)
  if (!me) return null
  return (
    <Pop placement="rightBottom" width={264} open={open || choosing} onOpen={(o) => { setOpen(o); if (!o) show({ state: undefined }) }} content={(close) => (choosing ? <StateMenu close={close} /> : <ProfileCard close={close} />)}>
      <button type="button" className="profile-button" aria-label={mine ? t('profile.menu.state', { state: stateName(mine.state) }) : t('profile.menu')} title={me.name}><Avatar name={me.name} size="l" />{mine && <StateDot state={mine.state} />}</button>
    </Pop>
  )
}
