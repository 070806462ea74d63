import { useEffect, useState } from 'react'
import { link } from '~/api/live'
import { t } from '~/i18n'
import { useMoment } from '~/stores/moment'
import { useStore } from '~/stores/store'
import type { Board, FigureKey } from '~/stores/report'
import { figureOf } from './Figures'
import { Hours, Legend, zoneOf } from './Hours'
import { Ages, Lines } from './Lines'
import { dayText, figureName, previousText, value, whole, worse } from './text'

const PAGE = 15_000
const large: FigureKey[] = ['created', 'solved', 'backlog', 'overdue', 'first_response', 'sla', 'repeat', 'reopened']
const pages = ['figures', 'hours', 'departments', 'agents'] as const

/** 大屏: large, dark, turns its pages by itself, asks for nothing. Esc leaves. */
export function Wall({ b, title, leave }: { b: Board | undefined; title: string; leave: () => void }) {
  const [page, setPage] = useState(0)
  const up = useStore(link) === 'live'
  const second = useMoment((now) => Math.floor(now / 1000))
  const shown = pages.filter((p) => (p === 'departments' ? (b?.departments.length ?? 0) > 0 : p === 'agents' ? (b?.agents.length ?? 0) > 0 : true))
  useEffect(() => {
    const timer = setInterval(() => setPage((p) => p + 1), PAGE)
    return () => clearInterval(timer)
  }, [])
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.key === 'Escape') leave()
      else if (e.key === 'ArrowRight') setPage((p) => p + 1)
      else if (e.key === 'ArrowLeft') setPage((p) => p + shown.length - 1)
      else return
      e.preventDefault()
      e.stopPropagation()
    }
    document.addEventListener('keydown', press, true)
    return () => document.removeEventListener('keydown', press, true)
  }, [leave, shown.length])
  // The screen of a wall stays on.
  useEffect(() => {
    let lock: WakeLockSentinel | undefined
    const take = () => { if (document.visibilityState === 'visible') void navigator.wakeLock?.request('screen').then((l) => (lock = l), () => undefined) }
    take()
    document.addEventListener('visibilitychange', take)
    return () => { document.removeEventListener('visibilitychange', take); void lock?.release().catch(() => undefined) }
  }, [])
  const at = shown[page % shown.length] ?? 'figures'
  const zone = b && zoneOf(b)
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false, ...(zone ? { timeZone: zone } : {}) }).format(second * 1000)
  return (
    <main className="tdwall" data-theme="dark" id="main" data-page={at} aria-label={t('today.title')}>
      <header><h1>{title}</h1>{b && <span className="t2">{dayText(b.day)}</span>}<span className="sp" />{!up && <span className="amber">{t('live.stale')}</span>}<i className={up ? 'sdot online' : 'sdot offline'} /><time>{time}</time></header>
      {b && at === 'figures' && (
        <div className="wfigures">{large.map((key) => {
          const f = figureOf(b, key)
          return <div key={key}><span>{figureName(key)}</span><b className={worse(f) ? 'amber' : key === 'overdue' && f.tickets > 0 ? 'red' : undefined}>{value(f, f.value)}</b><small>{key === 'backlog' ? t('today.online.n', { n: b.online.length }) : previousText(b, f)}</small></div>
        })}</div>
      )}
      {b && at === 'hours' && (
        <div className="whours">
          <section><h2>{t('today.hours')}</h2><Legend b={b} /><Hours b={b} height={520} /></section>
          <section><h2>{t('today.ages')}{' '}<span className="t3">{whole(figureOf(b, 'backlog').tickets)}</span></h2><Ages b={b} /></section>
        </div>
      )}
      {b && at === 'departments' && <Lines b={b} by="department" most={12} />}
      {b && at === 'agents' && <Lines b={b} by="agent" most={12} />}
      <footer aria-hidden="true">{shown.map((p) => <i key={p} className={p === at ? 'on' : undefined} />)}</footer>
    </main>
  )
}
