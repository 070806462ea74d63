import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId, type FormEvent } from 'react'
import type { NewView, View } from '~/api/types'
import { named, t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { columnName, offered, usual } from '~/scenes/inbox/columns'
import { FilterBar } from '~/scenes/inbox/FilterBar'
import { Segmented } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { rolesQuery, teamUnitsQuery } from '~/stores/people'
import { can, useMe, useNames } from '~/stores/session'
import { concernedQuery } from '~/stores/setup'
import { bodyOf, createShared, saveShared } from '~/stores/view'
import { Picks, useProblem, useTouched, Wrong, type Go } from '../people/parts'
import { Foot, Names, Ordered } from '../setup/parts'
import '~/scenes/inbox/inbox.css'

const fresh: NewView = { name: { zh: '', en: '' }, scope: 'shared', seen_by: [], filter: 'active', sort: '-updated', columns: [], folder: '' }
const sorts = ['-updated', 'updated', '-created', 'created', '-priority', 'priority', 'due', '-due'] as const
const scopes = ['shared', 'role', 'team'] as const

/** One list for others: what stands in it, how it looks, and who has it. */
export function ViewForm({ view, folders, go }: { view?: View; folders: string[]; go: Go }) {
  const { value, dirty, set, drop } = useTouched<NewView>(view ? bodyOf(view) : fresh)
  const { error, field, run } = useProblem()
  const names = useNames()
  const me = useMe()
  const shelf = useId()
  const people = can(me, 'staff.read')
  const roles = useQuery({ ...rolesQuery, enabled: people }).data ?? []
  const units = useQuery({ ...teamUnitsQuery, enabled: people }).data ?? []
  const tickets = useQuery({ ...concernedQuery(value.filter), enabled: true }).data
  const columns = value.columns ?? []
  const choices = value.scope === 'role' ? roles.map((x) => ({ id: x.id, text: shipped(x.name) })) : units.filter((x) => !x.retired || value.seen_by?.includes(x.id)).map((x) => ({ id: x.id, text: x.name }))
  const submit = async () => {
    if (!view) return void await run(async () => go((await createShared(value)).id))
    if (await run(() => saveShared(view, value))) drop()
  }
  const owner = view && names.staff(view.owner_id)
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void submit() }}>
      <div className="row g8"><h2 className="h2 sp ell">{view ? named(view.name) : t('shared.new')}</h2>{view?.retired && <span className="chip">{t('bizcal.retired')}</span>}
        {tickets && <span className="t3 f12 tn" title={t('shared.count.help')}>{t('shared.count', { n: `${tickets.count}${tickets.capped ? '+' : ''}` })}</span>}
        {view && !view.retired && <Link className="btn" to="/inbox/$view" params={{ view: view.id }} search={{}}>{t('shared.open')}</Link>}
      </div>
      {view && <p className="f12 t3 lead">{owner ? t('shared.by', { name: owner }) : ''}</p>}
      <Names value={value.name} error={field('name')} onChange={(name) => set({ name })} />
      <div className="field"><span className="lb">{t('shared.filter')}</span>
        <div className="vcond"><FilterBar condition={{ cel: value.filter, change: (filter) => set({ filter }) }} /></div>
        {field('filter') ? <div className="er" role="alert">{field('filter')}</div> : <div className="hp">{value.filter ? t('shared.filter.help') : t('shared.filter.all')}</div>}
      </div>
      <Field label={t('shared.seenBy')} help={t(`shared.seenBy.${value.scope as (typeof scopes)[number]}`)} error={field('seen_by') ?? field('scope')}>{() => <Segmented label={t('shared.seenBy')} value={value.scope} options={scopes.filter((s) => s === value.scope || s === 'shared' || people).map((s) => [s, t(`shared.scope.${s}`)] as const)} onChange={(scope) => set({ scope, seen_by: [] })} />}</Field>
      {value.scope !== 'shared' && <div className="field"><Picks label={t(`shared.scope.${value.scope as 'role' | 'team'}`)} value={value.seen_by ?? []} choices={choices} add={t(value.scope === 'role' ? 'shared.role.add' : 'shared.team.add')} onChange={(seen_by) => set({ seen_by })} /></div>}
      <div className="two">
        <Field label={t('views.folder')} help={t('views.folder.help')} error={field('folder')}>{(p) => <><input {...p} className="inp" maxLength={60} list={shelf} value={value.folder ?? ''} onChange={(e) => set({ folder: e.target.value })} /><datalist id={shelf}>{folders.map((f) => <option key={f} value={f} />)}</datalist></>}</Field>
        <Field label={t('sort.title')} help={t('shared.sort.help')} error={field('sort')}>{(p) => <Select {...p} label={t('sort.title')} value={value.sort} choices={sorts.map((s) => ({ id: s, text: t(`sort.${s}`) }))} onChange={(s) => set({ sort: s as NewView['sort'] })} />}</Field>
      </div>
      <section aria-label={t('shared.columns')}>
        <h3 className="h2">{t('shared.columns')}</h3>
        <p className="lead f13 t2">{t(columns.length ? 'shared.columns.help' : 'shared.columns.usual', { names: usual.map((c) => columnName(c.key, names)).join(t('common.and')) })}</p>
        <div className="vcols">
          <Ordered items={columns.map((c) => ({ ...c, id: c.key }))} name={(c) => columnName(c.key, names)} onOrder={(ids) => set({ columns: ids.map((id) => columns.find((c) => c.key === id)!) })}>
            {(c) => <><span className="sp f13 ell">{columnName(c.key, names)}</span><IconButton icon="close" small label={t('who.take', { name: columnName(c.key, names) })} onClick={() => set({ columns: columns.filter((x) => x.key !== c.key) })} /></>}
          </Ordered>
        </div>
        <div className="row g8 wrap">
          <span className="fsel"><Select label={t('shared.columns.add')} text={t('shared.columns.add')} choices={offered(names).filter((k) => !columns.some((c) => c.key === k)).map((k) => ({ id: k, text: columnName(k, names) }))} onChange={(key) => set({ columns: [...columns, { key }] })} /></span>
          {columns.length === 0 ? <Button look="q" onClick={() => set({ columns: usual })}>{t('shared.columns.start')}</Button> : <Button look="q" onClick={() => set({ columns: [] })}>{t('shared.columns.drop')}</Button>}
        </div>
        {field('columns') && <p className="red f12" role="alert">{field('columns')}</p>}
      </section>
      <Wrong error={error} />
      <Foot fresh={!view} dirty={dirty && (value.scope === 'shared' || (value.seen_by ?? []).length > 0)} drop={drop}>
        {view && <Button look="q lg" onClick={() => void run(() => saveShared(view, { ...bodyOf(view), retired: !view.retired }))}>{t(view.retired ? 'bizcal.unretire' : 'bizcal.retire')}</Button>}
      </Foot>
    </form>
  )
}
