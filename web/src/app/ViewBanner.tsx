import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { useNow } from '~/parts/Time'
import { endView, useMe } from '~/stores/session'

/** Whoever looks as somebody else is told so on every page, and how to end it. */
export function ViewBanner() {
  const view = useMe()?.viewing
  const now = useNow()
  if (!view) return null
  return (
    <div className="banner viewing" role="status">
      <Icon name="eye" size="s" />
      <span className="sp">{t(view.role ? 'view.role' : 'view.user', { name: view.user?.name ?? shipped(view.role?.name ?? ''), by: view.by.name, until: clock(view.until, now) })}</span>
      <Button look="sm" onClick={() => void endView()}>{t('view.end')}</Button>
    </div>
  )
}
