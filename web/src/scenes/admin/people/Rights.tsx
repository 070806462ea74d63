import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { locale, t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Find, Wait } from '~/scenes/intelligence/frame'
import { permissionsQuery, reaches, rolesQuery, teamUnitsQuery, unitsQuery, type Reach, type Role, type User } from '~/stores/people'

export interface Right { permission: string; reach: Reach; from: { role: Role; reach: Reach }[] }

/** What the roles of a person allow together: of each permission the widest reach, and which role gives which. */
export function rightsOf(user: Pick<User, 'role_ids'>, roles: Role[], permissions: string[]): Right[] {
  const held = roles.filter((r) => user.role_ids.includes(r.id))
  return permissions.map((permission) => {
    const from = held.flatMap((role) => { const reach = reaches.find((x) => x === role.grants[permission]) ?? 'none'; return reach === 'none' ? [] : [{ role, reach }] })
      .sort((a, b) => reaches.indexOf(b.reach) - reaches.indexOf(a.reach))
    return { permission, reach: from[0]?.reach ?? 'none', from }
  })
}

/** 权限来源: what somebody may do, how far, and why. */
export function Rights({ user }: { user: User }) {
  const roles = useQuery(rolesQuery)
  const catalogue = useQuery(permissionsQuery)
  const teams = useQuery(teamUnitsQuery).data ?? []
  const units = useQuery(unitsQuery).data ?? []
  const [words, setWords] = useState('')
  const list = catalogue.data ?? []
  const rights = rightsOf(user, roles.data ?? [], list.map((p) => p.name))
  const name = (p: (typeof list)[number]) => (locale() === 'en' ? p.en : p.zh)
  const own = teams.filter((x) => user.team_ids.includes(x.id)).map((x) => x.name)
  const unit = units.find((x) => x.id === user.department_id)?.name
  // what a reach means for this person
  const means = (reach: Reach): string =>
    reach === 'team' ? (own.length ? own.join(t('common.and')) : t('rights.noTeam')) : reach === 'department' ? (unit ? t('rights.unit', { name: unit }) : t('rights.noUnit')) : reach === 'own' ? t('rights.own') : ''
  const held = list.filter((p) => rights.find((r) => r.permission === p.name)!.reach !== 'none' && name(p).toLowerCase().includes(words.trim().toLowerCase()))
  return (
    <Wait query={roles.data ? catalogue : roles}>
      <section className="pform" aria-label={t('who.tab.rights')}>
        <p className="f13 t2">{user.active ? t('rights.help', { n: rights.filter((r) => r.reach !== 'none').length, of: list.length }) : t('rights.closed')}</p>
        <div className="row rightsfind"><Find value={words} label={t('rights.find')} onChange={setWords} /></div>
        <div className="scroll-x"><table className="tbl rights">
          <thead><tr><th scope="col">{t('who.right')}</th><th scope="col">{t('rights.reach')}</th><th scope="col">{t('rights.from')}</th></tr></thead>
          <tbody>{held.map((p) => {
            const r = rights.find((x) => x.permission === p.name)!
            return (
              <tr key={p.name}><th scope="row">{name(p)}</th>
                <td><span>{p.scoped ? t(`who.reach.${r.reach}`) : t('common.yes')}</span>{p.scoped && means(r.reach) && <small className="t3 f12 block">{means(r.reach)}</small>}</td>
                <td>{r.from.map(({ role, reach }) => <span key={role.id} className="chip">{shipped(role.name)}{p.scoped && reach !== r.reach && <span className="t3">{t(`who.reach.${reach}`)}</span>}</span>)}</td>
              </tr>
            )
          })}</tbody>
        </table></div>
        {held.length === 0 && <p className="f13 t3">{t(words ? 'who.none.filter' : 'rights.none')}</p>}
      </section>
    </Wait>
  )
}
