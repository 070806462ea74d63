import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { configQuery } from '~/stores/session'
import { arrange, codeLists, save, type Code, type CodeList } from '~/stores/setup'
import { Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from '../people/parts'
import { Foot, keyOf, Names, Ordered, Retire, useConcerned } from './parts'

const lists = Object.keys(codeLists) as CodeList[]

/** 结案与原因: the lists of codes from which people choose when a ticket rests, ends or is given up. */
export function Codes() {
  const [item, go, wide] = useItem('codes')
  const query = useQuery(configQuery)
  const [list, setList] = useState<CodeList>('resolution_code')
  const [all, setAll] = useState(false)
  const codes = lists.flatMap((l) => (query.data?.[codeLists[l]] ?? []) as Code[])
  const asked = codes.find((x) => x.id === item)
  const shown = asked?.list ?? list
  const of = codes.filter((x) => x.list === shown)
  const used = of.filter((x) => !x.retired)
  const retired = of.filter((x) => x.retired)
  const at = item ?? (wide ? used[0]?.id : undefined)
  const open = of.find((x) => x.id === at)
  const choose = (l: CodeList) => { setList(l); go(undefined) }
  return (
    <Page title={t('admin.codes')} help={t('cfg.codes.help')} wide actions={<Button look="p" icon="plus" onClick={() => { setList(shown); go('new') }}>{t('cfg.code.new')}</Button>}>
      <Wait query={query}>
        <div className="rtabs"><div className="segment" role="radiogroup" aria-label={t('cfg.code.list')}>{lists.map((l) => <button key={l} type="button" role="radio" aria-checked={l === shown} onClick={() => choose(l)}>{t(`cfg.list.${l}`)}</button>)}</div></div>
        <div className={item ? 'halves with-tree with-detail' : 'halves with-tree'}>
          <div className="picklist" onKeyDown={walk}>
            <p className="f12 t3">{t(`cfg.list.${shown}.help`)}</p>
            <Ordered items={used} name={(x) => named(x.name)} onOrder={(ids) => void arrange('code', [...ids, ...retired.map((x) => x.id)], { ids: of.map((x) => x.id) })}>
              {(x) => <button type="button" data-entry className={x.id === at ? 'on sp' : 'sp'} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><span className="ell sp">{named(x.name)}</span></button>}
            </Ordered>
            {retired.length > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired.length })}</button>}
            {all && retired.map((x) => <button key={x.id} type="button" data-entry className={x.id === at ? 'on' : undefined} onClick={() => go(x.id)}><span className="ell sp">{named(x.name)}</span><span className="t3 f12">{t('bizcal.retired')}</span></button>)}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <CodeForm key={`new${shown}`} start={{ id: '', list: shown, key: '', name: { zh: '', en: '' }, position: 999, retired: false }} go={go} /> : open ? <CodeForm key={open.id} start={open} saved go={go} /> : <EmptyState icon="list" title={t(at ? 'who.gone' : 'cfg.code.none')} help={t('cfg.code.none.help')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function CodeForm({ start, saved, go }: { start: Code; saved?: boolean; go: Go }) {
  const { value, dirty, set, drop } = useTouched<Code>(start)
  const { error, field, run } = useProblem()
  const [ownKey, setOwnKey] = useState(false)
  const tickets = useConcerned(saved && start.list === 'hold_reason' ? `hold_reason == ${JSON.stringify(start.key)}` : '')
  const submit = async () => {
    if (!saved) return void await run(async () => go((await save('codes', { ...value, key: value.key || keyOf(value.name.en) })).id))
    if (await run(() => save('codes', value, start))) drop()
  }
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void submit() }}>
      <div className="row g8"><h2 className="h2 sp">{saved ? named(start.name) : t('cfg.code.new')}</h2>{start.retired && <span className="chip">{t('bizcal.retired')}</span>}{tickets && <span className="t3 f12 tn">{t('cfg.tickets.n', { n: tickets })}</span>}</div>
      <Names value={value.name} error={field('name')} onChange={(name) => set({ name, ...(!saved && !ownKey ? { key: keyOf(name.en) } : {}) })} />
      <Field label={t('bizcal.key')} required={!saved} help={t(saved ? 'cfg.key.fixed' : 'cfg.key.help')} error={field('key')}>{(p) => <input {...p} className="inp mono" required maxLength={64} pattern="[a-z][a-z0-9_]*" disabled={saved} value={value.key} onChange={(e) => { setOwnKey(true); set({ key: e.target.value }) }} />}</Field>
      <Wrong error={error} />
      <Foot fresh={!saved} dirty={dirty} drop={drop}>
        {saved && <Retire retired={start.retired} words={t('cfg.code.retire.ask', { name: named(start.name) })} act={(retired) => void run(() => save('codes', { ...start, retired }, start))} />}
      </Foot>
    </form>
  )
}
