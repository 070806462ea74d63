import { useState, type KeyboardEvent } from 'react'
import { useQuery } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { problemText } from '~/api/problem'
import type { Decision, Reading } from '~/api/types'
import { locale, messages, t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { PriorityBars } from '~/parts/Glyph'
import { Mood } from '~/parts/Mood'
import { Pop } from '~/parts/Pop'
import { EmptyState } from '~/parts/State'
import { TicketSearch } from '~/scenes/ticket/panels/TicketSearch'
import { entityName, entityValue, said } from '~/scenes/ticket/understand/Insight'
import { Sign } from '~/scenes/ticket/understand/Mark'
import { entityWhy } from '~/scenes/ticket/understand/reasons'
import { languageName } from '~/i18n/format'
import { decidedFields, fieldName, percent, reasonText, riskKinds, riskName, valueText } from '~/scenes/ticket/understand/values'
import { modelName } from '~/scenes/ticket/understand/Why'
import { entriesOf, timelineQuery } from '~/stores/message'
import { overviewQuery } from '~/stores/intelligence'
import { queries } from '~/stores/query'
import { useNames } from '~/stores/session'
import { complain } from '~/stores/toast'
import { number } from './frame'
import { pieces } from './pieces'

const samples = ['hotline', 'mail', 'chat', 'danger'] as const

/** Paste a text, see everything that is found in it and why, in milliseconds. */
export function PlaygroundPage() {
  const rules = useQuery(overviewQuery).data?.fields
  const [text, setText] = useState('')
  const [seen, setSeen] = useState<{ text: string; reading: Reading }>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [lit, setLit] = useState<number>()
  const [field, setField] = useState<string>('category')
  const read = async (words = text) => {
    if (!words.trim() || busy) return
    setBusy(true)
    setError(undefined)
    try {
      setSeen({ text: words, reading: await data(api.POST('/understanding/read', { body: { text: words } })) })
      setLit(undefined)
    } catch (problem) {
      setError(problem)
    }
    setBusy(false)
  }
  const take = async (id: string) => {
    try {
      const pages = await queries.fetchInfiniteQuery(timelineQuery(id))
      const first = entriesOf(pages).find((e) => e.message?.kind === 'customer')?.message
      if (first) { setText(first.text); void read(first.text) }
    } catch (problem) {
      complain(problem)
    }
  }
  const press = (e: KeyboardEvent) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void read() }
  }
  const r = seen?.reading
  const rows = r ? decidedFields.flatMap((f) => r.decisions.filter((d) => d.field === f)) : []
  const chosen = rows.find((d) => d.field === field) ?? rows[0]
  const set = rows.filter((d) => d.state === 'set').length
  return (
    <section className="page play" aria-label={t('studio.playground')} onKeyDown={press}>
      <div className="lf">
        <header className="phead"><h1>{t('studio.playground')}</h1><span className="sp" />
          <Pop placement="bottomRight" content={(close) => <ChoiceList label={t('play.samples')} choices={samples.map((s) => ({ id: s, text: t(`play.sample.${s}` as Key), sub: t(`play.text.${s}` as Key).slice(0, 24) }))} onChoose={(s) => { close(); const words = t(`play.text.${s}` as Key); setText(words); void read(words) }} />}><Button look="q" chevron>{t('play.samples')}</Button></Pop>
          <Pop placement="bottomRight" width={320} content={(close) => <div style={{ padding: 12 }}><TicketSearch ticket={{ id: '' } as never} onChange={(x) => { close(); void take(x.id) }} /></div>}><Button>{t('play.ticket')}</Button></Pop>
          <Button look="p" keys="Mod+Enter" disabled={!text.trim() || busy} onClick={() => void read()}>{t('play.read')}</Button>
        </header>
        <div className="playbody">
          <textarea className="inp playtext" rows={seen ? 4 : 10} value={text} maxLength={100_000} placeholder={t('play.hint')} aria-label={t('play.hint')} autoFocus onChange={(e) => setText(e.target.value)} />
          {error !== undefined && <p className="red f13" role="alert">{problemText(error)}</p>}
          {!r && error === undefined && <EmptyState icon="flask" title={t('play.none')} help={t('play.none.help')} />}
          {r && seen && (
            <>
              <div className="txt" aria-label={t('play.marked')}>{pieces(seen.text, r, chosen).map((p, i) => <span key={i} className={[p.entity !== undefined && 'e', p.entity === lit && lit !== undefined && 'sel', p.risk ? 'rk' : p.evidence ? 'ev' : ''].filter(Boolean).join(' ') || undefined} title={p.entity !== undefined ? entityName(r.entities[p.entity]!.type) : p.risk ? riskName(p.risk) : undefined}>{p.text}</span>)}</div>
              <div className="plegend f12 t2"><span className="row g6"><i className="le" />{t('play.legend.entities', { n: r.entities.length })}</span><span className="row g6"><i className="lev" />{t('play.legend.evidence', { field: chosen ? fieldName(chosen.field) : '' })}</span><span className="row g6"><i className="lrk" />{t('play.legend.risks', { n: r.risks.length })}</span><span className="sp" /><span className="t3">{t('play.size', { n: [...seen.text].length, language: languageName(r.language.tag), share: percent(r.language.confidence) })}</span></div>
              {r.entities.length > 0 && (
                <div className="scroll-x" tabIndex={0} role="region" aria-label={t('insight.entities')}><table className="tbl">
                  <thead><tr><th>{t('play.entity')}</th><th>{t('play.text')}</th><th>{t('play.value')}</th><th>{t('play.why')}</th><th className="r">{t('play.confidence')}</th></tr></thead>
                  <tbody>{r.entities.map((e, i) => <tr key={i} className={i === lit ? 'on' : undefined} onMouseEnter={() => setLit(i)} onMouseLeave={() => setLit(undefined)}><td className="t3">{entityName(e.type)}</td><td>{e.text}</td><td>{entityValue(e)}</td><td className="t3 reason">{entityWhy(e.why)}</td><td className="r">{percent(e.confidence)}</td></tr>)}</tbody>
                </table></div>
              )}
              <h2 className="h2">{t('insight.summary')}</h2>
              <p className="f13"><b>{r.title}</b></p>{said(r.title, r.summary).map((s, i) => <p key={i} className="f13 t2">{s}</p>)}
              {r.matters.length > 1 && <><h2 className="h2">{t('matters.found', { n: r.matters.length })}</h2>{r.matters.map((m, i) => <p key={i} className="f13"><b>{m.title}</b>{' '}<span className="t2">{m.text}</span></p>)}</>}
            </>
          )}
        </div>
      </div>
      {r && (
        <div className="rt">
          <header className="phead"><b>{t('play.result')}</b><span className="t3 f12 ell">{t('play.result.n', { n: rows.length, set })}</span><span className="sp" /><span className="f12 t3 nw not-phone">{t('play.tick')}</span></header>
          <div className="fds">
            {rows.map((d) => <FieldRow key={d.field} d={d} on={d === chosen} threshold={rules?.find((f) => f.field === d.field)?.threshold} onPick={() => setField(d.field)} />)}
            <div className="fd"><span className="t3">{t('play.urgency')}</span><span className="wide">{t('why.impact', { impact: t(`level.${r.urgency.impact}` as Key), urgency: t(`level.${r.urgency.urgency}` as Key) })}</span></div>
            {r.risks.length > 0 && <div className="fd"><span className="t3">{t('play.risks')}</span><span className="wide">{r.risks.map((x) => `${riskName(x.kind)} ${x.severity}`).join(t('common.and'))}</span></div>}
          </div>
          <Timings r={r} model={rows.find((d) => !d.model.startsWith('rules'))?.model} />
        </div>
      )}
    </section>
  )
}

function FieldRow({ d, on, threshold, onPick }: { d: Decision; on: boolean; threshold?: number; onPick: () => void }) {
  const names = useNames()
  const kinds = riskKinds(d)
  return (
    <div className={on ? 'fd on' : 'fd'}>
      <span className="t3">{fieldName(d.field)}</span>
      <button type="button" className="row g4 fdv" aria-pressed={on} onClick={onPick}>{d.field === 'priority' && <PriorityBars priority={d.value as 'low'} />}{d.field === 'sentiment' && <Mood step={Number(d.value)} />}<span className={kinds.length ? 'ell red' : 'ell'}>{kinds.length ? kinds.map(riskName).join(t('common.and')) : valueText(d.field, d.value, names)}</span><Sign state={d.state} /></button>
      <span className={d.state === 'suggested' ? 'bar aibar low' : 'bar aibar'}><i style={{ width: percent(d.confidence) }} />{threshold !== undefined && <u style={{ left: percent(threshold) }} />}</span>
      <b className="r">{percent(d.confidence)}</b>
      {on && (d.runners?.slice(0, 3) ?? []).map((x) => <div key={x.value} className="alt"><span className="ell">{valueText(d.field, x.value, names)}</span><span className="bar"><i style={{ width: percent(x.confidence) }} /></span><span className="r">{percent(x.confidence)}</span></div>)}
      {on && ((d.evidence?.length ?? 0) > 0 || reasonText(d)) && <div className="fdw">{reasonText(d) && <span className="f12 t2">{reasonText(d)}</span>}{d.evidence?.map((e, i) => <span key={i} className={e.weight > 0 ? 'chip ai-chip' : 'chip'}>{e.text}{' '}{number(e.weight * 100)}</span>)}</div>}
    </div>
  )
}

const colours = ['var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--text-3)', 'var(--c4)', 'var(--c5)']

/** A part that worked twice (by rules, then by a model) counts once, with both times. */
export function parts(timings: Reading['timings']): Reading['timings'] {
  const sum = new Map<string, number>()
  for (const x of timings) sum.set(x.part, (sum.get(x.part) ?? 0) + x.micros)
  return [...sum].map(([part, micros]) => ({ part, micros }))
}

function Timings({ r, model }: { r: Reading; model?: string }) {
  const timings = parts(r.timings)
  const ms = (micros: number) => new Intl.NumberFormat(locale(), { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(micros / 1000)
  return (
    <footer className="ms">
      <div className="row g8"><b className="f13 nw">{t('play.took', { ms: ms(r.took_micros) })}</b><span className="sp" /><span className="f12 t3 ell">{model ? modelName(model) : ''}</span></div>
      <div className="msb" aria-hidden="true">{timings.map((x, i) => <i key={x.part} style={{ flex: Math.max(1, x.micros), background: colours[i % colours.length] }} />)}</div>
      <dl>{timings.map((x, i) => { const key = `play.part.${x.part}`; return <div key={x.part} className="row g4 f12 t2"><dt className="row g4 sp"><i style={{ background: colours[i % colours.length] }} /><span className="ell">{key in messages() ? t(key as Key) : x.part}</span></dt><dd>{ms(x.micros)}</dd></div> })}</dl>
    </footer>
  )
}
