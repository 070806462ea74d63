import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SLAPolicy } from '~/api/types'
import { t, type Key } from '~/i18n'
import { exact } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { PanelFrame } from '~/scenes/ticket/panels/Panel'
import { Wait } from '~/scenes/intelligence/frame'
import { versionsQuery } from '~/stores/sla'
import { differences } from './compare'
import { useSaying } from './saying'
import '~/scenes/ticket/ticket.css'

const TITLE: Key = 'slap.versions'

/** The versions of a policy, what each did otherwise than the one in use, and the way back to it. */
export function Versions({ policy, close, restore }: { policy: SLAPolicy; close: () => void; restore: (p: SLAPolicy) => void }) {
  const query = useQuery(versionsQuery(policy.id, policy.version))
  const list = query.data?.items ?? []
  const [at, setAt] = useState<number>()
  const say = useSaying()
  const open = list.find((v) => v.policy.version === at) ?? list[1] ?? list[0]
  const now = list[0]?.policy
  const lines = open && now ? differences(open.policy, now) : []
  return (
    <PanelFrame title={TITLE} help={t('slap.versions.help')} close={close}>
      <Wait query={query}>
        <div role="radiogroup" aria-label={t(TITLE)} className="verlist">
          {list.map((v) => (
            <button key={v.policy.version} type="button" role="radio" aria-checked={v === open} className="verrow" onClick={() => setAt(v.policy.version)}>
              <b className="f13">{t('slap.version', { n: v.policy.version })}</b><span className="sp f12 t2 ell">{[v.by?.name, v.at ? exact(v.at) : t('slap.shipped')].filter(Boolean).join(' · ')}</span>{v.policy.version === policy.version && <span className="chip green">{t('slap.current')}</span>}
            </button>
          ))}
        </div>
        {open && open.policy.version !== policy.version && (
          <>
            <h3 className="h2">{t('slap.compare', { a: open.policy.version, b: policy.version })}</h3>
            {lines.length === 0 ? <p className="f13 t2">{t('slap.same')}</p> : (
              <table className="tbl verdiff"><thead><tr><th scope="col">{t('slap.setting')}</th><th scope="col">{t('slap.version', { n: open.policy.version })}</th><th scope="col">{t('slap.version', { n: policy.version })}</th></tr></thead>
                <tbody>{lines.map((d) => <tr key={d.path}><th scope="row">{say.setting(d.path)}</th><td>{say.value(d.path, d.a)}</td><td>{say.value(d.path, d.b)}</td></tr>)}</tbody></table>
            )}
            <p><Button look="p" icon="history" onClick={() => { close(); restore(open.policy) }}>{t('slap.restore', { n: open.policy.version })}</Button></p>
          </>
        )}
      </Wait>
    </PanelFrame>
  )
}
