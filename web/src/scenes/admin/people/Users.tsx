import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Find, Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { rolesQuery, teamUnitsQuery, userQuery, usersQuery, type UserFilter } from '~/stores/people'
import { can, useMe } from '~/stores/session'
import { Back, useItem, walk } from './parts'
import { ProfileForm } from './ProfileForm'
import { Rights } from './Rights'
import { UserForm } from './UserForm'

type Tab = 'account' | 'profile' | 'rights'

/** 人员: who may sign in, as what, and what assignment knows of them. */
export function Users() {
  const [item, go, wide] = useItem('users')
  const me = useMe()
  const able = can(me, 'staff.manage')
  const [filter, setFilter] = useState<UserFilter>({ q: '', active: 'true', team: '', role: '' })
  const [tab, setTab] = useState<Tab>('account')
  const query = useInfiniteQuery(usersQuery(useDeferredValue(filter)))
  const roles = useQuery(rolesQuery).data ?? []
  const teams = useQuery(teamUnitsQuery).data ?? []
  const list = query.data?.pages.flatMap((p) => p.items) ?? []
  const id = item ?? (wide ? list[0]?.id : undefined)
  const set = (part: Partial<UserFilter>) => setFilter({ ...filter, ...part })
  const sub = (u: (typeof list)[number]) => [...u.role_ids.map((r) => shipped(roles.find((x) => x.id === r)?.name ?? '')), ...u.team_ids.map((x) => teams.find((k) => k.id === x)?.name)].filter(Boolean).join(' · ') || u.email
  const choice = (label: string, list: { id: string; name: string }[], value: string, put: (id: string) => void) => <Select label={label} value={value} text={value ? undefined : label} choices={[{ id: '', text: label }, ...list.map((x) => ({ id: x.id, text: x.name }))]} onChange={put} />
  return (
    <Page title={t('admin.users')} help={t('who.users.help')} wide actions={able && <Button look="p" icon="plus" onClick={() => { setTab('account'); go('new') }}>{t('who.users.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind">
              <Find value={filter.q} label={t('who.find')} onChange={(q) => set({ q: q.slice(0, 100) })} />
              <Segmented label={t('who.state')} value={filter.active} options={[['true', t('who.active')], ['false', t('who.closed')], ['', t('who.all')]] as const} onChange={(active) => set({ active })} />
              <div className="two">{choice(t('who.anyRole'), roles, filter.role, (role) => set({ role }))}{choice(t('who.anyTeam'), teams, filter.team, (team) => set({ team }))}</div>
            </div>
            {list.map((u) => (
              <button key={u.id} type="button" data-entry className={['person', u.id === id && 'on', !u.active && 'closed'].filter(Boolean).join(' ')} aria-current={u.id === id ? 'true' : undefined} onClick={() => go(u.id)}>
                <Avatar name={u.name} size="s" /><span className="pn"><span className="ell">{u.name}</span><small className="ell">{sub(u)}</small></span>{!u.active && <span className="chip">{t('who.closed')}</span>}
              </button>
            ))}
            {list.length === 0 && <EmptyState icon="people" title={t('who.none')} help={t(filter.q || filter.role || filter.team || filter.active ? 'who.none.filter' : 'who.none.help')} />}
            {query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {id === 'new' ? <UserForm key="new" go={go} able={able} /> : id ? <One key={id} id={id} tab={tab} setTab={setTab} able={able} /> : <EmptyState icon="person" title={t('who.choose')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function One({ id, tab, setTab, able }: { id: string; tab: Tab; setTab: (t: Tab) => void; able: boolean }) {
  const me = useMe()
  const query = useQuery(userQuery(id))
  const user = query.data
  const routing = can(me, 'routing.read')
  const now = tab === 'profile' && !routing ? 'account' : tab
  return (
    <Wait query={query}>
      {user && (
        <>
          <div className="pident"><Avatar name={user.name} size="l" /><div><h2 className="ell">{user.name}</h2><p className="f12 t3 ell">{user.email}</p></div>{!user.active && <span className="chip">{t('who.closed')}</span>}</div>
          <div className="ptabs"><Segmented<Tab> label={user.name} value={now} options={[['account', t('who.tab.account')], ...(routing ? [['profile', t('who.tab.profile')] as const] : []), ['rights', t('who.tab.rights')]]} onChange={setTab} /></div>
          {now === 'rights' ? <Rights user={user} /> : now === 'profile' ? <ProfileForm id={id} able={can(me, 'routing.manage')} /> : <UserForm user={user} able={able} />}
        </>
      )}
    </Wait>
  )
}
