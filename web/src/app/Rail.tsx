import { Link } from '@tanstack/react-router'
import { Tooltip } from 'antd'
import { ActionButton } from '~/actions/ActionButton'
import { t } from '~/i18n'
import { Icon, Logo } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { ProfileMenu } from './ProfileMenu'

export function Rail() {
  return (
    <nav className="rail" aria-label={t('nav.main')}>
      <Logo />
      <Tooltip title={<>{t('nav.inbox')}<Kbd keys="g i" /></>} placement="right" arrow={false}>
        <Link to="/inbox" aria-label={t('nav.inbox')} activeProps={{ className: 'on' }}><Icon name="inbox" size="l" /></Link>
      </Tooltip>
      <Tooltip title={<>{t('action.create')}<Kbd keys="Shift+C" /></>} placement="right" arrow={false}>
        <Link to="/create" aria-label={t('action.create')} activeProps={{ className: 'on' }}><Icon name="plus" size="l" /></Link>
      </Tooltip>
      <span className="sp" />
      <ActionButton id="app.keys" bare />
      <ProfileMenu />
    </nav>
  )
}
