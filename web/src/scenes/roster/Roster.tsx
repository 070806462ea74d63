import { Link, Navigate, useParams } from '@tanstack/react-router'
import { t } from '~/i18n'
import { can, useMe } from '~/stores/session'
import { Adherence } from './Adherence'
import { Balance } from './Balance'
import { Handovers } from './Handovers'
import { Mine } from './Mine'
import { PlanPage } from './PlanPage'
import { Requests } from './Requests'
import { Settings } from './Settings'
import '~/scenes/inbox/inbox.css'
import '~/scenes/ticket/ticket.css'
import './roster.css'

const pages = {
  mine: () => <Mine />, plan: () => <PlanPage />, requests: () => <Requests />, handovers: () => <Handovers />, adherence: () => <Adherence />, balance: () => <Balance />, settings: () => <Settings />,
}
type PageName = keyof typeof pages
const everybody = new Set<PageName>(['mine', 'requests', 'handovers'])

/** 排班: my shifts, the plan of the team, what is asked for and handed over, how it was kept and how evenly work was given. */
export function Roster() {
  const { page } = useParams({ strict: false }) as { page?: string }
  const me = useMe()
  const lead = can(me, 'roster.read') || can(me, 'roster.manage')
  const mine = (Object.keys(pages) as PageName[]).filter((p) => (p === 'balance' ? can(me, 'routing.read') : lead || everybody.has(p)))
  const open = mine.find((p) => p === page)
  if (!open) return <Navigate to="/roster/$page" params={{ page: lead ? 'plan' : 'mine' }} replace />
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('nav.roster')}>
        <h2>{t('nav.roster')}</h2>
        {mine.map((p) => <Link key={p} to="/roster/$page" params={{ page: p }} className={p === open ? 'on' : undefined} aria-current={p === open ? 'page' : undefined}>{t(`roster.page.${p}`)}</Link>)}
      </nav>
      <main className="sheet spage" id="main" key={open}>{pages[open]()}</main>
    </div>
  )
}
