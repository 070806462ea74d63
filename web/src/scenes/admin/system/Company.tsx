import { useRef, useState, type FormEvent } from 'react'
import { t } from '~/i18n'
import { BrandLogo } from '~/parts/BrandLogo'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Page, Segmented } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { contrast, saveCompany, saveLogo, shades, useBrand, type Company as Saved } from '~/stores/brand'
import { dark } from '~/stores/prefs'
import { useMe } from '~/stores/session'
import { useStore } from '~/stores/store'
import { useProblem, useTouched, Wrong } from '../people/parts'
import { Foot } from '../setup/parts'
import './system.css'

/** The product's own colour. */
const usual = '#2f5bea'
const zones = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []

/** 企业与外观: name, language and time zone of the company, its colour and its picture. */
export function Company() {
  const me = useMe()
  return <Page title={t('admin.company')} help={t('brand.help')}>{me && <CompanyForm key={me.tenant.version} saved={me.tenant} />}</Page>
}

function CompanyForm({ saved }: { saved: Saved }) {
  const start = { name: saved.name, locale: saved.locale, time_zone: saved.time_zone, color: saved.brand.color ?? '' }
  const { value, touched, dirty, set, drop } = useTouched(start)
  const { error, field, run } = useProblem()
  const night = useStore(dark)
  const written = /^#[0-9a-f]{6}$/.test(value.color)
  const ratio = written ? contrast(value.color) : 0
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void run(() => saveCompany(saved, touched)) }}>
      <h2 className="h2">{t('brand.company')}</h2>
      <Field label={t('brand.name')} required help={t('brand.name.help')} error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={100} value={value.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
      <div className="two">
        <Field label={t('brand.zone')} help={t('brand.zone.help')} error={field('time_zone')}>{(p) => <Select {...p} label={t('brand.zone')} value={value.time_zone} text={value.time_zone} choices={[...new Set([value.time_zone, ...zones])].map((z) => ({ id: z, text: z }))} onChange={(time_zone) => set({ time_zone })} />}</Field>
        <Field label={t('brand.locale')} help={t('brand.locale.help')} error={field('locale')}>{() => <Segmented label={t('brand.locale')} value={value.locale} options={[['zh-CN', t('profile.zh')], ['en', t('profile.en')]]} onChange={(locale) => set({ locale })} />}</Field>
      </div>
      <h2 className="h2">{t('brand.look')}</h2>
      <Logo />
      <Field label={t('brand.color')} help={t('brand.color.help')} error={field('color')}>{(p) => (
        <div className="hexrow">
          <input type="color" aria-label={t('brand.color.pick')} value={written ? value.color : usual} onChange={(e) => set({ color: e.target.value.toLowerCase() })} />
          <input {...p} className="inp mono short" maxLength={7} placeholder={usual} value={value.color} onChange={(e) => set({ color: e.target.value.trim().toLowerCase() })} />
          {value.color && <Button look="q" onClick={() => set({ color: '' })}>{t('brand.color.own')}</Button>}
        </div>
      )}</Field>
      {written && <div className="brandtry" style={shades(value.color, night)} role="status"><span className="btn p" aria-hidden="true">{t('common.save')}</span><span className="pri f13">{t('brand.try.link')}</span><span className={ratio < 4.5 ? 'red f12' : 't2 f12'}>{t(ratio < 4.5 ? 'brand.contrast.bad' : 'brand.contrast', { n: ratio.toFixed(1) })}</span></div>}
      <Wrong error={error} />
      <Foot fresh={false} dirty={dirty && !(written && ratio < 4.5)} drop={drop} />
      <p className="f12 t3">{t('brand.effect')}</p>
    </form>
  )
}

function Logo() {
  const input = useRef<HTMLInputElement>(null)
  const brand = useBrand()
  const [busy, setBusy] = useState(false)
  const { error, run } = useProblem()
  const put = (file: Blob | undefined) => { setBusy(true); void run(() => saveLogo(file)).then(() => setBusy(false)) }
  return (
    <div className="field">
      <span className="lb">{t('brand.logo')}</span>
      <div className="logobox"><BrandLogo className="brandlogo" />
        <span className="sp f12 t3">{t('brand.logo.help')}</span>
        <Button icon="upload" disabled={busy} onClick={() => input.current?.click()}>{t('brand.logo.choose')}</Button>
        {brand?.brand.logo && <Button look="q" disabled={busy} onClick={() => put(undefined)}>{t('brand.logo.remove')}</Button>}
      </div>
      <input ref={input} type="file" hidden accept="image/png,image/jpeg,image/gif" aria-label={t('brand.logo')} onChange={(e) => { const f = e.target.files?.[0]; e.target.value = ''; if (f) put(f) }} />
      <Wrong error={error} />
    </div>
  )
}
