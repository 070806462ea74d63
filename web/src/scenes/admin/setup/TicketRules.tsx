import { useQuery } from '@tanstack/react-query'
import { useRef, type FormEvent } from 'react'
import type { Config } from '~/api/types'
import { named, t } from '~/i18n'
import { Field } from '~/parts/Field'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { useNow } from '~/parts/Time'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { configQuery, useMe } from '~/stores/session'
import { saveRules, type Rules } from '~/stores/setup'
import { Picks, useProblem, useTouched, Wrong } from '../people/parts'
import { Foot } from './parts'
import { numberOf, numberParts } from './number'

/** 编号与时限: what holds for all tickets alike. */
export function TicketRules() {
  const query = useQuery(configQuery)
  return <Page title={t('admin.ticket-rules')} help={t('cfg.rules.help')}><Wait query={query}>{query.data && <RulesForm key={query.data.rules.version ?? 0} rules={query.data.rules} config={query.data} />}</Wait></Page>
}

type Demand = Rules['demands'][number]
const asking: Demand['status'][] = ['open', 'pending', 'on_hold', 'solved', 'closed', 'cancelled']
const own = ['category', 'assignee', 'team', 'requester', 'substatus'] as const
const ofResolution = ['resolution.cause', 'resolution.responsible', 'resolution.note'] as const
const windows = [
  ['undo_send_seconds', 0, 60], ['undo_hours', 1, 720], ['auto_close_hours', 0, 8760], ['reopen_days', 0, 365], ['repeat_days', 1, 90],
] as const

function RulesForm({ rules, config }: { rules: Rules; config: Config }) {
  const { value, dirty, set, drop } = useTouched<Rules>(rules)
  const { error, field, run } = useProblem()
  const pattern = useRef<HTMLInputElement>(null)
  const zone = useMe()?.tenant.time_zone ?? 'Asia/Shanghai'
  const now = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(useNow()).split('-').map(Number)
  const at = { year: now[0]!, month: now[1]!, day: now[2]! }
  const types = config.types.filter((x) => !x.retired).slice(0, 3)
  const examples = types.map((x, i) => numberOf(value.number_pattern, x.prefix, at, i + 1))
  const insert = (part: string) => {
    const box = pattern.current
    const from = box?.selectionStart ?? value.number_pattern.length
    set({ number_pattern: value.number_pattern.slice(0, from) + part + value.number_pattern.slice(box?.selectionEnd ?? from) })
    requestAnimationFrame(() => { box?.focus(); box?.setSelectionRange(from + part.length, from + part.length) })
  }
  const demands = (s: Demand['status']): string[] => value.demands.find((d) => d.status === s)?.fields ?? []
  const ask = (s: Demand['status'], fields: string[]) => set({ demands: [...value.demands.filter((d) => d.status !== s), ...(fields.length ? [{ status: s, fields }] : [])].sort((a, b) => asking.indexOf(a.status) - asking.indexOf(b.status)) })
  const choices = (s: Demand['status']) => [
    ...own.map((f) => ({ id: f as string, text: t(`cfg.demand.${f}`) })), ...(s === 'solved' ? ofResolution.map((f) => ({ id: f as string, text: t(`cfg.demand.${f}`) })) : []),
    ...config.fields.filter((f) => !f.retired).map((f) => ({ id: `fields.${f.key}`, text: named(f.name) })),
  ]
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void run(() => saveRules(value, rules)) }}>
      <section aria-label={t('cfg.numbering')}>
        <h2 className="h2">{t('cfg.numbering')}</h2>
        <Field label={t('cfg.pattern')} help={t('cfg.pattern.help')} error={field('number_pattern')}>{(p) => <input {...p} ref={pattern} className="inp mono" required maxLength={60} value={value.number_pattern} onChange={(e) => set({ number_pattern: e.target.value })} />}</Field>
        <div className="row g4 wrap examples" role="group" aria-label={t('cfg.pattern.parts')}>{numberParts.map((part) => <button key={part} type="button" className="chip ol mono" title={t('cfg.pattern.insert', { part })} onClick={() => insert(part)}>{part}</button>)}</div>
        <div className="numbers f13" role="status" aria-label={t('cfg.pattern.preview')}>
          {examples.every((x) => x === undefined) ? <span className="red">{t('cfg.pattern.bad')}</span> : types.map((x, i) => <span key={x.id}><span className="t3">{named(x.name)}</span>{' '}<b className="tn mono">{examples[i]}</b></span>)}
        </div>
        <p className="f12 t3">{t('cfg.pattern.effect')}</p>
      </section>
      <section aria-label={t('cfg.windows')}>
        <h2 className="h2">{t('cfg.windows')}</h2>
        <div className="sets">
          {windows.map(([name, min, max]) => (
            <div key={name} className="set">
              <label className="sp" htmlFor={`w-${name}`}><span className="f13">{t(`cfg.w.${name}`)}</span><small className="t3 f12 block">{t(value[name] === 0 && name === 'auto_close_hours' ? 'cfg.w.auto_close_hours.never' : value[name] === 0 && name === 'reopen_days' ? 'cfg.w.reopen_days.never' : value[name] === 0 && name === 'undo_send_seconds' ? 'cfg.w.undo_send_seconds.never' : `cfg.w.${name}.help`, { n: value[name] })}</small></label>
              <input id={`w-${name}`} className="inp num" type="number" required min={min} max={max} step={1} aria-invalid={field(name) ? true : undefined} value={Number.isNaN(value[name]) ? '' : value[name]} onChange={(e) => set({ [name]: e.target.valueAsNumber } as Partial<Rules>)} />
              <span className="f12 t3 wunit">{t(name.endsWith('seconds') ? 'cfg.unit.seconds' : name.endsWith('hours') ? 'cfg.unit.hours' : 'cfg.unit.days')}</span>
            </div>
          ))}
        </div>
      </section>
      <section aria-label={t('cfg.demands')}>
        <h2 className="h2">{t('cfg.demands')}</h2>
        <p className="lead f13 t2">{t('cfg.demands.help')}</p>
        <div className="sets">
          {asking.map((s) => <div key={s} className="set demand"><span className="f13 row g8 demandof"><StatusGlyph status={s} />{statusName(s)}</span><span className="sp"><Picks label={t('cfg.demand.of', { status: statusName(s) })} value={demands(s)} choices={choices(s)} add={t('cfg.demand.add')} onChange={(fields) => ask(s, fields)} /></span></div>)}
        </div>
      </section>
      <Wrong error={error} />
      <Foot fresh={false} dirty={dirty} drop={drop} />
    </form>
  )
}

