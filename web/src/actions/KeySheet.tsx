import { Fragment } from 'react'
import { t, type Key } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { keyText } from '~/parts/Kbd'
import { Layer } from '~/parts/Layer'
import { show } from '~/stores/ui'
import { actions } from './registry'

/** `?`: the keys, drawn from the registry and therefore never out of date. */
export function KeySheet() {
  const close = () => show({ keys: false })
  return (
    <Layer label={t('keys.title')} onClose={close}>
      <div className="keysheet">
        <header className="row"><h2 className="sp">{t('keys.title')}</h2><IconButton icon="close" label={t('common.close')} keys="Escape" onClick={close} autoFocus /></header>
        <div className="cols">
          {(['ticket', 'list', 'triage', 'app', 'go'] as const).map((group) => (
            <section key={group}>
              <h3>{t(`keys.${group}` as Key)}</h3>
              <dl>
                {actions.filter((a) => a.group === group && a.keys && a.id !== 'ticket.unwatch' && !/^triage\.[2-5]$/.test(a.id)).map((a) => (
                  <div className="row" key={a.id}>
                    <dt className="sp">{t(a.name)}</dt>
                    <dd className="row g4">
                      {a.keys!.split(' ').map((k, i) => <Fragment key={k}>{i > 0 && <span className="t3 f12">{t('keys.then')}</span>}<kbd>{a.id === 'triage.1' ? '1…5' : keyText(k)}</kbd></Fragment>)}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <p className="t3 f12">{t('keys.help')}</p>
      </div>
    </Layer>
  )
}
