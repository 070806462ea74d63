import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Tooltip } from 'antd'
import { lazy, Suspense } from 'react'
import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { Pop } from '~/parts/Pop'
import { Skeleton } from '~/parts/State'
import { countQuery } from '~/stores/notify'
import { useStore } from '~/stores/store'
import { show, ui } from '~/stores/ui'

const NoticeList = lazy(() => import('~/scenes/notices/NoticeList').then((m) => ({ default: m.NoticeList })))

export function useUnread(): number {
  return useQuery(countQuery).data?.count ?? 0
}
export const unreadText = (n: number): string => (n > 99 ? '99+' : String(n))

/** The bell of the rail: how many are unread, and the newest at a press. */
export function Bell() {
  const n = useUnread()
  const navigate = useNavigate()
  const open = useStore(ui, (u) => u.bell === true)
  return (
    <Pop open={open} onOpen={(o) => show({ bell: o || undefined })} placement="rightBottom" width={380} content={(close) => (
      <Suspense fallback={<div style={{ padding: 16, display: 'grid', gap: 12 }}><Skeleton width="70%" /><Skeleton /><Skeleton width="50%" /></div>}>
        <NoticeList close={close} onAll={() => { close(); void navigate({ to: '/notices' }) }} />
      </Suspense>
    )}>
      <button type="button" className="ib bell" aria-label={n ? t('nav.notices.n', { n }) : t('nav.notices')} aria-expanded={open}>
        <Tooltip title={<>{t('nav.notices')}<Kbd keys="g n" /></>} placement="right" arrow={false} mouseEnterDelay={0.3} {...(open ? { open: false } : {})}>
          <span className="badged"><Icon name="bell" size="l" />{n > 0 && <span className="badge unread">{unreadText(n)}</span>}</span>
        </Tooltip>
      </button>
    </Pop>
  )
}
