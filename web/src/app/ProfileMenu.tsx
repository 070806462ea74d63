import { t, type Key } from '~/i18n'
import { Link } from '@tanstack/react-router'
import { Avatar } from '~/parts/Avatar'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { prefer, prefs, type Density, type Prefs, type ThemeChoice } from '~/stores/prefs'
import { can, signOut, useMe } from '~/stores/session'
import { may } from '~/stores/understanding'
import { useStore } from '~/stores/store'

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
      <div className="t3 f12">{[me.tenant.name, ...me.role_names].join(' · ')}</div>
      <Preferences />
      <div className="only-narrow">
        <Link to="/incidents" className="btn q" onClick={close}><Icon name="burst" />{t('nav.incidents')}</Link>
        {may(me, 'understand.read') && <Link to="/intelligence" className="btn q" onClick={close}><Icon name="flask" />{t('nav.intelligence')}</Link>}
        {can(me, 'config.manage') && <Link to="/admin" className="btn q" onClick={close}><Icon name="sliders" />{t('nav.admin')}</Link>}
      </div>
      <button type="button" className="btn q" style={{ justifyContent: 'flex-start', margin: '0 -10px' }} onClick={() => { close?.(); void signOut() }}>{t('profile.signout')}</button>
    </div>
  )
}

export function ProfileMenu() {
  const me = useMe()
  if (!me) return null
  return (
    <Pop placement="rightBottom" width={264} content={(close) => <ProfileCard close={close} />}>
      <button type="button" className="profile-button" aria-label={t('profile.menu')} title={me.name}><Avatar name={me.name} size="l" /></button>
    </Pop>
  )
}
