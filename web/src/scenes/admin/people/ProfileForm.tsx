import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { channelList, channelName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Lines } from '~/scenes/admin/routing/inputs'
import { Segmented, Switch, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { languageName } from '~/i18n/format'
import { everySkillQuery, profileQuery, saveProfile, type Profile } from '~/stores/people'
import { Picks, useProblem, useTouched, Wrong } from './parts'

const languages = ['zh', 'en', 'ja', 'ko', 'de', 'fr', 'es', 'ru']

/** 派单: what assignment knows of a person beside teams and skills. */
export function ProfileForm({ id, able }: { id: string; able: boolean }) {
  const query = useQuery(profileQuery(id))
  return <Wait query={query}>{query.data && <Form key={id} id={id} saved={query.data} able={able} />}</Wait>
}

function Form({ id, saved, able }: { id: string; saved: Profile; able: boolean }) {
  const { value, dirty, set, drop } = useTouched<Profile>(saved)
  const { error, field, run } = useProblem()
  const skills = useQuery(everySkillQuery).data ?? []
  const save = async () => { if (await run(() => saveProfile(id, saved, value))) drop() }
  const tongues = [...new Set([...languages, ...(value.languages ?? [])])]
  const channels = [...new Set([...channelList, ...(value.channels ?? []), ...Object.keys(value.limits ?? {})])]
  const limits = Object.entries(value.limits ?? {})
  const free = channels.find((c) => value.limits?.[c] === undefined)
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }}>
      <fieldset className="bare" disabled={!able}>
        <div className="sets"><div className="set"><div className="sp"><b className="f13">{t('who.takes')}</b><p className="f12 t2">{t(value.stopped ? 'who.takes.off' : 'who.takes.on')}</p></div><Switch on={!value.stopped} disabled={!able} label={t('who.takes')} onChange={(on) => set({ stopped: on ? undefined : true })} /></div></div>
        <Field label={t('who.languages')} help={t('who.languages.help')} error={field('languages')}>{() => <Picks label={t('who.languages')} value={value.languages ?? []} choices={tongues.map((l) => ({ id: l, text: languageName(l) }))} add={t('who.languages.add')} onChange={(l) => set({ languages: l.length ? l : undefined })} />}</Field>
        <Regions value={value.regions ?? []} error={field('regions')} onChange={(l) => set({ regions: l.length ? l : undefined })} />
        <Field label={t('who.channels')} help={t(value.channels?.length ? 'who.channels.help' : 'who.channels.all')} error={field('channels')}>{() => <Picks label={t('who.channels')} value={value.channels ?? []} choices={channels.map((c) => ({ id: c, text: channelName(c) }))} add={t('who.channels.add')} onChange={(l) => set({ channels: l.length ? l : undefined })} />}</Field>
        <div className="two">
          <Field label={t('who.capacity')} help={t('who.capacity.help')} error={field('capacity')}>{(p) => <input {...p} className="inp short" type="number" min={0} max={10000} step="any" placeholder={t('who.capacity.rules')} value={value.capacity ? value.capacity / 100 : ''} onChange={(e) => set({ capacity: Math.round(Number(e.target.value) * 100) || undefined })} />}</Field>
          <Field label={t('who.cost')} help={t('who.cost.help')} error={field('cost_minor')}>{(p) => <input {...p} className="inp short" type="number" min={0} max={1000000} step="any" value={value.cost_minor ? value.cost_minor / 100 : ''} onChange={(e) => set({ cost_minor: Math.round(Number(e.target.value) * 100) || undefined })} />}</Field>
        </div>
        <Field label={t('who.limits')} help={t('who.limits.help')} error={field('limits')}>{() => (
          <Lines items={limits} disabled={!able} add={t('who.limits.add')} remove={t('who.limits.remove')} onAdd={() => free && set({ limits: { ...value.limits, [free]: 5 } })} onRemove={(i) => { const rest = limits.filter((_, k) => k !== i); set({ limits: rest.length ? Object.fromEntries(rest) : undefined }) }}>
            {([c, n], i) => <><Select label={t('who.limits')} value={c} text={channelName(c)} choices={channels.filter((x) => x === c || value.limits?.[x] === undefined).map((x) => ({ id: x, text: channelName(x) }))} onChange={(x) => set({ limits: Object.fromEntries(limits.map((l, k) => (k === i ? [x, n] : l))) })} /><input className="inp short" type="number" min={0} max={1000} aria-label={t('who.limits.of', { channel: channelName(c) })} value={n} onChange={(e) => set({ limits: { ...value.limits, [c]: Number(e.target.value) } })} /></>}
          </Lines>
        )}</Field>
        <Field label={t('who.seniority')} help={t('who.seniority.help')}>{() => <Segmented label={t('who.seniority')} value={String(value.seniority ?? 0)} options={['0', '1', '2', '3', '4', '5'].map((n) => [n, n] as const)} onChange={(n) => set({ seniority: Number(n) || undefined })} />}</Field>
        <Field label={t('who.learning')} help={t('who.learning.help')} error={field('learning_skill_ids')}>{() => <Picks label={t('who.learning')} value={value.learning_skill_ids ?? []} choices={skills.map((s) => ({ id: s.id, text: s.name }))} add={t('who.skills.add')} onChange={(l) => set({ learning_skill_ids: l.length ? l : undefined })} />}</Field>
        {value.conflict_ids?.length ? <Field label={t('who.conflicts')} help={t('who.conflicts.help')}>{() => <p className="f13">{t('who.conflicts.n', { n: value.conflict_ids!.length })}{' '}<button type="button" className="link" onClick={() => set({ conflict_ids: undefined })}>{t('common.clear')}</button></p>}</Field> : null}
      </fieldset>
      <Wrong error={error} />
      {able && <div className="row g8 wrap pend"><Button look="p lg" type="submit" disabled={!dirty}>{t('common.save')}</Button>{dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}</div>}
    </form>
  )
}

/** Regions are written as people say them: Enter adds one. */
function Regions({ value, error, onChange }: { value: string[]; error?: string; onChange: (l: string[]) => void }) {
  const [word, setWord] = useState('')
  const add = () => { const w = word.trim(); if (w && !value.includes(w)) onChange([...value, w]); setWord('') }
  return (
    <Field label={t('who.regions')} help={t('who.regions.help')} error={error}>{(p) => (
      <div className="choices people">
        {value.map((r) => <span key={r} className="chip">{r}<button type="button" aria-label={t('who.take', { name: r })} onClick={() => onChange(value.filter((x) => x !== r))}><Icon name="close" size="s" /></button></span>)}
        <input {...p} className="inp short" maxLength={100} placeholder={t('who.regions.add')} value={word} onChange={(e) => setWord(e.target.value)} onBlur={add} onKeyDown={(e) => { if (e.key === 'Enter' && !e.nativeEvent.isComposing) { e.preventDefault(); add() } }} />
      </div>
    )}</Field>
  )
}
