import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { link } from '~/api/live'
import { typing } from '~/actions/useKeys'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { PriorityBars } from '~/parts/Glyph'
import { useDrag } from '~/parts/useDrag'
import { assignTo, carriersQuery, NO_TEAM, queueQuery, queuesQuery, type Carrier, type QueueSum, type Waiting } from '~/stores/routing'
import { span, useSecond } from '~/stores/second'
import { can, useMe, useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { listing } from '~/stores/ui'
import { Agents } from './Agents'
import { Alerts } from './Alerts'
import { clearing } from './clearing'
import { LeavePanel, MoveBar } from './Leave'
import { Recent } from './Recent'
import { WaitingList } from './WaitingList'
import '~/scenes/inbox/inbox.css'
import '~/scenes/ticket/ticket.css'
import './queue.css'

/** 队列监控: what waits, who could take it, and the hand that gives it away. */
export function Monitor() {
  const { team } = useParams({ strict: false }) as { team?: string }
  const wanted = team && team !== 'all' ? team : undefined
  const me = useMe()
  const names = useNames()
  const navigate = useNavigate()
  const queues = useQuery(queuesQuery)
  const teams = useMemo(() => (wanted ? [wanted] : (queues.data?.items ?? []).filter((q) => q.waiting > 0).map((q) => placeOf(q))), [wanted, queues.data])
  const waiting = useInfiniteQuery({ ...queueQuery(teams), placeholderData: keepPreviousData })
  const people = useQuery(carriersQuery(wanted === NO_TEAM ? undefined : wanted))
  const items = useMemo(() => (teams.length ? (waiting.data?.pages.flatMap((p) => p.items) ?? []) : []), [waiting.data, teams.length])
  const agents = useMemo(() => order(people.data?.items ?? []), [people.data])
  const [chosen, setChosen] = useState<string>()
  const [assigning, setAssigning] = useState(false)
  const [leaving, setLeaving] = useState<string | true>()
  const [tab, setTab] = useState<'waiting' | 'agents' | 'recent'>('waiting')
  const [drag, take] = useDrag<Waiting>((w, over) => {
    const agent = agents.find((a) => a.id === over)
    if (agent) void assignTo(w, agent)
  })
  // the keys of the desk act on what is chosen here
  useEffect(() => {
    listing.set({ view: 'all', ids: items.map((w) => w.ticket_id), cursor: chosen })
    return () => listing.set({ view: '', ids: [] })
  }, [items, chosen])
  useEffect(() => {
    if (chosen && waiting.data && !items.some((w) => w.ticket_id === chosen)) { setChosen(undefined); setAssigning(false) }
  }, [items, chosen, waiting.data])
  const state = useRef({ items, chosen })
  state.current = { items, chosen }
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || document.querySelector('dialog[open]')) return
      const now = state.current
      const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[e.key]
      const at = now.items.findIndex((w) => w.ticket_id === now.chosen)
      if (by) setChosen(now.items[Math.min(now.items.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.ticket_id)
      else if (e.key === 'a' && now.chosen) setAssigning(true)
      else if ((e.key === 'o' || e.key === 'Enter') && now.chosen && !(e.target as HTMLElement).closest('button, a')) void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: now.chosen }, search: {} })
      else return
      e.preventDefault()
    }
    document.addEventListener('keydown', press, true)
    return () => document.removeEventListener('keydown', press, true)
  }, [navigate])
  if (!can(me, 'ticket.assign')) return <main className="sheet" id="main"><EmptyState icon="lock" title={t('queue.forbidden')} help={t('queue.forbidden.help')} /></main>
  const all = queues.data?.items ?? []
  const sum = wanted ? all.find((q) => placeOf(q) === wanted) : total(all)
  const nameOf = (q: QueueSum) => (q.team_id ? names.team(q.team_id) || t('queue.team.gone') : t('queue.noTeam'))
  const title = wanted ? (sum ? nameOf(sum) : names.team(wanted) || t('queue.team.gone')) : t('queue.all')
  const listed = all.filter((q) => q.team_id || q.waiting > 0)
  return (
    <div className="inbox monitor">
      <nav className="views" aria-label={t('queue.queues')}>
        <div className="row head"><h2 className="sp">{t('nav.queue')}</h2></div>
        <div className="scroll">
          <QueueLink id="all" name={t('queue.all')} sum={total(all)} on={!wanted} />
          {listed.map((q) => <QueueLink key={placeOf(q)} id={placeOf(q)} name={nameOf(q)} sum={q} on={placeOf(q) === wanted} />)}
        </div>
      </nav>
      <main className="sheet qsheet" id="main" data-tab={tab}>
        <header className="phead">
          <h1 className="ell">{title}</h1>
          <span className="sp" />
          <Live />
          <Button icon="people" onClick={() => setLeaving(true)}>{t('queue.leave')}</Button>
        </header>
        <nav className="only-phone vstrip" aria-label={t('queue.queues')}>
          <Link to="/queue/$team" params={{ team: 'all' }} className={wanted ? undefined : 'on'}>{`${t('queue.all')} ${total(all)?.waiting ?? 0}`}</Link>
          {listed.map((q) => <Link key={placeOf(q)} to="/queue/$team" params={{ team: placeOf(q) }} className={placeOf(q) === wanted ? 'on' : undefined}>{`${nameOf(q)} ${q.waiting}`}</Link>)}
        </nav>
        <Figures sum={sum} agents={agents} over={queues.data?.flow_seconds ?? 0} />
        <MoveBar />
        <div className="segment only-phone qtabs" role="radiogroup" aria-label={t('nav.queue')}>
          {(['waiting', 'agents', 'recent'] as const).map((x) => <button key={x} type="button" role="radio" aria-checked={tab === x} onClick={() => setTab(x)}>{t(`queue.${x}`)}{x === 'waiting' ? ` ${sum?.waiting ?? items.length}` : x === 'agents' ? ` ${agents.length}` : ''}</button>)}
        </div>
        <div className="qbody">
          <div className="qleft">
            <Alerts />
            <WaitingList query={{ ...waiting, isPending: waiting.isPending && (teams.length > 0 || queues.isPending) }} items={items} count={sum?.waiting ?? items.length} chosen={chosen} onChoose={setChosen} take={take} taken={drag?.item.ticket_id} agents={agents} assigning={assigning} setAssigning={setAssigning} />
          </div>
          <div className="qright">
            <Agents query={people} agents={agents} over={drag?.over} onLeave={setLeaving} />
            <Recent team={wanted} />
          </div>
        </div>
        {leaving && <LeavePanel agents={agents} who={leaving === true ? undefined : leaving} close={() => setLeaving(undefined)} />}
      </main>
      {drag && (
        <div className="ghost qghost" style={{ left: Math.min(drag.x + 12, innerWidth - 300), top: drag.y + 12 }}>
          <div className="row g8"><PriorityBars priority={drag.item.priority} /><span className="ell">{drag.item.subject || t('ticket.noSubject')}</span></div>
          <div className="f12 pri">{t(drag.over ? 'queue.drop' : 'queue.drag', { name: agents.find((a) => a.id === drag.over)?.name ?? '' })}</div>
        </div>
      )}
    </div>
  )
}

const placeOf = (q: QueueSum): string => q.team_id || NO_TEAM

/** Who takes work first, then by name. */
const rank = (a: Carrier): number => (a.state === 'online' ? 0 : a.state === 'busy' ? 1 : a.state === 'offline' ? 3 : 2)
const order = (list: Carrier[]): Carrier[] => list.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))

function total(all: QueueSum[]): QueueSum | undefined {
  if (!all.length) return undefined
  const add = (f: (q: QueueSum) => number) => all.reduce((n, q) => n + f(q), 0)
  return { team_id: '', waiting: add((q) => q.waiting), offered: add((q) => q.offered), due_soon: add((q) => q.due_soon), breached: add((q) => q.breached), online: add((q) => q.online), free: add((q) => q.free), came: add((q) => q.came), given: add((q) => q.given), oldest_at: all.map((q) => q.oldest_at).filter(Boolean).toSorted()[0] }
}

function QueueLink({ id, name, sum, on }: { id: string; name: string; sum?: QueueSum; on: boolean }) {
  const now = useSecond()
  return (
    <div className="vrow qlink">
      <Link to="/queue/$team" params={{ team: id }} className={on ? 'on' : undefined} aria-current={on ? 'page' : undefined}>
        <span className="ell">{name}</span><span>{sum?.waiting ?? 0}</span>
      </Link>
      {sum && sum.waiting > 0 && <div className="f12 t3 qsub">{sum.oldest_at && <span>{t('queue.oldest', { span: span(now - Date.parse(sum.oldest_at)) })}</span>}{sum.breached > 0 && <span className="red">{t('queue.breached', { n: sum.breached })}</span>}</div>}
    </div>
  )
}

function Live() {
  const now = useSecond()
  const up = useStore(link) === 'live'
  return <span className="f12 t3 row g6 not-phone"><i className={up ? 'sdot online' : 'sdot offline'} />{t(up ? 'queue.live' : 'queue.stale', { at: new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(now) })}</span>
}

function Figures({ sum, agents, over }: { sum?: QueueSum; agents: Carrier[]; over: number }) {
  const now = useSecond()
  const online = agents.filter((a) => a.state === 'online')
  const capacity = online.reduce((n, a) => n + a.capacity, 0)
  const load = online.reduce((n, a) => n + a.load, 0)
  const free = Math.max(0, capacity - load) / 100
  const clear = sum && clearing(sum, over)
  return (
    <dl className="kpi" tabIndex={0} aria-label={t('queue.figures')}>
      <div><dt>{t('queue.waiting')}</dt><dd>{sum?.waiting ?? 0}</dd></div>
      <div><dt>{t('queue.figure.oldest')}</dt><dd className={sum?.breached ? 'red' : undefined}>{sum?.oldest_at ? span(now - Date.parse(sum.oldest_at)) : '–'}{sum?.oldest_at && <small className="not-phone">{t('queue.since', { at: clock(sum.oldest_at, now) })}</small>}</dd></div>
      <div><dt>{t('queue.figure.breached')}</dt><dd className={sum?.breached ? 'red' : undefined}>{sum?.breached ?? 0}<small>{t('queue.figure.soon', { n: sum?.due_soon ?? 0 })}</small></dd></div>
      <div><dt>{t('queue.figure.online')}</dt><dd>{online.length}<small>{t('queue.figure.of', { n: agents.length })}</small></dd></div>
      <div><dt title={t('queue.figure.saturation.help')}>{t('queue.figure.saturation')}</dt><dd>{capacity ? `${Math.round((100 * load) / capacity)}%` : '–'}<small>{t('queue.figure.free', { n: Math.floor(free) })}</small></dd></div>
      <div><dt title={t('queue.figure.clear.help')}>{t('queue.figure.clear')}</dt><dd className={clear?.grows ? 'amber' : undefined}>{clear?.text ?? '–'}<small>{t('queue.figure.flow', { n: Math.max(1, Math.round(over / 60)), came: sum?.came ?? 0, given: sum?.given ?? 0 })}</small></dd></div>
    </dl>
  )
}

