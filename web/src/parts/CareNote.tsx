import { t } from '~/i18n'
import { day, exact } from '~/i18n/format'
import { Icon } from './Icon'

/** Says that a customer needs special care, or that their contacts are refused, and why. */
export function CareNote({ kind, reason, until }: { kind: 'care' | 'blocked'; reason: string; until?: string }) {
  return (
    <div className={kind === 'care' ? 'carenote amber' : 'carenote red'} role="status">
      <Icon name={kind === 'care' ? 'flag' : 'warn'} size="s" />
      <span className="sp"><b>{t(kind === 'care' ? 'care.mark' : 'blocked.mark')}</b>{t('common.comma')}{reason}{until && <span className="nw" title={exact(until)}>{t('care.until', { day: day(until, Date.now()) })}</span>}</span>
    </div>
  )
}
