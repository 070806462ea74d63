import type { Scene } from '~/api/types'
import { named, t } from '~/i18n'
import { Icon } from '~/parts/Icon'

/** What to ask and to say: points to tick off, and approved words. */
export function Helps({ scene, checks, onCheck }: { scene: Scene | undefined; checks: number[]; onCheck: (checks: number[]) => void }) {
  return (
    <aside className="c3" aria-label={t('caller.helps')}>
      {!scene && <p className="f13 t3">{t('caller.helps.none')}</p>}
      {scene?.checks && scene.checks.length > 0 && (
        <section>
          <h3>{t('caller.checks', { scene: named(scene.name) })}</h3>
          {scene.checks.map((x, i) => {
            const on = checks.includes(i)
            return <button key={i} type="button" role="checkbox" aria-checked={on} className={on ? 'tick on' : 'tick'} onClick={() => onCheck(on ? checks.filter((k) => k !== i) : [...checks, i])}><i>{on && <Icon name="check" size="s" />}</i><span>{x}</span></button>
          })}
        </section>
      )}
      {scene?.script && <section><h3>{t('caller.script')}</h3><p className="f13 t2 script">{scene.script}</p></section>}
    </aside>
  )
}
