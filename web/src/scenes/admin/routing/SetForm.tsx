import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Field } from '~/parts/Field'
import { channelList, channelName } from '~/parts/Glyph'
import type { RuleProblem, RuleSet } from '~/stores/rules'

/** What holds for the whole set: its name, how much a channel weighs, and how much one agent may carry. */
export function SetForm({ set, problems, able, onChange }: { set: RuleSet; problems: RuleProblem[]; able: boolean; onChange: (part: Partial<RuleSet>) => void }) {
  const wrong = (f: string) => problems.find((p) => p.path === f)?.message
  const channels = [...new Set([...channelList, ...Object.keys(set.channels ?? {})])]
  const weight = (c: string, text: string) => {
    const next = { ...set.channels }
    if (text === '') delete next[c]
    else next[c] = Math.max(0, Math.round(Number(text) * 100))
    onChange({ channels: next })
  }
  return (
    <>
      <h2 className="h2">{t('rules.set')}</h2>
      <Field label={t('rules.name')} required error={wrong('name')}>{(p) => <input {...p} className="inp" maxLength={100} disabled={!able} value={shipped(set.name)} onChange={(e) => onChange({ name: e.target.value })} />}</Field>
      <Field label={t('rules.capacity')} help={t('rules.capacity.help')} error={wrong('capacity')}>{(p) => <input {...p} className="inp num" type="number" min={0} step={0.5} placeholder="10" disabled={!able} value={set.capacity === undefined ? '' : set.capacity / 100} onChange={(e) => onChange({ capacity: e.target.value === '' ? undefined : Math.round(Number(e.target.value) * 100) })} />}</Field>
      <h3 className="h2">{t('rules.channels')}</h3>
      <p className="f13 t2 lead">{t('rules.channels.help')}</p>
      {wrong('channels') && <p className="f12 red" role="alert">{wrong('channels')}</p>}
      <div className="chgrid">
        {channels.map((c) => <label key={c} className="row g8"><span className="f13 sp">{channelName(c)}</span><input className="inp num" type="number" min={0} step={0.1} placeholder={String((set.other_channel ?? 100) / 100)} disabled={!able} value={set.channels?.[c] === undefined ? '' : set.channels[c] / 100} onChange={(e) => weight(c, e.target.value)} /></label>)}
        <label className="row g8"><span className="f13 sp">{t('rules.channels.other')}</span><input className="inp num" type="number" min={0} step={0.1} placeholder="1" disabled={!able} value={set.other_channel === undefined ? '' : set.other_channel / 100} onChange={(e) => onChange({ other_channel: e.target.value === '' ? undefined : Math.round(Number(e.target.value) * 100) })} /></label>
      </div>
      <Field label={t('rules.tie')} help={t('rules.tie.help')} error={wrong('near_tie')}>{(p) => <input {...p} className="inp num" type="number" min={0} max={0.5} step={0.01} placeholder="0.01" disabled={!able} value={set.near_tie ?? ''} onChange={(e) => onChange({ near_tie: e.target.value === '' ? undefined : Number(e.target.value) })} />}</Field>
    </>
  )
}
