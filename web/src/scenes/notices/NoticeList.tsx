import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { markRead, noticesQuery } from '~/stores/notify'
import { NoticeRow } from './NoticeRow'
import './notices.css'

/** The newest, below the bell. */
export function NoticeList({ close, onAll }: { close: () => void; onAll: () => void }) {
  const [unread, setUnread] = useState(true)
  const query = useInfiniteQuery(noticesQuery(unread))
  const items = query.data?.pages[0]?.items ?? []
  return (
    <div className="nlist" role="dialog" aria-label={t('nav.notices')}>
      <header className="row g8">
        <b className="sp">{t('nav.notices')}</b>
        <div className="segment" role="radiogroup" aria-label={t('nav.notices')}>{[true, false].map((u) => <button key={String(u)} type="button" role="radio" aria-checked={u === unread} onClick={() => setUnread(u)}>{t(u ? 'notice.unread' : 'notice.all')}</button>)}</div>
        <IconButton icon="check" small label={t('notice.readAll')} disabled={!items.some((n) => !n.read_at)} onClick={() => void markRead('all')} />
      </header>
      <div className="nscroll">
        {query.error && !query.data ? <FailedState error={query.error} retry={() => void query.refetch()} />
          : query.isPending ? <div style={{ padding: 16, display: 'grid', gap: 16 }} aria-busy="true"><Skeleton width="70%" /><Skeleton /><Skeleton width="50%" /></div>
          : items.length === 0 ? <EmptyState icon="bell" title={t(unread ? 'notice.none.unread' : 'notice.none')} help={t('notice.none.help')} />
          : items.slice(0, 30).map((n) => <NoticeRow key={n.id} notice={n} onOpen={close} />)}
      </div>
      <footer><Button look="q sm" keys="g n" onClick={onAll}>{t('notice.seeAll')}</Button></footer>
    </div>
  )
}
