import { useMemo, useState, type FormEvent } from 'react'
import { Problem, problemText } from '~/api/problem'
import type { SLAPolicy } from '~/api/types'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Segmented, Switch, useDraft } from '~/scenes/intelligence/frame'
import { bodyOfPolicy, savePolicy } from '~/stores/sla'
import { ConditionEditor } from '../ConditionEditor'
import { Chain } from './Chain'
import { Ends } from './Ends'
import { Pauses } from './Pauses'
import { Targets } from './Targets'
import { Units } from './Units'
import { Versions } from './Versions'
import { Warnings } from './Warnings'

const fresh: SLAPolicy = {
  id: '', version: 0, name: '', reopen: 'continue', warnings: [{ percent: 75 }],
  targets: [
    { metric: 'first_response', urgent: { minutes: 30, calendar: 'always' }, high: { minutes: 60, calendar: 'always' }, normal: { minutes: 120, calendar: 'always' }, low: { minutes: 480 } },
    { metric: 'resolution', urgent: { minutes: 1440, calendar: 'always' }, high: { minutes: 2160, calendar: 'always' }, normal: { minutes: 2880, calendar: 'always' }, low: { minutes: 2700 } },
  ],
  pauses: [{ statuses: ['pending', 'on_hold'], metrics: ['update', 'resolution'] }],
}

/** One policy: whom it fits, what it promises, when clocks rest and who is told. Each setting says what it does. */
export function PolicyForm({ policy, go }: { policy?: SLAPolicy; go: (to: string | undefined) => void }) {
  const saved = useMemo(() => (policy ? bodyOfPolicy(policy) : fresh), [policy])
  const [draft = saved, setDraft, dirty, drop] = useDraft<SLAPolicy>(saved)
  const [error, setError] = useState<unknown>()
  const [versions, setVersions] = useState(false)
  const set = (part: Partial<SLAPolicy>) => { setError(undefined); setDraft({ ...draft, ...part }) }
  const field = (name: string) => (error instanceof Problem ? error.errors.find((e) => e.field === name || e.field === `body.${name}`)?.message : undefined)
  const save = async (body: SLAPolicy) => {
    try {
      const after = await savePolicy(policy, body)
      drop()
      if (!policy) go(after.id)
    } catch (problem) {
      setError(problem)
    }
  }
  const minutes = (name: 'pause_limit_minutes' | 'pause_total_minutes') => (
    <Field label={t(`slap.${name}`)} help={t(`slap.${name}.help`)} error={field(name)}>{(p) => <input {...p} className="inp num" inputMode="numeric" value={draft[name] ? String(draft[name]) : ''} placeholder={t('slap.nolimit')} onChange={(e) => set({ [name]: Number(e.target.value.replace(/\D/g, '')) || undefined })} />}</Field>
  )
  const stop = draft.stop_on ?? {}
  return (
    <>
    <form className="pform policy" onSubmit={(e: FormEvent) => { e.preventDefault(); void save(draft) }}>
      <div className="row g8"><h2 className="h2 sp">{policy ? shipped(policy.name) : t('slap.new')}</h2>{policy && <Button look="q sm" icon="history" onClick={() => setVersions(true)}>{t('slap.version', { n: policy.version })}</Button>}{policy?.retired && <span className="chip">{t('bizcal.retired')}</span>}</div>
      {policy?.problem && <div className="alert amber boxed" role="alert"><Icon name="warn" /><span className="sp">{t('slap.problem.help')}{' '}<code className="f12">{policy.problem}</code></span></div>}
      <Field label={t('slap.name')} required error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={100} value={shipped(draft.name)} onChange={(e) => set({ name: e.target.value })} />}</Field>

      <h2 className="h2">{t('slap.when')}</h2>
      <p className="f13 t2 lead">{t('slap.when.help')}</p>
      <ConditionEditor value={draft.when ?? ''} onChange={(when) => set({ when: when || undefined })} error={field('when')} everything={t('slap.when.all')} />

      <h2 className="h2">{t('slap.targets')}</h2>
      <p className="f13 t2 lead">{t('slap.targets.help')}</p>
      <Targets targets={draft.targets} onChange={(targets) => set({ targets })} />
      <Ends targets={draft.targets} onChange={(targets) => set({ targets })} fault={field} />

      <h2 className="h2">{t('slap.units')}</h2>
      <p className="f13 t2 lead">{t('slap.units.help')}</p>
      <Units units={draft.units ?? []} onChange={(units) => set({ units: units.length ? units : undefined })} />

      <h2 className="h2">{t('slap.stop')}</h2>
      <p className="f13 t2 lead">{t('slap.stop.help')}</p>
      <div className="sets">
        <div className="set"><div className="sp"><b className="f13">{t('slap.stop.ai')}</b><p className="f12 t2">{t(stop.ai ? 'slap.stop.ai.on' : 'slap.stop.ai.off')}</p></div><Switch on={stop.ai ?? false} label={t('slap.stop.ai')} onChange={(ai) => set({ stop_on: { ...stop, ai } })} /></div>
        <div className="set"><div className="sp"><b className="f13">{t('slap.stop.solve')}</b><p className="f12 t2">{t(stop.solve ? 'slap.stop.solve.on' : 'slap.stop.solve.off')}</p></div><Switch on={stop.solve ?? false} label={t('slap.stop.solve')} onChange={(solve) => set({ stop_on: { ...stop, solve } })} /></div>
        <div className="set"><div className="sp"><b className="f13">{t('slap.reopen')}</b><p className="f12 t2">{t(draft.reopen === 'restart' ? 'slap.reopen.restart.help' : 'slap.reopen.continue.help')}</p></div><Segmented label={t('slap.reopen')} value={draft.reopen ?? 'continue'} options={[['continue', t('slap.reopen.continue')], ['restart', t('slap.reopen.restart')]] as const} onChange={(reopen) => set({ reopen })} /></div>
      </div>

      <h2 className="h2">{t('slap.pauses')}</h2>
      <p className="f13 t2 lead">{t('slap.pauses.help')}</p>
      <Pauses pauses={draft.pauses ?? []} onChange={(pauses) => set({ pauses })} />
      <div className="two">{minutes('pause_limit_minutes')}{minutes('pause_total_minutes')}</div>

      <h2 className="h2">{t('slap.warnings')}</h2>
      <p className="f13 t2 lead">{t('slap.warnings.help')}</p>
      <Warnings warnings={draft.warnings ?? []} onChange={(warnings) => set({ warnings })} />

      <Chain draft={draft} set={set} />

      {error !== undefined && <p className="red f13" role="alert">{problemText(error)}{error instanceof Problem && error.errors.length > 0 && <span className="f12">{` ${error.errors.map((e) => `${e.field}: ${e.message}`).join('; ')}`}</span>}</p>}
      <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={!dirty && !!policy}>{policy ? t('slap.save', { version: policy.version + 1 }) : t('common.save')}</Button>
        {dirty && <Button look="q lg" onClick={() => { setError(undefined); drop() }}>{t('bizcal.drop')}</Button>}
        <span className="sp" />
        {policy && <Button look="q lg" onClick={() => void save({ ...saved, retired: !policy.retired })}>{t(policy.retired ? 'bizcal.unretire' : 'bizcal.retire')}</Button>}
      </div>
      {policy && <p className="f12 t3">{t('slap.save.help')}</p>}
    </form>
    {versions && policy && <Versions policy={policy} close={() => setVersions(false)} restore={(old) => void save({ ...bodyOfPolicy(old), id: saved.id, version: saved.version, position: saved.position, retired: saved.retired })} />}
    </>
  )
}
