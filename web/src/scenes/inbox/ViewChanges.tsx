import { useState, type FormEvent } from 'react'
import { useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { problemText } from '~/api/problem'
import type { Me, NewView, View } from '~/api/types'
import { t, type Key } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { Select } from '~/scenes/ticket/FieldInput'
import { rolesQuery } from '~/stores/people'
import { prefer, prefs, type Column } from '~/stores/prefs'
import { can, useMe } from '~/stores/session'
import { complain, say } from '~/stores/toast'
import { changeView, sameName, saveView } from '~/stores/view'

export interface Shown { filter: string; sort: NonNullable<NewView['sort']>; columns: Column[] }

export const mayShape = (me: Me | undefined, view: View | undefined): boolean =>
  !!me && !!view && view.scope !== 'shipped' && (view.owner_id === me.id || (me.permissions as Record<string, string>)['view.share'] === 'all')

/** Own columns end once they are the view's. */
export function dropColumns(id: string): void {
  const { [id]: _gone, ...columns } = prefs.get().columns
  prefer({ columns })
}

/** What differs from the view as it is kept: keep it there, keep it as another, or let it go. */
export function ViewChanges({ view, shown, discard }: { view?: View; shown: Shown; discard: () => void }) {
  const me = useMe()
  const keep = async () => {
    const before = view!
    try {
      const saved = await changeView(before, { ...shown })
      dropColumns(before.id)
      discard()
      say(t('views.changed'), { undo: () => changeView(saved, { filter: before.filter, sort: before.sort as NewView['sort'], columns: before.columns }) })
    } catch (error) {
      complain(error)
    }
  }
  return (
    <>
      {mayShape(me, view) && <button type="button" className="chip ol" onClick={() => void keep()}><Icon name="save" size="s" />{t('views.keep')}</button>}
      <Pop width={288} content={(close) => <SaveForm shown={shown} folder={view?.folder} close={close} />}>
        <button type="button" className="chip ol"><Icon name="save" size="s" />{t(view ? 'views.saveas' : 'views.save')}</button>
      </Pop>
      <button type="button" className="chip ol" onClick={() => { if (view) dropColumns(view.id); discard() }}><Icon name="undo" size="s" />{t('views.discard')}</button>
    </>
  )
}

function SaveForm({ shown, folder, close }: { shown: Shown; folder?: string; close: () => void }) {
  const me = useMe()
  const navigate = useNavigate()
  const sharing = can(me, 'view.share')
  const roles = useQuery({ ...rolesQuery, enabled: sharing && can(me, 'staff.read') }).data ?? []
  const [name, setName] = useState('')
  const [into, setInto] = useState(folder ?? '')
  const [scope, setScope] = useState<NewView['scope']>('own')
  const [team, setTeam] = useState(me?.teams[0]?.id)
  const [role, setRole] = useState<string>()
  const [error, setError] = useState<unknown>()
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    try {
      const saved = await saveView({ ...shown, name: sameName(name), scope, folder: into.trim(), ...(scope === 'team' && team ? { seen_by: [team] } : scope === 'role' && role ? { seen_by: [role] } : {}) })
      close()
      say(t('views.saved'))
      await navigate({ to: '/inbox/$view', params: { view: saved.id }, search: {} })
    } catch (problem) {
      setError(problem)
    }
  }
  const scopes: NewView['scope'][] = ['own', ...(me?.teams.length ? (['team'] as const) : []), ...(sharing && roles.length ? (['role'] as const) : []), ...(sharing ? (['shared'] as const) : [])]
  return (
    <form className="popform" onSubmit={(e) => void submit(e)}>
      <Field label={t('views.name')} error={error ? problemText(error) : undefined}>{(p) => <input {...p} className="inp" autoFocus required maxLength={80} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
      <div className="field">
        <div className="lb">{t('views.scope')}</div>
        <div className="segment" role="radiogroup" aria-label={t('views.scope')}>
          {scopes.map((s) => <button key={s} type="button" role="radio" aria-checked={s === scope} onClick={() => setScope(s)}>{t(`views.scope.${s}` as Key)}</button>)}
        </div>
      </div>
      {scope === 'team' && (me?.teams.length ?? 0) > 1 && <Field label={t('filter.team')}>{(p) => <Select {...p} label={t('filter.team')} choices={me!.teams.map((x) => ({ id: x.id, text: x.name }))} value={team} onChange={setTeam} />}</Field>}
      {scope === 'role' && <Field label={t('views.role')}>{(p) => <Select {...p} label={t('views.role')} choices={roles.map((x) => ({ id: x.id, text: shipped(x.name) }))} value={role} onChange={setRole} />}</Field>}
      <Field label={t('views.folder')} help={t('views.folder.help')}>{(p) => <input {...p} className="inp" maxLength={60} value={into} onChange={(e) => setInto(e.target.value)} />}</Field>
      <div className="row g8" style={{ marginTop: 16, justifyContent: 'flex-end' }}><Button look="q" onClick={close}>{t('common.cancel')}</Button><button className="btn p" type="submit" disabled={scope === 'role' && !role}>{t('common.save')}</button></div>
    </form>
  )
}
