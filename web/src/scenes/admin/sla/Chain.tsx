import type { SLALink, SLAPolicy } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Field } from '~/parts/Field'
import { Pop } from '~/parts/Pop'
import { Segmented } from '~/scenes/intelligence/frame'
import { useNames } from '~/stores/session'

const ends = ['assignee', 'team', 'department', 'people'] as const
type Figure = 'after_minutes' | 'every_minutes' | 'times'

/** Who is told when nobody acts: link by link, until somebody acknowledges; and how often a promise may be extended. */
export function Chain({ draft, set }: { draft: SLAPolicy; set: (part: Partial<SLAPolicy>) => void }) {
  const { config, staff } = useNames()
  const chain = draft.chain ?? []
  const put = (next: SLALink[]) => set({ chain: next.length ? next : undefined })
  const change = (i: number, part: Partial<SLALink>) => put(chain.map((l, k) => (k === i ? { ...l, ...part } : l)))
  const figure = (l: SLALink, i: number, key: Figure, max: number) => <input className="inp num" inputMode="numeric" aria-label={t(`slap.chain.${key}`)} value={key === 'after_minutes' ? String(l[key]) : l[key] ? String(l[key]) : ''} placeholder="0" onChange={(e) => { const n = Math.min(max, Number(e.target.value.replace(/\D/g, ''))); change(i, { [key]: key === 'after_minutes' ? n : n || undefined }) }} />
  const people = (l: SLALink) => l.people?.map(staff).join(t('common.and')) ?? ''
  return (
    <>
      <h2 className="h2">{t('slap.chain')}</h2>
      <p className="f13 t2 lead">{t('slap.chain.help')}</p>
      <div className="lines">
        {chain.map((l, i) => (
          <div key={i} className="line">
            <span className="chainno f12">{i + 1}</span>
            <div className="sp chainrow">
              <Segmented label={t('slap.chain.on')} value={l.on} options={[['warning', t('slap.chain.warning')], ['breach', t('slap.chain.breach')]] as const} onChange={(on) => change(i, { on })} />
              <label className="row g4 f13">{figure(l, i, 'after_minutes', 525_600)}{t('slap.chain.after')}</label>
              <select className="inp mini" value={l.to} aria-label={t('slap.chain.to')} onChange={(e) => change(i, { to: e.target.value as SLALink['to'] })}>{ends.map((x) => <option key={x} value={x}>{t(`slap.chain.to.${x}`)}</option>)}</select>
              {l.to === 'people' && (
                <Pop content={() => <ChoiceList label={t('slap.chain.to.people')} multiple search choices={config.staff.filter((s) => s.active).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" />, on: l.people?.includes(s.id) }))} onChoose={(id) => change(i, { people: l.people?.includes(id) ? l.people.filter((x) => x !== id) : [...(l.people ?? []), id] })} />}>
                  <button type="button" className="btn sel"><span className="ell">{people(l) || t('cond.choose')}</span></button>
                </Pop>
              )}
              <label className="row g4 f13">{t('slap.chain.again')}{figure(l, i, 'every_minutes', 525_600)}{t('slap.chain.every')}</label>
              {(l.every_minutes ?? 0) > 0 && <label className="row g4 f13">{figure(l, i, 'times', 20)}{t('slap.chain.count')}</label>}
              <p className="f12 t2 chainsay">{t(l.on === 'breach' ? 'slap.chain.effect.breach' : 'slap.chain.effect.warning', { n: l.after_minutes, who: l.to === 'people' ? people(l) : t(`slap.chain.to.${l.to}`) })}</p>
            </div>
            <IconButton icon="close" small label={t('slap.chain.remove', { n: i + 1 })} onClick={() => put(chain.filter((_, k) => k !== i))} />
          </div>
        ))}
        {chain.length < 10 && <Button icon="plus" look="sm" onClick={() => put([...chain, { on: 'breach', after_minutes: chain.length * 15, to: ends[Math.min(chain.length, 2)]! }])}>{t('slap.chain.add')}</Button>}
      </div>
      <div className="two"><Field label={t('slap.extensions')} help={t('slap.extensions.help', { n: draft.extensions ?? 0 })}>{(p) => <input {...p} className="inp num" inputMode="numeric" value={String(draft.extensions ?? 0)} onChange={(e) => set({ extensions: Math.min(10, Number(e.target.value.replace(/\D/g, ''))) || undefined })} />}</Field></div>
    </>
  )
}
