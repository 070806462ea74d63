import { useQuery } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent } from 'react'
import type { Choice, Config, Field as CustomField } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Find, Page, Switch, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { configQuery } from '~/stores/session'
import { arrange, save } from '~/stores/setup'
import { Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from '../people/parts'
import { Foot, keyOf, Names, Ordered, Retire, useConcerned } from './parts'

const kinds: CustomField['kind'][] = ['text', 'number', 'money', 'date', 'choice', 'cascade', 'person', 'attachment', 'boolean']
const fresh: CustomField = { id: '', key: '', name: { zh: '', en: '' }, kind: 'text', indexed: false, personal: false, position: 999, retired: false }
const unindexed: CustomField['kind'][] = ['money', 'cascade', 'attachment']

/** 自定义字段: made once, put on the forms of as many types as need it. */
export function Fields() {
  const [item, go, wide] = useItem('fields')
  const query = useQuery(configQuery)
  const [words, setWords] = useState('')
  const [all, setAll] = useState(false)
  const list = useMemo(() => query.data?.fields ?? [], [query.data])
  const fits = (x: CustomField) => `${x.name.zh} ${x.name.en} ${x.key}`.toLowerCase().includes(words.trim().toLowerCase())
  const used = list.filter((x) => !x.retired)
  const retired = list.filter((x) => x.retired)
  const at = item ?? (wide ? used[0]?.id : undefined)
  const open = list.find((x) => x.id === at)
  return (
    <Page title={t('admin.fields')} help={t('cfg.fields.help')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{t('cfg.field.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind"><Find value={words} label={t('cfg.field.find')} onChange={setWords} /></div>
            <Ordered items={used.filter(fits)} name={(x) => named(x.name)} disabled={words !== ''} onOrder={(ids) => void arrange('field', [...ids, ...retired.map((x) => x.id)], { ids: list.map((x) => x.id) })}>
              {(x) => <button type="button" data-entry className={x.id === at ? 'on sp' : 'sp'} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><span className="ell sp">{named(x.name)}</span><span className="t3 f12 nw">{t(`cfg.kind.${x.kind}`)}</span></button>}
            </Ordered>
            {retired.length > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired.length })}</button>}
            {all && retired.filter(fits).map((x) => <button key={x.id} type="button" data-entry className={x.id === at ? 'on' : undefined} onClick={() => go(x.id)}><span className="ell sp">{named(x.name)}</span><span className="t3 f12">{t('bizcal.retired')}</span></button>)}
            {list.length === 0 && <EmptyState icon="list" title={t('cfg.field.none')} help={t('cfg.field.none.help')} />}
            {words && list.length > 0 && !list.some(fits) && <EmptyState icon="search" title={t('cfg.none.found')} help={t('cfg.none.found.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {query.data && (at === 'new' ? <FieldForm key="new" config={query.data} go={go} /> : open ? <FieldForm key={open.id} field={open} config={query.data} go={go} /> : <EmptyState icon="list" title={t(at ? 'who.gone' : 'cfg.field.none')} help={t('cfg.field.none.help')} />)}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function FieldForm({ field: before, config, go }: { field?: CustomField; config: Config; go: Go }) {
  const { value, dirty, set, drop } = useTouched<CustomField>(before ?? fresh)
  const { error, field, run } = useProblem()
  const [ownKey, setOwnKey] = useState(false)
  const tickets = useConcerned(before && !unindexed.includes(before.kind) ? `has(fields.${before.key})` : '')
  const on = config.types.filter((x) => before && x.form.fields.some((f) => f.field === before.key))
  const chooses = value.kind === 'choice' || value.kind === 'cascade'
  const submit = async () => {
    const next = { ...value, key: value.key || keyOf(value.name.en), options: chooses ? value.options : undefined } as CustomField
    if (!before) return void await run(async () => go((await save('fields', next)).id))
    if (await run(() => save('fields', next, before))) drop()
  }
  const used = on.length ? t('cfg.field.on', { types: on.map((x) => named(x.name)).join(t('common.and')) }) : t('cfg.field.nowhere')
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void submit() }}>
      <div className="row g8"><h2 className="h2 sp">{before ? named(before.name) : t('cfg.field.new')}</h2>{before?.retired && <span className="chip">{t('bizcal.retired')}</span>}{tickets && <span className="t3 f12 tn">{t('cfg.field.tickets', { n: tickets })}</span>}</div>
      {before && <p className="f13 t2 lead">{used}</p>}
      <Names value={value.name} error={field('name')} onChange={(name) => set({ name, ...(!before && !ownKey ? { key: keyOf(name.en) } : {}) })} />
      <div className="two">
        <Field label={t('cfg.kind')} help={t(before ? 'cfg.kind.fixed' : 'cfg.kind.help')} error={field('kind')}>{(p) => before ? <input {...p} className="inp" disabled value={t(`cfg.kind.${value.kind}`)} /> : <Select {...p} label={t('cfg.kind')} value={value.kind} choices={kinds.map((k) => ({ id: k, text: t(`cfg.kind.${k}`), sub: t(`cfg.kind.${k}.help`) }))} onChange={(k) => set({ kind: k as CustomField['kind'], ...(unindexed.includes(k as CustomField['kind']) ? { indexed: false } : {}) })} />}</Field>
        <Field label={t('bizcal.key')} required={!before} help={t(before ? 'cfg.key.fixed' : 'cfg.key.field')} error={field('key')}>{(p) => <input {...p} className="inp mono" required maxLength={64} pattern="[a-z][a-z0-9_]*" disabled={!!before} value={value.key} onChange={(e) => { setOwnKey(true); set({ key: e.target.value }) }} />}</Field>
      </div>
      {chooses && <section aria-label={t('cfg.options')}><h3 className="h2">{t('cfg.options')}</h3><p className="lead f13 t2">{t(value.kind === 'cascade' ? 'cfg.options.cascade' : 'cfg.options.help')}</p>
        <Options list={value.options ?? []} deep={value.kind === 'cascade' ? 5 : 0} onChange={(options) => set({ options })} />{field('options') && <p className="red f12" role="alert">{field('options')}</p>}</section>}
      <Names label={t('cfg.help')} value={value.help ?? { zh: '', en: '' }} onChange={(help) => set({ help })} />
      <div className="sets">
        <div className="set"><span className="sp"><span className="f13">{t('cfg.indexed')}</span><small className="t3 f12 block">{t(before ? 'cfg.indexed.fixed' : unindexed.includes(value.kind) ? 'cfg.indexed.not' : 'cfg.indexed.help')}</small></span><Switch label={t('cfg.indexed')} on={value.indexed} disabled={!!before || unindexed.includes(value.kind)} onChange={(indexed) => set({ indexed })} /></div>
        <div className="set"><span className="sp"><span className="f13">{t('cfg.personal')}</span><small className="t3 f12 block">{t('cfg.personal.help')}</small></span><Switch label={t('cfg.personal')} on={value.personal} onChange={(personal) => set({ personal })} /></div>
      </div>
      <Wrong error={error} />
      <Foot fresh={!before} dirty={dirty} drop={drop}>
        {before && <Retire retired={before.retired} words={<>{t('cfg.field.retire.ask', { name: named(before.name), n: tickets || '…' })}{' '}{used}</>} act={(retired) => void run(() => save('fields', { ...before, retired }, before))} />}
      </Foot>
    </form>
  )
}

/** Choices, and choices below choices: each with a name in both languages and a key that tickets keep. */
function Options({ list, deep, onChange }: { list: Choice[]; deep: number; onChange: (next: Choice[]) => void }) {
  const put = (i: number, next: Choice) => onChange(list.map((x, k) => (k === i ? next : x)))
  const move = (i: number, by: number) => { const next = [...list]; const [x] = next.splice(i, 1); if (x && next.length >= i + by && i + by >= 0) { next.splice(i + by, 0, x); onChange(next) } }
  return (
    <div className="options">
      {list.map((o, i) => (
        <div key={i} className="option">
          <div className="row g8">
            <input className="inp" required={!o.name.en} maxLength={100} lang="zh-CN" placeholder={t('bizcal.name.zh')} aria-label={t('cfg.option.zh', { n: i + 1 })} value={o.name.zh} onKeyDown={(e) => { if (e.altKey && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) { e.preventDefault(); move(i, e.key === 'ArrowUp' ? -1 : 1) } }} onChange={(e) => put(i, { ...o, name: { ...o.name, zh: e.target.value } })} />
            <input className="inp" maxLength={100} lang="en" placeholder={t('bizcal.name.en')} aria-label={t('cfg.option.en', { n: i + 1 })} value={o.name.en} onChange={(e) => put(i, { ...o, name: { ...o.name, en: e.target.value }, key: o.key || keyOf(e.target.value) })} />
            <input className="inp mono optkey" required maxLength={64} placeholder={t('bizcal.key')} aria-label={t('cfg.option.key', { n: i + 1 })} value={o.key} onChange={(e) => put(i, { ...o, key: e.target.value })} />
            <IconButton icon="up" small label={t('cfg.option.up', { name: o.name.zh || o.key })} disabled={i === 0} onClick={() => move(i, -1)} />
            <IconButton icon="close" small label={t('cfg.option.remove', { name: o.name.zh || o.key })} onClick={() => onChange(list.filter((_, k) => k !== i))} />
          </div>
          {deep > 0 && <Options list={o.children ?? []} deep={deep - 1} onChange={(children) => put(i, { ...o, children })} />}
        </div>
      ))}
      <button type="button" className="link f12 addline" onClick={() => onChange([...list, { key: '', name: { zh: '', en: '' } }])}>{t('cfg.option.add')}</button>
    </div>
  )
}
