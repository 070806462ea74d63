import { SignInForm } from '~/scenes/signin/SignInForm'
import { t } from '~/i18n'
import { Logo } from '~/parts/Icon'
import { Layer } from '~/parts/Layer'
import { signOut, useMe } from '~/stores/session'

/** The session ran out: the page stays as it is underneath. */
export function SignInOverlay() {
  const me = useMe()
  return (
    <Layer label={t('signin.again')} onClose={() => undefined}>
      <div className="gate-card">
        <Logo className="gate-logo" />
        <h1>{t('signin.again')}</h1>
        <p className="t2 f13">{t('signin.again.help')}</p>
        <SignInForm email={me?.email} onDone={() => undefined} />
        <button type="button" className="link f12" style={{ marginTop: 12 }} onClick={() => void signOut()}>{t('signin.other')}</button>
      </div>
    </Layer>
  )
}
