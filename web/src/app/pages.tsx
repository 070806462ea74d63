import type { ErrorComponentProps } from '@tanstack/react-router'
import { problemText } from '~/api/problem'
import { t } from '~/i18n'
import { EmptyState, Skeleton } from '~/parts/State'

export function Missing() {
  return (
    <main className="gate">
      <EmptyState icon="search" title={t('scene.missing')} help={t('scene.missing.help')}>
        <a className="btn" href="/inbox">{t('scene.home')}</a>
      </EmptyState>
    </main>
  )
}

export function Failed({ error }: ErrorComponentProps) {
  return (
    <div className="empty" role="alert" style={{ height: '100%' }}>
      <b>{t('scene.failed')}</b>
      <span>{t('scene.failed.help')}</span>
      <code className="f12">{problemText(error)}</code>
      <div className="row g8"><button type="button" className="btn" onClick={() => location.reload()}>{t('scene.reload')}</button></div>
    </div>
  )
}

export function Waiting() {
  return (
    <div style={{ padding: 24, display: 'grid', gap: 12, maxWidth: 420 }} role="status" aria-busy="true" aria-label={t('common.loading')}>
      <Skeleton width="60%" height={16} /><Skeleton /><Skeleton width="80%" />
    </div>
  )
}
