import { useQuery } from '@tanstack/react-query'
import { useMemo, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import type { Category } from '~/api/types'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { EmptyState } from '~/parts/State'
import { useDrag } from '~/parts/useDrag'
import { Find, Page, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { configQuery, useNames } from '~/stores/session'
import { arrange, mergeCategory, save } from '~/stores/setup'
import { Ask, Back, useItem, useProblem, useTouched, Wrong, type Go } from '../people/parts'
import { Foot, Names, Retire, useConcerned } from './parts'
import { dropped, standing, stepped, tree, within, type Move, type Place } from './tree'

const fresh: Category = { id: '', name: { zh: '', en: '' }, position: 9999, retired: false }

/** 业务分类: the tree of subjects. A category moves with all below it, by hand or by Alt and an arrow. */
export function Categories() {
  const [item, go, wide] = useItem('categories')
  const query = useQuery(configQuery)
  const [words, setWords] = useState('')
  const [all, setAll] = useState(false)
  const [shut, setShut] = useState<ReadonlySet<string>>(new Set())
  const [below, setBelow] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const every = useMemo(() => query.data?.categories ?? [], [query.data])
  const list = every.filter((c) => all || !c.retired || c.id === item)
  const retired = every.filter((c) => c.retired).length
  const nodes = tree(list, shut, words)
  const at = item ?? (wide ? nodes[0]?.category.id : undefined)
  const open = every.find((c) => c.id === at)
  const move = (id: string, to: Move | undefined) => {
    if (!to) return
    if (to.parent) setShut(new Set([...shut].filter((x) => x !== to.parent)))
    void arrange('category', to.ids, standing(every, id), to.parent)
    requestAnimationFrame(() => focus(id))
  }
  const [drag, take] = useDrag<Category>((c, over, place) => move(c.id, dropped(list, c.id, over, place)))
  const toggle = (id: string, close: boolean) => setShut(new Set(close ? [...shut, id] : [...shut].filter((x) => x !== id)))
  const focus = (id: string | undefined) => id && box.current?.querySelector<HTMLElement>(`[data-drop="${id}"]`)?.focus()
  const keys = (i: number) => (e: KeyboardEvent) => {
    const { category, kids } = nodes[i]!
    if (e.key === 'Enter' || e.key === ' ') go(category.id)
    else if (e.altKey) { const to = words ? undefined : stepped(list, category.id, e.key); if (!e.key.startsWith('Arrow')) return; move(category.id, to) }
    else if (e.key === 'ArrowDown') focus(nodes[i + 1]?.category.id)
    else if (e.key === 'ArrowUp') focus(nodes[i - 1]?.category.id)
    else if (e.key === 'ArrowRight' && kids) { if (shut.has(category.id)) toggle(category.id, false); else focus(nodes[i + 1]?.category.id) }
    else if (e.key === 'ArrowLeft') { if (kids && !shut.has(category.id)) toggle(category.id, true); else focus(category.parent_id) }
    else return
    e.preventDefault()
  }
  const add = (parent: string) => { setBelow(parent); go('new') }
  const target = (id: string): Place | undefined => (drag && drag.over === id && dropped(list, drag.item.id, id, drag.place ?? 'into') ? drag.place : undefined)
  return (
    <Page title={t('admin.categories')} help={t('cfg.categories.help')} wide actions={<Button look="p" icon="plus" onClick={() => add('')}>{t('cfg.category.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist">
            <div className="whofind"><Find value={words} label={t('cfg.category.find')} onChange={setWords} /></div>
            {every.length > 0 && !words && <p className="f12 t3">{t('cfg.category.move')}</p>}
            {nodes.length > 0 && <div role="tree" aria-label={t('admin.categories')} ref={box}>
              {nodes.map(({ category: c, depth, kids }, i) => (
                <div key={c.id} role="treeitem" aria-level={depth + 1} aria-selected={c.id === at} aria-expanded={kids ? !shut.has(c.id) : undefined} tabIndex={c.id === at || (!open && i === 0) ? 0 : -1} data-drop={c.id}
                  className={['unit', c.id === at && 'on', drag?.item.id === c.id && 'dragged', target(c.id) && (target(c.id) === 'into' ? 'drop' : `drop-${target(c.id)}`)].filter(Boolean).join(' ')} style={{ paddingLeft: depth * 16 }} onKeyDown={keys(i)} onClick={() => go(c.id)} onPointerDown={words ? undefined : take(c)}>
                  <span className="tw" aria-hidden="true" onClick={(e) => { if (kids) { e.stopPropagation(); toggle(c.id, !shut.has(c.id)) } }}>{kids && <Icon name={shut.has(c.id) ? 'right' : 'down'} size="s" />}</span>
                  <span className="ell">{named(c.name)}</span>{c.retired && <span className="t3 f12">{t(c.merged_into ? 'cfg.category.gone' : 'bizcal.retired')}</span>}
                </div>
              ))}
            </div>}
            {retired > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired })}</button>}
            {every.length === 0 && <EmptyState icon="tree" title={t('cfg.category.none')} help={t('cfg.category.none.help')} />}
            {words && nodes.length === 0 && <EmptyState icon="search" title={t('cfg.none.found')} help={t('cfg.none.found.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <CategoryForm key={`new${below}`} below={below} list={every} go={go} add={add} /> : open ? <CategoryForm key={open.id} category={open} below="" list={every} go={go} add={add} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
          </div>
        </div>
      </Wait>
      {drag && <div className="ghost" style={{ left: drag.x + 12, top: drag.y + 8 }}>{named(drag.item.name)}</div>}
    </Page>
  )
}

function CategoryForm({ category, below, list, go, add }: { category?: Category; below: string; list: Category[]; go: Go; add: (parent: string) => void }) {
  const start = useMemo(() => category ?? { ...fresh, ...(below ? { parent_id: below } : {}) }, [category, below])
  const { value, dirty, set, drop } = useTouched<Category>(start)
  const { error, field, run } = useProblem()
  const names = useNames()
  const tickets = useConcerned(category ? `category == ${JSON.stringify(category.id)}` : '')
  const kids = list.filter((c) => category && c.parent_id === category.id && !c.retired)
  const path = (c: Category) => names.category(c.id)
  const parents = list.filter((c) => !c.retired && !(category && within(list, c.id, category.id)))
  const submit = async () => {
    const { parent_id, ...rest } = value
    const next = { ...rest, ...(parent_id ? { parent_id } : {}) }
    if (!category) return void await run(async () => go((await save('categories', next)).id))
    if (await run(() => save('categories', next, category))) drop()
  }
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void submit() }}>
      <div className="row g8"><h2 className="h2 sp">{category ? path(category) : t('cfg.category.new')}</h2>{category?.retired && <span className="chip">{t('bizcal.retired')}</span>}{category && !category.retired && <Button icon="plus" onClick={() => add(category.id)}>{t('cfg.category.below')}</Button>}</div>
      {category && <p className="f13 t2 lead">{category.merged_into ? t('cfg.category.into', { name: names.category(category.merged_into) }) : t('cfg.category.has', { n: tickets || '…', kids: kids.length })}</p>}
      <Names value={value.name} error={field('name')} onChange={(name) => set({ name })} />
      <Field label={t('cfg.category.parent')} help={t('cfg.category.parent.help')} error={field('parent_id')}>{(p) => <Select {...p} label={t('cfg.category.parent')} value={value.parent_id ?? ''} text={value.parent_id ? names.category(value.parent_id) : t('who.units.top')} choices={[{ id: '', text: t('who.units.top') }, ...parents.map((c) => ({ id: c.id, text: path(c) }))]} onChange={(id) => set({ parent_id: id || undefined } as Partial<Category>)} />}</Field>
      <Field label={t('cfg.aliases')} help={t('cfg.aliases.help')} error={field('aliases')}>{(p) => <Words {...p} value={value.aliases ?? []} onChange={(aliases) => set({ aliases })} />}</Field>
      <Wrong error={error} />
      <Foot fresh={!category} dirty={dirty} drop={drop}>
        {category && !category.retired && <Merge category={category} kids={kids.length} tickets={tickets} targets={list.filter((c) => !c.retired && !within(list, c.id, category.id))} path={path} go={go} />}
        {category && <Retire retired={category.retired} words={t('cfg.category.retire.ask', { name: named(category.name), n: tickets || '…', kids: kids.length })} act={(retired) => void run(() => save('categories', { ...category, retired }, category))} />}
      </Foot>
    </form>
  )
}

/** Into which one: then what that means, and only then it is done. */
function Merge({ category, kids, tickets, targets, path, go }: { category: Category; kids: number; tickets: string; targets: Category[]; path: (c: Category) => string; go: Go }) {
  const [into, setInto] = useState<string>()
  const chosen = targets.find((c) => c.id === into)
  if (chosen) {
    return (
      <span className="row g8 wrap mergeask" role="group" aria-label={t('cfg.category.merge')}>
        <span className="f13">{t('cfg.category.merge.ask', { n: tickets || '…', from: named(category.name), into: path(chosen) })}</span>
        <Button look="q" onClick={() => setInto(undefined)}>{t('common.cancel')}</Button>
        <Button look="danger" onClick={() => void mergeCategory(category.id, chosen.id).then((ok) => { if (ok) go(chosen.id) })}>{t('cfg.category.merge.go')}</Button>
      </span>
    )
  }
  if (kids > 0) return <Ask words={t('cfg.category.merge.kids', { n: kids })} go={t('common.done')} act={() => undefined}><Button look="q lg" icon="merge">{t('cfg.category.merge')}</Button></Ask>
  return (
    <Pop placement="topLeft" content={(close) => <ChoiceList label={t('cfg.category.merge')} search hint={t('cfg.category.merge.into')} choices={targets.map((c) => ({ id: c.id, text: path(c) }))} onChoose={(id) => { close(); setInto(id) }} />}>
      <Button look="q lg" icon="merge">{t('cfg.category.merge')}</Button>
    </Pop>
  )
}

/** Words as chips, with a box to write the next one. */
function Words({ value, onChange, ...rest }: { value: string[]; onChange: (next: string[]) => void; id: string; 'aria-describedby'?: string }) {
  const [next, setNext] = useState('')
  const add = () => { const w = next.trim(); if (w && !value.includes(w)) onChange([...value, w]); setNext('') }
  return (
    <div className="inp words">
      {value.map((w) => <span key={w} className="chip">{w}<button type="button" aria-label={t('who.take', { name: w })} onClick={() => onChange(value.filter((x) => x !== w))}><Icon name="close" size="s" /></button></span>)}
      <input id={rest.id} aria-describedby={rest['aria-describedby']} maxLength={60} value={next} placeholder={value.length ? '' : t('cfg.aliases.hint')} onChange={(e) => setNext(e.target.value)} onBlur={add}
        onKeyDown={(e) => {
          if (e.nativeEvent.isComposing) return
          if (e.key === 'Enter' || e.key === ',' || e.key === '，') { if (next.trim()) e.preventDefault(); add() }
          else if (e.key === 'Backspace' && next === '' && value.length) onChange(value.slice(0, -1))
        }} />
    </div>
  )
}
