import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState, type KeyboardEvent } from 'react'
import type { Incident } from '~/api/types'
import { locale, t } from '~/i18n'
import { exact } from '~/i18n/format'
import { Button, IconButton } from '~/parts/Button'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { Time, useNow } from '~/parts/Time'
import { clock } from '~/i18n/format'
import { acceptIncident, dismissIncident, incidentsQuery } from '~/stores/understanding'
import '~/scenes/inbox/inbox.css'
import '~/scenes/ticket/ticket.css'
import '~/scenes/ticket/understand/understand.css'
import './incidents.css'

const states = ['proposed', 'accepted', 'dismissed'] as const

/** 共性事件: what the system takes for one cause, and what people made of it. */
export function Incidents() {
  const params = useParams({ strict: false }) as { incident?: string }
  const navigate = useNavigate()
  const list = useQuery(incidentsQuery())
  const [state, setState] = useState<(typeof states)[number]>('proposed')
  const [words, setWords] = useState('')
  const all = list.data?.items ?? []
  const open = all.find((i) => i.id === params.incident)
  const openState = open?.state
  useEffect(() => {
    if (openState) setState(openState)
  }, [openState])
  const wanted = words.trim().toLowerCase()
  const shown = all.filter((i) => i.state === state && (!wanted || [i.title, ...i.words].some((w) => w.toLowerCase().includes(wanted))))
  const go = (id: string) => void navigate({ to: '/incidents/$incident', params: { incident: id } })
  const press = (e: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[e.key]
    if (!by || (e.target as HTMLElement).tagName === 'INPUT') return
    const next = shown[Math.min(shown.length - 1, Math.max(0, shown.findIndex((i) => i.id === params.incident) + by))]
    if (next) { e.preventDefault(); go(next.id) }
  }
  return (
    <main className={params.incident ? 'sheet incidents with-open' : 'sheet incidents'} id="main">
      <section className="list" aria-label={t('incident.title')} onKeyDown={press}>
        <header className="lhead"><b className="ell">{t('incident.title')}</b></header>
        <div className="seg2 segment" role="radiogroup" aria-label={t('incident.title')}>
          {states.map((s) => { const n = all.filter((i) => i.state === s).length; return <button key={s} type="button" role="radio" aria-checked={s === state} onClick={() => setState(s)}>{t(`incident.state.${s}`)}{n > 0 && ` ${n}`}</button> })}
        </div>
        <div className="search"><Icon name="search" size="s" /><input value={words} placeholder={t('incident.search')} aria-label={t('incident.search')} onChange={(e) => setWords(e.target.value)} onKeyDown={(e) => { if (e.key === 'Escape' && words) { e.stopPropagation(); setWords('') } }} />{words && <IconButton icon="close" label={t('common.clear')} small onClick={() => setWords('')} />}</div>
        {list.error && !list.data ? <FailedState error={list.error} retry={() => void list.refetch()} />
          : list.isPending ? <div aria-busy="true" style={{ padding: 16, display: 'grid', gap: 16 }}>{[80, 60, 70].map((w) => <Skeleton key={w} width={`${w}%`} height={14} />)}</div>
          : shown.length === 0 ? <EmptyState icon="burst" title={t(wanted ? 'incident.none.search' : `incident.none.${state}`)} help={wanted ? undefined : t('incident.none.help')} />
          : (
            <div className="rows-plain" role="listbox" aria-label={t('incident.title')} tabIndex={0}>
              {shown.map((i) => (
                <div key={i.id} role="option" aria-selected={i.id === params.incident} className={i.id === params.incident ? 'irow on' : 'irow'} onClick={() => go(i.id)}>
                  <div className="row g8"><b className="ell sp">{i.title}</b><span className="f12 t3"><Time at={i.since} /></span></div>
                  <div className="row g8 f12 t3"><span className="nw">{t('incident.count', { n: i.count })}</span><span className="ell sp">{telling(i).slice(0, 4).join(t('common.and'))}</span><span className={i.state === 'proposed' ? 'amber nw' : 'nw'}>{times(i)}</span></div>
                </div>
              ))}
            </div>
          )}
      </section>
      {open ? <Detail key={open.id} incident={open} /> : (
        <div className="conv none">{params.incident && list.data ? <EmptyState icon="search" title={t('incident.gone')} /> : <EmptyState icon="burst" title={t('incident.pick')} help={t('incident.pick.help')} />}</div>
      )}
    </main>
  )
}

const figure = (n: number, digits = 0) => new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(n)
/** The words that say more than the title does. */
const telling = (i: Incident): string[] => i.words.filter((w) => w !== i.title)

/** How many times the usual; where nothing is usual there is no such figure. */
const usual = (i: Incident): boolean => i.expected >= 0.05
const times = (i: Incident): string => (usual(i) ? t('incident.figure.times.value', { n: figure(i.count / i.expected, i.count / i.expected < 10 ? 1 : 0) }) : t('incident.times.new'))

function Detail({ incident }: { incident: Incident }) {
  const navigate = useNavigate()
  const now = useNow()
  const [subject, setSubject] = useState(incident.title)
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const top = Math.max(incident.count, incident.expected, 1)
  const accept = async () => {
    setBusy(true)
    const parent = await acceptIncident(incident.id, subject.trim() && subject.trim() !== incident.title ? subject.trim() : undefined)
    setBusy(false)
    if (parent) void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: parent.id }, search: {} })
  }
  return (
    <section className="conv idetail" aria-label={incident.title}>
      <header className="hd">
        <div className="row g8"><span className="only-phone back"><IconButton icon="left" label={t('common.back')} onClick={() => void navigate({ to: '/incidents' })} /></span><h1 className="ell sp">{incident.title}</h1><span className="chip">{t(`incident.state.${incident.state}`)}</span></div>
      </header>
      <div className="ibody">
        <dl className="figures">
          <div><dt>{t('incident.figure.count')}</dt><dd>{figure(incident.count)}<small title={exact(incident.since)}>{t('incident.figure.count.help', { since: clock(incident.since, now) })}</small></dd></div>
          <div><dt>{t('incident.figure.expected')}</dt><dd>{usual(incident) ? figure(incident.expected, 1) : t('incident.expected.none')}<small>{t('incident.figure.expected.help')}</small></dd></div>
          {usual(incident) && <div><dt>{t('incident.figure.times')}</dt><dd className={incident.state === 'proposed' ? 'amber' : undefined}>{times(incident)}</dd></div>}
          <div><dt>{t('incident.figure.customers')}</dt><dd>{figure(incident.customers)}</dd></div>
          {incident.state === 'accepted' && <div><dt>{t('incident.figure.hung')}</dt><dd>{figure(incident.hung)}<small role="status">{incident.hung < incident.count ? t('incident.figure.hung.of', { n: incident.count }) : t('incident.figure.hung.all')}</small></dd></div>}
        </dl>
        <div className="versus" role="img" aria-label={usual(incident) ? t('incident.chart', { n: incident.count, expected: figure(incident.expected, 1) }) : t('incident.chart.new', { n: incident.count })}>
          <span>{t('incident.figure.count')}</span><i className="now" style={{ width: `${(70 * incident.count) / top}%` }} />
          <span>{t('incident.figure.expected')}</span><i style={{ width: `${(70 * incident.expected) / top}%` }} />
        </div>
        {telling(incident).length > 0 && <div className="row g4 wrap iwords"><span className="t3 f12">{t('incident.words')}</span>{telling(incident).map((w) => <span key={w} className="chip ai-chip">{w}</span>)}</div>}
        {incident.parent && (
          <div className="parent row g8"><span className="t3 f13">{t('incident.parent')}</span><Link className="link ell f13" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: incident.parent.id }} search={{}}>{incident.parent.number}{' '}{incident.parent.subject}</Link></div>
        )}
        {incident.state === 'dismissed' && <p className="f13 row g8"><span className="t3">{t('incident.reason')}</span><span>{incident.reason || t('incident.reason.none')}</span></p>}
        <h3>{t('incident.tickets')}{incident.count > incident.tickets.length && <span className="t3 f12">{t('incident.tickets.first', { n: incident.tickets.length, all: incident.count })}</span>}</h3>
        <div className="itickets">
          {incident.tickets.map((x) => (
            <Link key={x.id} className="childrow" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: x.id }} search={{}}>
              <StatusGlyph status={x.status} /><span className="ell sp">{x.subject || t('brief.hidden', { number: x.number })}</span><span className="t3 f12 nw not-phone">{x.assignee?.name ?? t('common.nobody')}</span><span className="t3 f12 nw">{x.number}</span><span className="hide">{statusName(x.status)}</span>
            </Link>
          ))}
        </div>
      </div>
      {incident.state === 'proposed' && (
        <footer className="ifoot">
          <label className="sp"><span className="f12 t3">{t('incident.subject')}</span><input className="inp" maxLength={300} value={subject} onChange={(e) => setSubject(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void accept() }} /></label>
          <label className="sp"><span className="f12 t3">{t('incident.reason.ask')}</span><input className="inp" maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} /></label>
          <div className="row g8">
            <Button look="lg" onClick={() => void dismissIncident(incident.id, reason.trim() || undefined)}>{t('incident.dismiss')}</Button>
            <Button look="p lg" keys="Mod+Enter" disabled={busy} onClick={() => void accept()}>{t('incident.accept')}</Button>
          </div>
          <p className="f12 t3">{t('incident.accept.help')}</p>
        </footer>
      )}
    </section>
  )
}
