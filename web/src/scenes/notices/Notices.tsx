import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, Navigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { Waiting } from '~/app/pages'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { countQuery, markRead, noticesQuery } from '~/stores/notify'
import { NoticeRow } from './NoticeRow'
import './notices.css'

const Settings = lazy(() => import('./Settings').then((m) => ({ default: m.Settings })))
const pages = ['unread', 'all', 'settings'] as const

/** 通知中心: what concerns me, and how I want to be told. */
export function Notices() {
  const { page } = useParams({ strict: false }) as { page?: string }
  const open = pages.find((p) => p === page)
  const unread = useQuery(countQuery).data?.count ?? 0
  if (!open) return <Navigate to="/notices/$page" params={{ page: 'unread' }} replace />
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('nav.notices')}>
        <h2>{t('nav.notices')}</h2>
        {pages.map((p) => <Link key={p} to="/notices/$page" params={{ page: p }} className={p === open ? 'on' : undefined} aria-current={p === open ? 'page' : undefined}>{t(`notice.page.${p}`)}{p === 'unread' && unread > 0 && <span className="t3 f12">{` ${unread}`}</span>}</Link>)}
      </nav>
      <main className="sheet spage" id="main" key={open}>{open === 'settings' ? <Suspense fallback={<Waiting />}><Settings /></Suspense> : <All unread={open === 'unread'} />}</main>
    </div>
  )
}

function All({ unread }: { unread: boolean }) {
  const query = useInfiniteQuery(noticesQuery(unread))
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <Page title={t(unread ? 'notice.page.unread' : 'notice.page.all')} actions={<Button icon="check" disabled={!items.some((n) => !n.read_at)} onClick={() => void markRead('all')}>{t('notice.readAll')}</Button>}>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="bell" title={t(unread ? 'notice.none.unread' : 'notice.none')} help={t('notice.none.help')} />
          : <div className="nall">{items.map((n) => <NoticeRow key={n.id} notice={n} />)}</div>}
        {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
      </Wait>
    </Page>
  )
}
