import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Field } from '~/parts/Field'
import { Select } from '~/scenes/ticket/FieldInput'
import { factorName, strategyName } from '~/scenes/ticket/routeWords'
import { Switch } from '~/scenes/intelligence/frame'
import { skillsQuery, type Overflow, type Relax, type Rule, type RuleProblem, type RuleSet } from '~/stores/rules'
import { useNames } from '~/stores/session'
import { Condition, Lines, PeoplePick, Seconds, TeamPick, Tri } from './inputs'
import { from, type At } from './tree'
import { Weights } from './Weights'

const strategies = ['balanced', 'round_robin', 'least_load', 'skill', 'vip', 'nearest', 'cost', 'sticky']
const modes = ['direct', 'offer', 'pull', 'hand'] as const
const responses = ['standard', 'abnormal', 'serious'] as const
const drops: Relax['drop'][] = ['level', 'skill', 'language', 'region', 'shift']

interface Props { set: RuleSet; at: At; rule: Rule; problems: RuleProblem[]; able: boolean; onChange: (part: Partial<Rule>) => void }

export function RuleForm({ set, at, rule, problems, able, onChange }: Props) {
  const { config, team, staff } = useNames()
  const skills = useQuery(skillsQuery).data?.items ?? []
  const [people, setPeople] = useState((rule.agent_ids?.length ?? 0) > 0)
  const here = problems.map((p) => ({ ...p, field: p.path.slice(p.path.lastIndexOf(']') + 2) }))
  const wrong = (f: string) => here.find((p) => p.field === f || p.field.startsWith(`${f}[`) || p.field.startsWith(`${f}.`))?.message
  /** What holds while this rule says nothing, and which rule says so. */
  const inherited = <K extends keyof Rule>(field: K, name: (v: NonNullable<Rule[K]>) => string, otherwise: string): string => {
    const found = from(set.rules, at, field)
    return found ? t('rules.from', { rule: shipped(found.rule.name), value: name(found.value) }) : t('rules.default', { value: otherwise })
  }
  const yes = (v: boolean) => t(v ? 'common.yes' : 'common.no')
  const skillName = (id: string) => skills.find((s) => s.id === id)?.name ?? id
  const responseNow = rule.response ?? from(set.rules, at, 'response')?.value ?? 'standard'
  const modeNow = rule.mode ?? from(set.rules, at, 'mode')?.value ?? 'direct'
  const disabled = !able
  return (
    <div className="rform">
      <div className="row g12">
        <input className="inp rname sp" data-rule-name="" aria-label={t('rules.name')} maxLength={100} disabled={disabled} aria-invalid={wrong('name') ? true : undefined} value={shipped(rule.name)} onChange={(e) => onChange({ name: e.target.value })} />
        <span className="f12 t2">{t(rule.off ? 'rules.off' : 'rules.on')}</span><Switch on={!rule.off} label={t('rules.use')} disabled={disabled} onChange={(on) => onChange({ off: on ? undefined : true })} />
      </div>
      {wrong('name') && <p className="f12 red" role="alert">{wrong('name')}</p>}
      <Condition label={t('rules.when')} value={rule.when} help={t('rules.when.help')} error={wrong('when')} disabled={disabled} onChange={(when) => onChange({ when })}
        examples={[[t('rules.ex.urgent'), 'priority == "urgent"'], [t('rules.ex.complaint'), 'type == "complaint"'], [t('rules.ex.vip'), 'tier == "vip"'], [t('rules.ex.english'), 'language == "en"'], [t('rules.ex.risk'), 'risk >= 3'], [t('rules.ex.chat'), 'channel == "chat"']]} />

      <h3 className="h2">{t('rules.who')}</h3>
      <div className="two">
        <Field label={t('side.team')} help={rule.team_id ? undefined : inherited('team_id', (v) => team(v), t('rules.team.any'))} error={wrong('team_id')}>{(p) => <Select {...p} label={t('side.team')} value={rule.team_id ?? ''} text={rule.team_id ? team(rule.team_id) : t('rules.inherit')} choices={[{ id: '', text: t('rules.inherit') }, ...config.teams.map((x) => ({ id: x.id, text: x.name }))]} onChange={(id) => able && onChange({ team_id: id || undefined })} />}</Field>
        <Field label={t('rules.department')} help={rule.department_id ? t('rules.department.help') : inherited('department_id', (v) => config.departments.find((d) => d.id === v)?.name ?? v, t('rules.any'))} error={wrong('department_id')}>{(p) => <Select {...p} label={t('rules.department')} value={rule.department_id ?? ''} text={rule.department_id ? config.departments.find((d) => d.id === rule.department_id)?.name : t('rules.inherit')} choices={[{ id: '', text: t('rules.inherit') }, ...config.departments.map((x) => ({ id: x.id, text: x.name }))]} onChange={(id) => able && onChange({ department_id: id || undefined })} />}</Field>
      </div>
      {people || rule.agent_ids?.length ? <Field label={t('rules.agents')} error={wrong('agent_ids')}>{() => <PeoplePick label={t('rules.agents')} value={rule.agent_ids ?? []} disabled={disabled} onChange={(agent_ids) => onChange({ agent_ids })} />}</Field>
        : able && <button type="button" className="link f12 addline" onClick={() => setPeople(true)}>{t('rules.agents.add')}</button>}
      <Field label={t('rules.needs')} help={rule.needs?.length ? undefined : inherited('needs', (v) => v.map((n) => `${skillName(n.skill_id)} ${n.level}`).join(t('common.and')), t('rules.needs.none'))} error={wrong('needs')}>{() => (
        <Lines items={rule.needs ?? []} disabled={disabled} add={t('rules.needs.add')} remove={t('rules.line.remove')} onRemove={(i) => onChange({ needs: rule.needs!.filter((_, k) => k !== i) })} onAdd={() => skills[0] && onChange({ needs: [...(rule.needs ?? []), { skill_id: skills.find((s) => !rule.needs?.some((n) => n.skill_id === s.id))?.id ?? skills[0].id, level: 1 }] })}>
          {(n, i) => {
            const set1 = (part: Partial<typeof n>) => onChange({ needs: rule.needs!.map((x, k) => (k === i ? { ...x, ...part } : x)) })
            return <><Select label={t('rules.skill')} value={n.skill_id} text={skillName(n.skill_id)} choices={skills.map((s) => ({ id: s.id, text: s.name }))} onChange={(skill_id) => set1({ skill_id })} /><div className="segment" role="radiogroup" aria-label={t('rules.level')}>{[1, 2, 3, 4, 5].map((l) => <button key={l} type="button" role="radio" aria-checked={l === n.level} disabled={disabled} onClick={() => set1({ level: l })}>{l}</button>)}</div></>
          }}
        </Lines>
      )}</Field>
      <div className="tris">
        <Tri label={t('rules.language')} value={rule.language} inherited={inherited('language', yes, t('common.no'))} disabled={disabled} onChange={(language) => onChange({ language })} />
        <Tri label={t('rules.region')} value={rule.region} inherited={inherited('region', yes, t('common.no'))} disabled={disabled} onChange={(region) => onChange({ region })} />
        <Tri label={t('rules.online')} value={rule.online} inherited={inherited('online', yes, t('common.yes'))} disabled={disabled} onChange={(online) => onChange({ online })} />
        <Tri label={t('rules.shift')} value={rule.shift} inherited={inherited('shift', yes, t('common.no'))} disabled={disabled} onChange={(shift) => onChange({ shift })} />
      </div>

      <h3 className="h2">{t('rules.how')}</h3>
      <Field label={t('rules.strategy')} help={rule.strategy ? t(`strategy.help.${rule.strategy as 'balanced'}`) : inherited('strategy', strategyName, strategyName('balanced'))} error={wrong('strategy')}>{(p) => <Select {...p} label={t('rules.strategy')} value={rule.strategy ?? ''} text={rule.strategy ? strategyName(rule.strategy) : t('rules.inherit')} choices={[{ id: '', text: t('rules.inherit') }, ...strategies.map((s) => ({ id: s, text: strategyName(s), sub: t(`strategy.help.${s as 'balanced'}`) }))]} onChange={(id) => able && onChange({ strategy: id || undefined })} />}</Field>
      <Weights weights={rule.weights} strategy={rule.strategy ?? from(set.rules, at, 'strategy')?.value ?? 'balanced'} inherited={inherited('weights', (w) => Object.keys(w).map(factorName).slice(0, 4).join(t('common.and')), t('rules.weights.strategy'))} error={wrong('weights')} disabled={disabled} onChange={(weights) => onChange({ weights })} />
      <Condition label={t('rules.prefer')} value={rule.prefer} help={t('rules.prefer.help')} error={wrong('prefer')} disabled={disabled} onChange={(prefer) => onChange({ prefer })} />

      <h3 className="h2">{t('rules.hand')}</h3>
      <Field label={t('rules.mode')} help={rule.mode ? t(`mode.help.${modeNow as 'direct'}`) : inherited('mode', (v) => t(`mode.${v as 'direct'}`), t('mode.direct'))} error={wrong('mode')}>{() => (
        <div className="segment" role="radiogroup" aria-label={t('rules.mode')}>{(['', ...modes] as const).map((m) => <button key={m} type="button" role="radio" aria-checked={m === (rule.mode ?? '')} disabled={disabled} onClick={() => onChange({ mode: m || undefined })}>{m ? t(`mode.${m}`) : t('rules.inherit')}</button>)}</div>
      )}</Field>
      {modeNow === 'offer' && <Field label={t('rules.offer')} help={rule.offer_seconds === undefined ? inherited('offer_seconds', (v) => t('rules.seconds', { n: v }), t('rules.seconds', { n: 60 })) : t('rules.offer.help')} error={wrong('offer_seconds')}>{() => <Seconds label={t('rules.offer')} value={rule.offer_seconds} min={5} disabled={disabled} onChange={(offer_seconds) => onChange({ offer_seconds })} />}</Field>}
      <Field label={t('rules.relax')} help={rule.relax?.length ? t('rules.relax.help') : inherited('relax', (v) => t('rules.steps', { n: v.length }), t('rules.never'))} error={wrong('relax')}>{() => (
        <Lines<Relax> items={rule.relax ?? []} disabled={disabled} add={t('rules.relax.add')} remove={t('rules.line.remove')} onRemove={(i) => onChange({ relax: rule.relax!.filter((_, k) => k !== i) })} onAdd={() => onChange({ relax: [...(rule.relax ?? []), { after_seconds: (rule.relax?.at(-1)?.after_seconds ?? 60) + 60, drop: 'level' }] })}>
          {(r, i) => {
            const set1 = (part: Partial<Relax>) => onChange({ relax: rule.relax!.map((x, k) => (k === i ? { ...x, ...part } : x)) })
            return <><span className="f13 nw">{t('rules.after')}</span><Seconds label={t('rules.after')} value={r.after_seconds} disabled={disabled} onChange={(v) => set1({ after_seconds: v ?? 60 })} /><span className="f13 nw">{t('rules.drop')}</span><Select label={t('rules.drop')} value={r.drop} choices={drops.map((d) => ({ id: d, text: t(`relax.${d}`) }))} onChange={(d) => set1({ drop: d as Relax['drop'] })} /></>
          }}
        </Lines>
      )}</Field>
      <Field label={t('rules.overflow')} help={rule.overflow?.length ? t('rules.overflow.help') : inherited('overflow', (v) => v.map((o) => team(o.team_id)).join(t('common.and')), t('rules.never'))} error={wrong('overflow')}>{() => (
        <Lines<Overflow> items={rule.overflow ?? []} disabled={disabled} add={t('rules.overflow.add')} remove={t('rules.line.remove')} onRemove={(i) => onChange({ overflow: rule.overflow!.filter((_, k) => k !== i) })} onAdd={() => config.teams[0] && onChange({ overflow: [...(rule.overflow ?? []), { after_seconds: (rule.overflow?.at(-1)?.after_seconds ?? 0) + 300, team_id: config.teams.find((x) => x.id !== rule.team_id && !rule.overflow?.some((o) => o.team_id === x.id))?.id ?? config.teams[0].id }] })}>
          {(o, i) => {
            const set1 = (part: Partial<Overflow>) => onChange({ overflow: rule.overflow!.map((x, k) => (k === i ? { ...x, ...part } : x)) })
            return <><span className="f13 nw">{t('rules.after')}</span><Seconds label={t('rules.after')} value={o.after_seconds} disabled={disabled} onChange={(v) => set1({ after_seconds: v ?? 300 })} /><span className="f13 nw">{t('rules.to')}</span><Select label={t('side.team')} value={o.team_id} text={team(o.team_id)} choices={config.teams.map((x) => ({ id: x.id, text: x.name }))} onChange={(team_id) => set1({ team_id })} /></>
          }}
        </Lines>
      )}</Field>

      <h3 className="h2">{t('rules.assist')}</h3>
      <Field label={t('rules.assist.teams')} help={rule.assist_team_ids?.length ? t('rules.assist.help') : inherited('assist_team_ids', (v) => v.map(team).join(t('common.and')), t('rules.assist.none'))} error={wrong('assist_team_ids')}>{() => <TeamPick label={t('rules.assist.teams')} value={rule.assist_team_ids ?? []} not={rule.team_id} most={10} disabled={disabled} onChange={(list) => onChange({ assist_team_ids: list.length ? list : undefined })} />}</Field>
      {(rule.assist_team_ids ?? from(set.rules, at, 'assist_team_ids')?.value)?.length ? <div className="tris"><Tri label={t('rules.assist.now')} value={rule.assist_at_once} inherited={inherited('assist_at_once', yes, t('common.no'))} disabled={disabled} onChange={(assist_at_once) => onChange({ assist_at_once })} /></div> : null}

      <h3 className="h2">{t('rules.response')}</h3>
      <Field label={t('rules.tier')} help={rule.response ? t(`response.help.${responseNow as 'standard'}`) : inherited('response', (v) => t(`response.${v}`), t('response.standard'))} error={wrong('response')}>{() => (
        <div className="segment" role="radiogroup" aria-label={t('rules.tier')}>{(['', ...responses] as const).map((r) => <button key={r} type="button" role="radio" aria-checked={r === (rule.response ?? '')} disabled={disabled} onClick={() => onChange({ response: r || undefined })}>{r ? t(`response.${r}`) : t('rules.inherit')}</button>)}</div>
      )}</Field>
      {responseNow !== 'standard' && (
        <>
          <Field label={t(responseNow === 'serious' ? 'rules.within.serious' : 'rules.within')} help={rule.within_minutes === undefined ? inherited('within_minutes', (v) => t('rules.minutes', { n: v }), t('rules.minutes', { n: responseNow === 'serious' ? 5 : 30 })) : undefined} error={wrong('within_minutes')}>{(p) => <input {...p} className="inp num" type="number" min={1} max={10080} disabled={disabled} value={rule.within_minutes ?? ''} onChange={(e) => onChange({ within_minutes: e.target.value === '' ? undefined : Number(e.target.value) })} />}</Field>
          <Field label={t('rules.supervisors')} help={rule.supervisor_ids?.length ? t('rules.supervisors.help') : inherited('supervisor_ids', (v) => v.map(staff).join(t('common.and')), t('rules.supervisors.leads'))} error={wrong('supervisor_ids')}>{() => <PeoplePick label={t('rules.supervisors')} value={rule.supervisor_ids ?? []} most={20} disabled={disabled} onChange={(supervisor_ids) => onChange({ supervisor_ids })} />}</Field>
        </>
      )}
      {here.filter((p) => p.field === '').map((p) => <p key={p.code} className="f12 red" role="alert">{p.message}</p>)}
    </div>
  )
}
