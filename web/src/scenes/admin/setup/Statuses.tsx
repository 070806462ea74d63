import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Status, Substatus } from '~/api/types'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { EmptyState } from '~/parts/State'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { statuses } from '~/scenes/inbox/filterChoices'
import { configQuery } from '~/stores/session'
import { arrange, save } from '~/stores/setup'
import { Field } from '~/parts/Field'
import { Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from '../people/parts'
import { Foot, Names, Ordered, Retire, useConcerned } from './parts'

type Color = NonNullable<Substatus['color']>
const colors: Color[] = ['grey', 'blue', 'green', 'amber', 'red', 'violet']

/** 子状态: what a company calls the shades of a status. */
export function Statuses() {
  const [item, go, wide] = useItem('statuses')
  const query = useQuery(configQuery)
  const [under, setUnder] = useState<Status>('open')
  const [all, setAll] = useState(false)
  const list = query.data?.substatuses ?? []
  const retired = list.filter((x) => x.retired).length
  const at = item ?? (wide ? list.find((x) => !x.retired)?.id : undefined)
  const open = list.find((x) => x.id === at)
  return (
    <Page title={t('admin.statuses')} help={t('cfg.statuses.help')} wide actions={<Button look="p" icon="plus" onClick={() => { setUnder(open?.status ?? 'open'); go('new') }}>{t('cfg.status.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={walk}>
            {statuses.map((s) => {
              const of = list.filter((x) => x.status === s && (all || !x.retired || x.id === item))
              return (
                <section key={s} aria-label={statusName(s)}>
                  <div className="sec row g8"><StatusGlyph status={s} /><span className="sp">{statusName(s)}</span></div>
                  <Ordered items={of} name={(x) => named(x.name)} onOrder={(ids) => void arrange('substatus', ids, { ids: of.map((x) => x.id) })}>
                    {(x) => <button type="button" data-entry className={x.id === at ? 'on sp' : 'sp'} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><i className={`subdot ${x.color ?? 'grey'}`} aria-hidden="true" /><span className="ell sp">{named(x.name)}</span>{x.retired && <span className="t3 f12">{t('bizcal.retired')}</span>}</button>}
                  </Ordered>
                </section>
              )
            })}
            {retired > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired })}</button>}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <StatusForm key={`new${under}`} start={{ id: '', status: under, name: { zh: '', en: '' }, position: 999, retired: false }} go={go} /> : open ? <StatusForm key={open.id} start={open} saved go={go} /> : <EmptyState icon="list" title={t(at ? 'who.gone' : 'cfg.status.none')} help={t('cfg.status.none.help')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function StatusForm({ start, saved, go }: { start: Substatus; saved?: boolean; go: Go }) {
  const { value, dirty, set, drop } = useTouched<Substatus>(start)
  const { error, field, run } = useProblem()
  const tickets = useConcerned(saved ? `substatus == ${JSON.stringify(start.id)}` : '')
  const submit = async () => {
    if (!saved) return void await run(async () => go((await save('substatuses', value)).id))
    if (await run(() => save('substatuses', value, start))) drop()
  }
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void submit() }}>
      <div className="row g8"><h2 className="h2 sp">{saved ? named(start.name) : t('cfg.status.new')}</h2>{start.retired && <span className="chip">{t('bizcal.retired')}</span>}{tickets && <span className="t3 f12 tn">{t('cfg.tickets.n', { n: tickets })}</span>}</div>
      <Field label={t('cfg.status.of')} help={t(saved ? 'cfg.status.fixed' : 'cfg.status.of.help')} error={field('status')}>{(p) => saved ? <input {...p} className="inp" disabled value={statusName(value.status)} /> : <Select {...p} label={t('cfg.status.of')} value={value.status} choices={statuses.map((s) => ({ id: s, text: statusName(s), glyph: <StatusGlyph status={s} /> }))} onChange={(s) => set({ status: s as Status })} />}</Field>
      <Names value={value.name} error={field('name')} onChange={(name) => set({ name })} />
      <div className="set"><span className="f13 sp">{t('cfg.color')}</span><div className="segment swatches" role="radiogroup" aria-label={t('cfg.color')}>{colors.map((c) => <button key={c} type="button" role="radio" aria-checked={(value.color ?? 'grey') === c} aria-label={t(`cfg.color.${c}`)} title={t(`cfg.color.${c}`)} onClick={() => set({ color: c })}><i className={`subdot ${c}`} /></button>)}</div></div>
      <p className="f12 t3">{t('cfg.status.effect')}</p>
      <Wrong error={error} />
      <Foot fresh={!saved} dirty={dirty} drop={drop}>
        {saved && <Retire retired={start.retired} words={t('cfg.status.retire.ask', { name: named(start.name), n: tickets || '…' })} act={(retired) => void run(() => save('substatuses', { ...start, retired }, start))} />}
      </Foot>
    </form>
  )
}

