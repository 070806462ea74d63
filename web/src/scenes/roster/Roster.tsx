import { Link, Navigate, useParams } from '@tanstack/react-router'
import { t } from '~/i18n'
import { can, useMe } from '~/stores/session'
import { Adherence } from './Adherence'
import { Mine } from './Mine'
import { PlanPage } from './PlanPage'
import { Requests } from './Requests'
import '~/scenes/intelligence/intelligence.css'
import '~/scenes/inbox/inbox.css'
import '~/scenes/ticket/ticket.css'
import './roster.css'

const pages = ['mine', 'plan', 'requests', 'adherence'] as const

/** 排班: my shifts, the plan of the team, what is asked for, and how it was kept. */
export function Roster() {
  const { page } = useParams({ strict: false }) as { page?: string }
  const me = useMe()
  const lead = can(me, 'roster.read') || can(me, 'roster.manage')
  const mine = pages.filter((p) => lead || p === 'mine' || p === 'requests')
  const open = mine.find((p) => p === page)
  if (!open) return <Navigate to="/roster/$page" params={{ page: lead ? 'plan' : 'mine' }} replace />
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('nav.roster')}>
        <h2>{t('nav.roster')}</h2>
        {mine.map((p) => <Link key={p} to="/roster/$page" params={{ page: p }} className={p === open ? 'on' : undefined} aria-current={p === open ? 'page' : undefined}>{t(`roster.page.${p}`)}</Link>)}
      </nav>
      <main className="sheet spage" id="main" key={open}>{open === 'plan' ? <PlanPage /> : open === 'mine' ? <Mine /> : open === 'requests' ? <Requests /> : <Adherence />}</main>
    </div>
  )
}
