import { Link, Navigate, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { Me } from '~/api/types'
import { t, type Key } from '~/i18n'
import { can, useMe } from '~/stores/session'
import { extensionsQuery } from '~/stores/sla'
import { ExtensionsPage } from './Extensions'
import { OrdersPage } from './Orders'
import { ReportPage } from './Report'
import { SoonPage } from './Soon'
import '~/scenes/ticket/ticket.css'
import '~/scenes/ticket/understand/understand.css'
import '~/scenes/ticket/sla/sla.css'
import './promises.css'

const pages: Record<string, { page: () => ReactNode; for: (me: Me | undefined) => boolean }> = {
  soon: { page: () => <SoonPage />, for: () => true },
  extensions: { page: () => <ExtensionsPage />, for: () => true },
  orders: { page: () => <OrdersPage />, for: () => true },
  report: { page: () => <ReportPage />, for: (me) => can(me, 'report.read') },
}

/** 服务时限: what is about to breach, what waits for a lead, and how promises were kept. */
export function Promises() {
  const { page } = useParams({ strict: false }) as { page?: string }
  const me = useMe()
  const waiting = useQuery({ ...extensionsQuery('requested'), enabled: can(me, 'sla.approve') }).data?.items.length ?? 0
  const mine = Object.keys(pages).filter((p) => pages[p]!.for(me))
  if (!page || !mine.includes(page)) return <Navigate to="/promises/$page" params={{ page: 'soon' }} replace />
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('nav.promises')}>
        <h2>{t('nav.promises')}</h2>
        {mine.map((p) => <Link key={p} to="/promises/$page" params={{ page: p }} className={p === page ? 'on' : undefined} aria-current={p === page ? 'page' : undefined}>{t(`promise.${p}` as Key)}{p === 'extensions' && waiting > 0 ? ` ${waiting}` : ''}</Link>)}
      </nav>
      <main className="sheet spage" id="main" key={page}>{pages[page]!.page()}</main>
    </div>
  )
}
