import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { clock } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { Pop } from '~/parts/Pop'
import { FailedState, Skeleton } from '~/parts/State'
import { useNow } from '~/parts/Time'
import { recall, routingQuery, type Candidate, type RouteDecision } from '~/stores/routing'
import { span, useSecond } from '~/stores/second'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { show, ui } from '~/stores/ui'
import { factorName, reasonName, relaxName, strategyName, word } from './routeWords'
import './whyagent.css'

/** The link beside the assignee: why this agent, or why still nobody. */
export function WhyAgentLink({ ticket }: { ticket: Ticket }) {
  const open = useStore(ui, (u) => u.whyAgent === true)
  return (
    <Pop open={open} onOpen={(o) => show({ whyAgent: o || undefined })} placement="leftTop" content={(close) => <WhyAgent ticket={ticket} close={close} />}>
      <button type="button" className="whylink f12 t3 nw" aria-haspopup="dialog" aria-expanded={open} title={t('action.whyAgent')}>{t('route.why')}</button>
    </Pop>
  )
}

/** Rule, who was left out and why, the best with what spoke for them; for a ticket that waits: its place and what comes next. */
export function WhyAgent({ ticket, close }: { ticket: Pick<Ticket, 'id' | 'number' | 'assignee' | 'actions'>; close: () => void }) {
  const query = useQuery(routingQuery(ticket.id))
  const names = useNames()
  const now = useNow()
  if (query.error && !query.data) return <div className="whyagent" role="dialog" aria-label={t('action.whyAgent')}><FailedState error={query.error} retry={() => void query.refetch()} /></div>
  if (!query.data) return <div className="whyagent" role="dialog" aria-label={t('action.whyAgent')} aria-busy="true"><Skeleton width="60%" /><Skeleton /><Skeleton width="80%" /></div>
  const { items, queue, position, response } = query.data
  const offered = queue?.state === 'offered' ? queue.agent_id : undefined
  const newest = items.toSorted((a, b) => b.at.localeCompare(a.at))
  const d = newest.find((x) => !x.shadow)
  const shadow = newest.find((x) => x.shadow)
  const offer = d?.outcome === 'kept' && d.mode === 'offer' ? newest.find((x) => x.outcome === 'offered' && x.agent_id === d.agent_id) : undefined
  const name = (id: string | undefined) => (id ? names.staff(id) || t('route.gone') : '')
  const title = ticket.assignee ? t('route.why.assigned', { name: ticket.assignee.name }) : offered ? t('route.why.offered', { name: name(offered) }) : t('route.why.waiting')
  return (
    <div className="whyagent" role="dialog" aria-label={t('action.whyAgent')}>
      <div className="row g8"><b className="sp ell">{title}</b>{d && <span className="f12 t3 nw">{t('route.version', { n: d.version })}</span>}</div>
      {queue?.state === 'queued' && <Queue since={queue.waiting_since} next={queue.next_step_at} position={position} />}
      {offered && queue?.expires_at && <OfferLeft name={name(offered)} at={queue.expires_at} />}
      {response && !response.ended_at && <p className={response.response === 'serious' ? 'f12 red' : 'f12 amber'}>{[word('response', response.response), response.told.length ? t('queue.told', { names: response.told.map((x) => name(x.user_id)).join(t('common.and')) }) : '', response.acknowledged_by ? t('queue.acknowledged', { name: name(response.acknowledged_by) }) : ''].filter(Boolean).join(' · ')}</p>}
      {!d ? <p className="t2">{t(ticket.assignee ? 'route.byHand' : 'route.none')}</p> : (
        <>
          {d.outcome === 'kept' ? <p className="t2">{!d.by || d.by !== d.agent_id ? t('route.hand', { by: name(d.by) || t('route.gone'), name: name(d.agent_id) }) : t(d.mode === 'offer' ? 'route.accepted' : 'route.claimed', { name: name(d.agent_id) })}</p>
            : <Decided decision={d} chosen={ticket.assignee?.id} />}
          {offer && <Decided decision={offer} chosen={offer.agent_id} />}
          {shadow && <p className="f12 t2">{t(shadow.agent_id === d.agent_id ? 'route.shadow.same' : 'route.shadow.other', { name: name(shadow.agent_id) || t('common.nobody') })}</p>}
          <p className="f12 t3 row g4 wrap"><time dateTime={d.at}>{clock(d.at, now)}</time>{d.hash && <span className="mono" title={t('route.hash.help')}>{d.hash.slice(0, 12)}</span>}</p>
        </>
      )}
      {newest.filter((x) => !x.shadow).length > 1 && (
        <details className="more f12"><summary>{t('route.before', { n: newest.filter((x) => !x.shadow).length - 1 })}</summary>
          <ol className="t2">{newest.filter((x) => !x.shadow).slice(1, 20).map((x) => <li key={x.at} className="row g8"><time dateTime={x.at}>{clock(x.at, now)}</time><span className="sp ell">{x.outcome === 'kept' ? t('route.byPerson') : word('outcome', x.outcome)}{x.agent_id && ` · ${name(x.agent_id)}`}</span></li>)}</ol></details>
      )}
      {(ticket.actions ?? []).includes('assign') && <div className="row g8 acts"><Button look="sm" onClick={() => { close(); void recall(ticket.id) }}>{t('route.recall')}</Button></div>}
    </div>
  )
}

/** A decision as it was made or would be: the rule, who was left out, who was best and why. */
export function Decided({ decision: d, chosen }: { decision: RouteDecision; chosen?: string }) {
  const names = useNames()
  const name = (id: string | undefined) => (id ? names.staff(id) || t('route.gone') : '')
  return (
    <>
      <p className="f12 t2">{[d.path.length ? d.path.map(shipped).join(' › ') : '', strategyName(d.strategy), word('mode', d.mode)].filter(Boolean).join(' · ')}</p>
      <Excluded decision={d} />
      {d.candidates.length > 0 && <Candidates decision={d} chosen={d.agent_id ?? chosen} name={name} />}
      {d.eligible === 0 && <p className="f12 t2">{t('route.nobody')}</p>}
      {d.relaxed && d.relaxed.length > 0 && <p className="f12 t2">{t('route.relaxed', { what: d.relaxed.map((r) => relaxName(r, names.team)).join(t('common.and')) })}</p>}
    </>
  )
}

function Queue({ since, next, position }: { since: string; next?: string; position?: number }) {
  const now = useSecond()
  return (
    <div className="inqueue f13">
      {position !== undefined && <span>{t('route.queue', { n: position })}</span>}<span className="t2">{t('route.queue.since', { span: span(now - Date.parse(since)) })}</span>
      {next && <span className="t2">{t('route.queue.next', { span: span(Date.parse(next) - now) })}</span>}
    </div>
  )
}

function OfferLeft({ name, at }: { name: string; at: string }) {
  const now = useSecond()
  return <p className="f13 t2">{t('route.offered', { name, span: span(Date.parse(at) - now) })}</p>
}

function Excluded({ decision: d }: { decision: RouteDecision }) {
  const out = Object.entries(d.excluded).filter(([, n]) => n > 0)
  const all = d.eligible + out.reduce((n, [, x]) => n + x, 0)
  return (
    <p className="f12 t2">
      {t('route.eligible', { n: d.eligible, all })}
      {out.length > 0 && <>{' '}{t('route.excluded')}{out.map(([r, n]) => `${reasonName(r)} ${n}`).join(t('common.and'))}</>}
    </p>
  )
}

const SHOWN = 4
/** The factors that tell the candidates apart, the rest summed: all on one scale. */
function Candidates({ decision: d, chosen, name }: { decision: RouteDecision; chosen?: string; name: (id: string) => string }) {
  const [open, setOpen] = useState<string>()
  const list = d.candidates.slice(0, 3 + (chosen && !d.candidates.slice(0, 3).some((c) => c.agent_id === chosen) ? 1 : 0))
  // only with its weights does a factor say how much of the score it made
  const weighed = d.weights !== undefined
  const weight = (f: string) => d.weights?.[f] ?? 1
  const worth = (c: Candidate, f: string) => Math.max(0, (c.factors[f] ?? 0) * weight(f))
  const sum = (c: Candidate) => Object.keys(c.factors).reduce((n, f) => n + worth(c, f), 0)
  const all = Object.keys(list[0]?.factors ?? {})
  const top = all.toSorted((a, b) => list.reduce((n, c) => n + worth(c, b), 0) - list.reduce((n, c) => n + worth(c, a), 0)).slice(0, SHOWN)
  const scale = Math.max(...list.map(sum), 0.001)
  const best = Math.max(...list.map((c) => c.score), 0.001)
  const shown = d.candidates.find((c) => c.agent_id === open)
  return (
    <>
      <ul className="cands">
        {list.map((c) => (
          <li key={c.agent_id}>
            <button type="button" className={c.agent_id === chosen ? 'cand on' : 'cand'} aria-expanded={open === c.agent_id} onClick={() => setOpen(open === c.agent_id ? undefined : c.agent_id)}>
              <span className="row g8 ell"><Avatar name={name(c.agent_id)} size="s" /><span className="ell">{name(c.agent_id)}</span></span>
              <span className="fx" aria-hidden="true">{!weighed ? <i className="f1" style={{ width: `${(100 * c.score) / best}%` }} /> : top.map((f, i) => <i key={f} className={`f${i + 1}`} style={{ width: `${(100 * worth(c, f)) / scale}%` }} />)}{weighed && <i className="f5" style={{ width: `${(100 * all.filter((f) => !top.includes(f)).reduce((n, f) => n + worth(c, f), 0)) / scale}%` }} />}</span>
              <b className="score">{Math.round(c.score * 100)}</b>
            </button>
            {c.taken && <span className="f12 t3 taken">{word('taken', c.taken)}</span>}
          </li>
        ))}
      </ul>
      {weighed && <div className="flg">{top.map((f, i) => <span key={f}><i className={`f${i + 1}`} />{factorName(f)}</span>)}{all.length > SHOWN && <span><i className="f5" />{t('route.rest', { n: all.length - SHOWN })}</span>}</div>}
      {!weighed && !shown && <p className="f12 t3">{t('route.look')}</p>}
      {shown && (
        <table className="ftab"><caption className="hide">{t('route.factors', { name: name(shown.agent_id) })}</caption><tbody>
          {all.toSorted((a, b) => worth(shown, b) - worth(shown, a)).map((f) => <tr key={f}><th scope="row">{factorName(f)}</th><td><span className="bar"><i style={{ width: `${Math.min(1, shown.factors[f] ?? 0) * 100}%` }} /></span></td><td className="r">{(shown.factors[f] ?? 0).toFixed(2)}</td></tr>)}
        </tbody></table>
      )}
    </>
  )
}
