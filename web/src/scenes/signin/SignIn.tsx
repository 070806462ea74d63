import { useNavigate, useSearch } from '@tanstack/react-router'
import { t } from '~/i18n'
import { BrandLogo } from '~/parts/BrandLogo'
import { useBrand } from '~/stores/brand'
import { prefer, prefs } from '~/stores/prefs'
import { useStore } from '~/stores/store'
import { SignInForm } from './SignInForm'
import '~/app/shell.css'

export function SignIn() {
  const navigate = useNavigate()
  const brand = useBrand()
  const { to } = useSearch({ from: '/signin' })
  return (
    <main className="gate">
      <div>
        <div className="gate-card">
          <BrandLogo className="gate-logo" />
          <h1>{t('signin.title')}</h1>
          {brand?.name && <p className="t2 f13">{brand.name}</p>}
          <SignInForm onDone={() => void navigate({ href: to ?? '/inbox' })} />
        </div>
        <LanguageSwitch />
      </div>
    </main>
  )
}

export function LanguageSwitch() {
  const { locale } = useStore(prefs)
  const other = locale === 'en' ? 'zh-CN' : 'en'
  return (
    <p className="f12" style={{ textAlign: 'center', marginTop: 16 }}>
      <button type="button" className="t2" lang={other} onClick={() => prefer({ locale: other }, false)}>{t(other === 'en' ? 'profile.en' : 'profile.zh')}</button>
    </p>
  )
}
