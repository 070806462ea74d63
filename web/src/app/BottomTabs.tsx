import { Link } from '@tanstack/react-router'
import { perform } from '~/actions/action'
import { action } from '~/actions/registry'
import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { ProfileCard } from './ProfileMenu'
import { unreadText, useUnread } from './state/Bell'

/** Below 768 px the rail becomes tabs for the thumb. */
export function BottomTabs() {
  const unread = useUnread()
  return (
    <nav className="tabs-bottom" aria-label={t('nav.main')}>
      <Link to="/inbox" activeProps={{ className: 'on' }}><Icon name="inbox" size="l" />{t('nav.inbox')}</Link>
      <button type="button" onClick={() => perform(action('app.search'))}><Icon name="search" size="l" />{t('nav.search')}</button>
      <Link to="/create" search={{}} activeProps={{ className: 'on' }}><Icon name="plus" size="l" />{t('nav.create')}</Link>
      <Link to="/notices" activeProps={{ className: 'on' }}><span className="badged"><Icon name="bell" size="l" />{unread > 0 && <span className="badge unread">{unreadText(unread)}</span>}</span>{t('nav.notices')}</Link>
      <Pop placement="topRight" width={280} content={(close) => <ProfileCard close={close} />}>
        <button type="button"><Icon name="person" size="l" />{t('nav.profile')}</button>
      </Pop>
    </nav>
  )
}
