import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Find, Page, Wait } from '~/scenes/intelligence/frame'
import { createSkill, everySkillQuery, remove, saveSkill, type Skill } from '~/stores/people'
import { can, useMe } from '~/stores/session'
import { Ask, Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from './parts'

const fresh: Skill = { id: '', version: 0, name: '' }

/** 技能: what some can do better than others, for assignment to ask for. */
export function Skills() {
  const [item, go, wide] = useItem('skills')
  const able = can(useMe(), 'staff.manage')
  const query = useQuery(everySkillQuery)
  const [words, setWords] = useState('')
  const list = query.data ?? []
  const shown = list.filter((x) => x.name.toLowerCase().includes(words.trim().toLowerCase()))
  const at = item ?? (wide ? shown[0]?.id : undefined)
  const open = list.find((x) => x.id === at)
  return (
    <Page title={t('admin.skills')} help={t('who.skills.page')} wide actions={able && <Button look="p" icon="plus" onClick={() => go('new')}>{t('who.skill.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves with-detail' : 'halves'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind"><Find value={words} label={t('common.search')} onChange={setWords} /></div>
            {shown.map((x) => <button key={x.id} type="button" data-entry className={x.id === at ? 'on' : undefined} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><span className="ell sp">{x.name}</span></button>)}
            {shown.length === 0 && <EmptyState icon="tag" title={t('who.skill.none')} help={t(words ? 'who.none.filter' : 'who.skill.none.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <SkillForm key="new" go={go} able={able} /> : open ? <SkillForm key={open.id} skill={open} go={go} able={able} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function SkillForm({ skill, able, go }: { skill?: Skill; able: boolean; go: Go }) {
  const { value, dirty, set, drop } = useTouched<Skill>(skill ?? fresh)
  const { error, field, run } = useProblem()
  const save = async () => {
    if (skill) { if (await run(() => saveSkill(skill, { name: value.name }))) drop(); return }
    await run(async () => go((await createSkill(value.name)).id))
  }
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }}>
      <h2 className="h2">{skill?.name ?? t('who.skill.new')}</h2>
      <fieldset className="bare" disabled={!able}><Field label={t('who.unit.name')} required help={t('who.skill.help')} error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={200} value={value.name} onChange={(e) => set({ name: e.target.value })} />}</Field></fieldset>
      <Wrong error={error} />
      {able && <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={!dirty}>{t('common.save')}</Button>{skill && dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}<span className="sp" />
        {skill && <Ask danger words={t('who.skill.delete.ask', { name: skill.name })} go={t('who.delete')} act={() => void remove('skills', skill.id).then((ok) => ok && go(undefined))}><Button look="q lg danger">{t('who.delete')}</Button></Ask>}
      </div>}
    </form>
  )
}
