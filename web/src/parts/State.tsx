// What a region shows when it has nothing to show: why, and what to do next.
import type { ReactNode } from 'react'
import { t } from '~/i18n'
import { problemText } from '~/api/problem'
import { Button } from './Button'
import { Icon, type IconName } from './Icon'

export function EmptyState({ icon, title, help, children }: { icon?: IconName; title: string; help?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      {icon && <Icon name={icon} />}
      <b>{title}</b>
      {help && <span>{help}</span>}
      {children && <div className="row g8">{children}</div>}
    </div>
  )
}

export function FailedState({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div className="empty" role="alert">
      <Icon name="warn" />
      <b>{problemText(error)}</b>
      {retry && <div className="row g8"><Button onClick={retry}>{t('common.retry')}</Button></div>}
    </div>
  )
}

export function Skeleton({ width, height = 12 }: { width?: number | string; height?: number }) {
  return <span className="sk" style={{ width: width ?? '100%', height }} />
}
