import { useQuery } from '@tanstack/react-query'
import { useMemo, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { useDrag } from '~/parts/useDrag'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { createUnit, saveUnit, teamUnitsQuery, unitsQuery, type Unit } from '~/stores/people'
import { can, useMe, useNames } from '~/stores/session'
import { complain } from '~/stores/toast'
import { Ask, Back, useItem, useProblem, useTouched, Wrong, type Go } from './parts'
import { tree, within } from './unitTree'

const TOP = 'top'
const fresh: Unit = { id: '', version: 0, name: '', parent_id: null, retired: false }

/** 部门: the tree of the house. A department moves with all below it, by hand or by Alt and an arrow. */
export function Departments() {
  const [item, go, wide] = useItem('departments')
  const able = can(useMe(), 'staff.manage')
  const query = useQuery(unitsQuery)
  const [all, setAll] = useState(false)
  const [shut, setShut] = useState<ReadonlySet<string>>(new Set())
  const [below, setBelow] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const list = useMemo(() => query.data ?? [], [query.data])
  const retired = list.filter((u) => u.retired).length
  const nodes = tree(list.filter((u) => all || !u.retired || u.id === item), shut)
  const at = item ?? (wide ? nodes[0]?.unit.id : undefined)
  const open = list.find((u) => u.id === at)
  const move = (unit: Unit, parent: string) => {
    if (!able || (unit.parent_id ?? '') === parent || within(list, parent, unit.id)) return
    void saveUnit(unit, { parent_id: parent || null }).then(() => setShut(new Set([...shut].filter((x) => x !== parent))), complain)
  }
  const [drag, take] = useDrag<Unit>((unit, over) => move(unit, over === TOP ? '' : over))
  const toggle = (id: string, close: boolean) => setShut(new Set(close ? [...shut, id] : [...shut].filter((x) => x !== id)))
  const focus = (id: string | undefined) => id && box.current?.querySelector<HTMLElement>(`[data-drop="${id}"]`)?.focus()
  const keys = (i: number) => (e: KeyboardEvent) => {
    const { unit, kids } = nodes[i]!
    const parent = list.find((u) => u.id === unit.parent_id)
    if (e.key === 'Enter' || e.key === ' ') go(unit.id)
    else if (e.altKey && e.key === 'ArrowLeft') { if (parent) move(unit, parent.parent_id ?? '') }
    else if (e.altKey && e.key === 'ArrowRight') { const before = nodes.slice(0, i).findLast((n) => n.unit.parent_id === unit.parent_id); if (before) move(unit, before.unit.id) }
    else if (e.key === 'ArrowDown') focus(nodes[i + 1]?.unit.id)
    else if (e.key === 'ArrowUp') focus(nodes[i - 1]?.unit.id)
    else if (e.key === 'ArrowRight' && kids) { if (shut.has(unit.id)) toggle(unit.id, false); else focus(nodes[i + 1]?.unit.id) }
    else if (e.key === 'ArrowLeft') { if (kids && !shut.has(unit.id)) toggle(unit.id, true); else focus(parent?.id) }
    else return
    e.preventDefault()
  }
  const add = (parent: string) => { setBelow(parent); go('new') }
  const target = (id: string) => drag && drag.over === id && drag.item.id !== id && !(id !== TOP && within(list, id, drag.item.id))
  return (
    <Page title={t('admin.departments')} help={t('who.units.page')} wide actions={able && <Button look="p" icon="plus" onClick={() => add('')}>{t('who.unit.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist">
            {able && list.length > 0 && <p className="f12 t3">{t('who.units.move')}</p>}
            {nodes.length > 0 && <div role="tree" aria-label={t('admin.departments')} ref={box}>
              {nodes.map(({ unit, depth, kids }, i) => (
                <div key={unit.id} role="treeitem" aria-level={depth + 1} aria-selected={unit.id === at} aria-expanded={kids ? !shut.has(unit.id) : undefined} tabIndex={unit.id === at || (!open && i === 0) ? 0 : -1} data-drop={unit.id}
                  className={['unit', unit.id === at && 'on', drag?.item.id === unit.id && 'dragged', target(unit.id) && 'drop'].filter(Boolean).join(' ')} style={{ paddingLeft: depth * 16 }} onKeyDown={keys(i)} onClick={() => go(unit.id)} onPointerDown={able ? take(unit) : undefined}>
                  <span className="tw" aria-hidden="true" onClick={(e) => { if (kids) { e.stopPropagation(); toggle(unit.id, !shut.has(unit.id)) } }}>{kids && <Icon name={shut.has(unit.id) ? 'right' : 'down'} size="s" />}</span>
                  <span className="ell">{unit.name}</span>{unit.retired && <span className="t3 f12">{t('bizcal.retired')}</span>}
                </div>
              ))}
            </div>}
            {/* below the tree: what is under the pointer must not move when a drag begins */}
            {drag && <div className={target(TOP) ? 'roottop drop' : 'roottop'} data-drop={TOP}>{t('who.units.top')}</div>}
            {retired > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired })}</button>}
            {list.length === 0 && <EmptyState icon="tree" title={t('who.unit.none')} help={t('who.unit.none.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <UnitForm key={`new${below}`} below={below} list={list} go={go} able={able} add={add} /> : open ? <UnitForm key={open.id} unit={open} below="" list={list} go={go} able={able} add={add} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
          </div>
        </div>
      </Wait>
      {drag && <div className="ghost" style={{ left: drag.x + 12, top: drag.y + 8 }}>{drag.item.name}</div>}
    </Page>
  )
}

function UnitForm({ unit, below, list, able, go, add }: { unit?: Unit; below: string; list: Unit[]; able: boolean; go: Go; add: (parent: string) => void }) {
  const start = useMemo(() => unit ?? { ...fresh, parent_id: below || null }, [unit, below])
  const { value, touched, dirty, set, drop } = useTouched<Unit>(start)
  const { error, field, run } = useProblem()
  const teams = (useQuery(teamUnitsQuery).data ?? []).filter((x) => unit && !x.retired && x.department_id === unit.id)
  const { config } = useNames()
  const people = unit ? config.staff.filter((s) => s.active && s.department_id === unit.id).length : 0
  const save = async () => {
    if (unit) { if (await run(() => saveUnit(unit, touched))) drop(); return }
    await run(async () => go((await createUnit({ name: value.name, ...(value.parent_id ? { parent_id: value.parent_id } : {}) })).id))
  }
  const parents = tree(list.filter((u) => (!u.retired || u.id === value.parent_id) && !(unit && within(list, u.id, unit.id))))
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }}>
      <div className="row g8"><h2 className="h2 sp">{unit?.name ?? t('who.unit.new')}</h2>{unit?.retired && <span className="chip">{t('bizcal.retired')}</span>}{unit && able && <Button icon="plus" onClick={() => add(unit.id)}>{t('who.unit.below')}</Button>}</div>
      <fieldset className="bare" disabled={!able}>
        <Field label={t('who.unit.name')} required error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={200} value={value.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
        <Field label={t('who.unit.parent')} help={t('who.unit.parent.help')} error={field('parent_id')}>{(p) => <Select {...p} label={t('who.unit.parent')} value={value.parent_id ?? ''} text={list.find((u) => u.id === value.parent_id)?.name ?? t('who.units.top')} choices={[{ id: '', text: t('who.units.top') }, ...parents.map((n) => ({ id: n.unit.id, text: '\u3000'.repeat(n.depth) + n.unit.name }))]} onChange={(id) => set({ parent_id: id || null })} />}</Field>
      </fieldset>
      {unit && <p className="f13 t2">{t('who.unit.has', { people, teams: teams.length })}{teams.length > 0 && t('common.colon', { name: '', value: teams.map((x) => x.name).join(t('common.and')) })}</p>}
      <Wrong error={error} />
      {able && <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={!dirty}>{t('common.save')}</Button>{unit && dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}<span className="sp" />
        {unit && (unit.retired ? <Button look="q lg" onClick={() => void run(() => saveUnit(unit, { retired: false }))}>{t('bizcal.unretire')}</Button>
          : <Ask words={t('who.unit.retire.ask', { name: unit.name, people, teams: teams.length })} go={t('bizcal.retire')} act={() => void run(() => saveUnit(unit, { retired: true }))}><Button look="q lg">{t('bizcal.retire')}</Button></Ask>)}
      </div>}
    </form>
  )
}
