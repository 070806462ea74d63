import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { locale, t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { createRole, holdersQuery, permissionsQuery, reaches, remove, rolesQuery, saveRole, type Permission, type Reach, type Role } from '~/stores/people'
import { can, useMe, viewAs } from '~/stores/session'
import { Ask, Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from './parts'

const fresh: Role = { id: '', version: 0, name: '', grants: {} }

/** 角色: what may be done, and how far it reaches. */
export function Roles() {
  const [item, go, wide] = useItem('roles')
  const able = can(useMe(), 'role.manage')
  const query = useQuery(rolesQuery)
  const catalogue = useQuery(permissionsQuery)
  const [like, setLike] = useState<Role>()
  const list = query.data ?? []
  const at = item ?? (wide ? list[0]?.id : undefined)
  const open = list.find((r) => r.id === at)
  const make = (from?: Role) => { setLike(from); go('new') }
  return (
    <Page title={t('admin.roles')} help={t('who.roles.page')} wide actions={able && <Button look="p" icon="plus" onClick={() => make()}>{t('who.role.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves with-detail' : 'halves'}>
          <div className="picklist" onKeyDown={walk}>
            {list.map((r) => <button key={r.id} type="button" data-entry className={r.id === at ? 'on' : undefined} aria-current={r.id === at ? 'true' : undefined} onClick={() => go(r.id)}><span className="ell sp">{shipped(r.name)}</span>{r.key && <span className="t3 f12">{t('who.role.shipped')}</span>}</button>)}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            <Wait query={catalogue}>
              {at === 'new' ? <RoleForm key={`new${like?.id ?? ''}`} start={like ? { ...fresh, name: t('who.role.copy', { name: like.name }), grants: like.grants } : fresh} catalogue={catalogue.data ?? []} able={able} go={go} make={make} />
                : open ? <RoleForm key={open.id} role={open} start={open} catalogue={catalogue.data ?? []} able={able} go={go} make={make} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
            </Wait>
          </div>
        </div>
      </Wait>
    </Page>
  )
}

const reachOf = (grants: Record<string, string> | undefined, p: string): Reach => reaches.find((r) => r === grants?.[p]) ?? 'none'

function RoleForm({ role, start, catalogue, able, go, make }: { role?: Role; start: Role; catalogue: Permission[]; able: boolean; go: Go; make: (from?: Role) => void }) {
  const { value, dirty, set, drop } = useTouched<Role>(start)
  const { error, field, run } = useProblem()
  const me = useMe()
  const mine = me?.permissions as Record<string, string> | undefined
  const holders = useQuery({ ...holdersQuery(role?.id ?? ''), enabled: !!role }).data
  const count = holders ? `${holders.items.length}${holders.next_cursor ? '+' : ''}` : '…'
  const fixed = role?.key === 'administrator'
  // nobody changes a role that holds more than they do; the server says the same
  const above = catalogue.some((p) => reaches.indexOf(reachOf(start.grants, p.name)) > reaches.indexOf(reachOf(mine, p.name)))
  const locked = !able || fixed || above
  const grants = Object.fromEntries(Object.entries(value.grants).filter(([, r]) => r !== 'none'))
  const save = async () => {
    if (role) { if (await run(() => saveRole(role, { name: value.name, grants }))) drop(); return }
    await run(async () => go((await createRole({ name: value.name, grants })).id))
  }
  const put = (p: Permission, r: Reach) => { const { [p.name]: _, ...rest } = value.grants; set({ grants: r === 'none' ? rest : { ...value.grants, [p.name]: r } }) }
  const groups = [...new Set(catalogue.map((p) => p.group))]
  const name = (p: Permission) => (locale() === 'en' ? p.en : p.zh)
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }}>
      <div className="row g8"><h2 className="h2 sp">{role ? shipped(role.name) : t('who.role.new')}</h2>{role && <span className="t3 f12">{t('who.role.holders', { n: count })}</span>}{role && able && <Button icon="eye" onClick={() => void run(() => viewAs({ role_id: role.id }))}>{t('view.as.role')}</Button>}{role && able && <Button icon="copy" onClick={() => make(role)}>{t('who.role.duplicate')}</Button>}</div>
      {(fixed || (above && able)) && <p className="alert boxed" role="status"><Icon name="lock" /><span className="sp">{t(fixed ? 'who.role.fixed' : 'who.role.above')}</span></p>}
      <fieldset className="bare" disabled={locked}>
        <Field label={t('who.unit.name')} required error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={200} value={value.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
        <div className="cansee f13" role="status" aria-label={t('who.role.sees')}>
          <b>{t('who.role.sees')}</b>
          <span>{(['ticket.read', 'customer.read', 'report.read'] as const).map((p) => t(`who.sees.${p}`, { reach: t(`who.reach.${reachOf(value.grants, p)}`) })).join(t('common.comma'))}</span>
          <span className="t2">{t('who.role.rights', { n: Object.keys(grants).length, of: catalogue.length })}</span>
        </div>
        <div className="scroll-x"><table className="matrix">
          <thead><tr><th scope="col">{t('who.right')}</th>{reaches.map((r) => <th key={r} scope="col">{t(`who.reach.${r}`)}</th>)}</tr></thead>
          {groups.map((g) => (
            <tbody key={g}>
              <tr><th colSpan={6} scope="rowgroup">{g === 'ticket' ? t('who.group.ticket') : g === 'customer' ? t('who.group.customer') : g === 'work' ? t('who.group.work') : t('who.group.admin')}</th></tr>
              {catalogue.filter((p) => p.group === g).map((p) => {
                const now = reachOf(value.grants, p.name)
                return (
                  <tr key={p.name}><th scope="row">{name(p)}</th>
                    {reaches.map((r, i) => (
                      <td key={r}>{(p.scoped || r === 'none' || r === 'all') && <label title={reaches.indexOf(reachOf(mine, p.name)) < i ? t('error.role.higher') : undefined}><input type="radio" name={p.name} checked={now === r} disabled={reaches.indexOf(reachOf(mine, p.name)) < i} aria-label={`${name(p)} ${t(`who.reach.${r}`)}`} onChange={() => put(p, r)} /></label>}</td>
                    ))}
                  </tr>
                )
              })}
            </tbody>
          ))}
        </table></div>
      </fieldset>
      <Wrong error={error} />
      {!locked && <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={role ? !dirty : !value.name.trim()}>{t('common.save')}</Button>{role && dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}<span className="sp" />
        {role && !role.key && <Ask danger words={t('who.role.delete.ask', { name: role.name, n: count })} go={t('who.delete')} act={() => void remove('roles', role.id).then((ok) => ok && go(undefined))}><Button look="q lg danger">{t('who.delete')}</Button></Ask>}
      </div>}
      {role && !locked && <p className="f12 t3">{t('who.role.effect', { n: count })}</p>}
    </form>
  )
}
