import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Find, Page, Switch, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { createTeam, saveTeam, teamUnitsQuery, unitsQuery, type TeamUnit } from '~/stores/people'
import { can, useMe, useNames } from '~/stores/session'
import { Ask, Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from './parts'

const fresh: TeamUnit = { id: '', version: 0, name: '', department_id: null, retired: false, members: [] }

/** 班组: who works together, and who leads. */
export function Teams() {
  const [item, go, wide] = useItem('teams')
  const able = can(useMe(), 'staff.manage')
  const query = useQuery(teamUnitsQuery)
  const [words, setWords] = useState('')
  const [all, setAll] = useState(false)
  const list = query.data ?? []
  const found = list.filter((x) => x.name.toLowerCase().includes(words.trim().toLowerCase()))
  const retired = found.filter((x) => x.retired)
  const shown = found.filter((x) => all || !x.retired || x.id === item)
  const at = item ?? (wide ? shown[0]?.id : undefined)
  const open = list.find((x) => x.id === at)
  return (
    <Page title={t('admin.teams')} help={t('who.teams.page')} wide actions={able && <Button look="p" icon="plus" onClick={() => go('new')}>{t('who.team.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves with-detail' : 'halves'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind"><Find value={words} label={t('common.search')} onChange={setWords} /></div>
            {shown.map((x) => <button key={x.id} type="button" data-entry className={x.id === at ? 'on' : undefined} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><span className="ell sp">{x.name}</span><span className="t3 f12">{x.retired ? t('bizcal.retired') : t('who.people.n', { n: x.members.length })}</span></button>)}
            {retired.length > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired.length })}</button>}
            {found.length === 0 && <EmptyState icon="people" title={t('who.team.none')} help={t(words ? 'who.none.filter' : 'who.team.none.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <TeamForm key="new" go={go} able={able} /> : open ? <TeamForm key={open.id} team={open} go={go} able={able} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function TeamForm({ team, able, go }: { team?: TeamUnit; able: boolean; go: Go }) {
  const { value, touched, dirty, set, drop } = useTouched<TeamUnit>(team ?? fresh)
  const { error, field, run } = useProblem()
  const units = useQuery(unitsQuery).data ?? []
  const { config, staff } = useNames()
  const members = value.members
  const free = config.staff.filter((s) => s.active && !members.some((m) => m.user_id === s.id))
  const gone = (team?.members ?? []).filter((m) => !members.some((x) => x.user_id === m.user_id))
  const save = async () => {
    if (team) { if (await run(() => saveTeam(team, touched))) drop(); return }
    await run(async () => go((await createTeam({ name: value.name, members, ...(value.department_id ? { department_id: value.department_id } : {}) })).id))
  }
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }}>
      <div className="row g8"><h2 className="h2 sp">{team?.name ?? t('who.team.new')}</h2>{team?.retired && <span className="chip">{t('bizcal.retired')}</span>}</div>
      <fieldset className="bare" disabled={!able}>
        <div className="two">
          <Field label={t('who.unit.name')} required error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={200} value={value.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
          <Field label={t('who.department')} help={t('who.team.department.help')} error={field('department_id')}>{(p) => <Select {...p} label={t('who.department')} value={value.department_id ?? ''} choices={[{ id: '', text: t('common.none') }, ...units.filter((u) => !u.retired || u.id === value.department_id).map((u) => ({ id: u.id, text: u.name }))]} onChange={(id) => set({ department_id: id || null })} />}</Field>
        </div>
        <h2 className="h2">{t('who.members')}<span className="t3 f12">{t('who.people.n', { n: members.length })}</span></h2>
        <p className="f13 t2 lead">{t('who.members.help')}</p>
        {members.length > 0 && <div className="mrows">{members.map((m) => {
          const name = staff(m.user_id) || t('who.unknown')
          return (
            <div key={m.user_id} className="mrow">
              <Avatar name={name} size="s" /><span className="ell f13">{name}</span>
              <span className="f12 t2">{t('who.lead')}</span><Switch on={m.lead ?? false} label={t('who.lead.of', { name })} disabled={!able} onChange={(lead) => set({ members: members.map((x) => (x.user_id === m.user_id ? { user_id: x.user_id, ...(lead ? { lead } : {}) } : x)) })} />
              {able && <IconButton icon="close" small label={t('who.take', { name })} onClick={() => set({ members: members.filter((x) => x.user_id !== m.user_id) })} />}
            </div>
          )
        })}</div>}
        {free.length > 0 && <Select label={t('who.members.add')} text={t('who.members.add')} choices={free.map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))} onChange={(id) => set({ members: [...members, { user_id: id }] })} />}
        {gone.length > 0 && <p className="f12 amber" role="status">{t('who.members.gone', { n: gone.length })}</p>}
      </fieldset>
      <Wrong error={error} />
      {able && <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={!dirty}>{t('common.save')}</Button>{team && dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}<span className="sp" />
        {team && (team.retired ? <Button look="q lg" onClick={() => void run(() => saveTeam(team, { retired: false }))}>{t('bizcal.unretire')}</Button>
          : <Ask words={t('who.team.retire.ask', { name: team.name, n: team.members.length })} go={t('bizcal.retire')} act={() => void run(() => saveTeam(team, { retired: true }))}><Button look="q lg">{t('bizcal.retire')}</Button></Ask>)}
      </div>}
    </form>
  )
}
