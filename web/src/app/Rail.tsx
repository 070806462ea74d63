import { Link } from '@tanstack/react-router'
import { Tooltip } from 'antd'
import { ActionButton } from '~/actions/ActionButton'
import { t } from '~/i18n'
import { BrandLogo } from '~/parts/BrandLogo'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { can, useMe } from '~/stores/session'
import { may } from '~/stores/understanding'
import { useProposed } from './IncidentBanner'
import { Bell } from './state/Bell'
import { ProfileMenu } from './ProfileMenu'

export function Rail() {
  const me = useMe()
  const proposed = useProposed().length
  return (
    <nav className="rail" aria-label={t('nav.main')}>
      <BrandLogo />
      <Tooltip title={<>{t('nav.inbox')}<Kbd keys="g i" /></>} placement="right" arrow={false}>
        <Link to="/inbox" aria-label={t('nav.inbox')} activeProps={{ className: 'on' }}><Icon name="inbox" size="l" /></Link>
      </Tooltip>
      {can(me, 'ticket.assign') && (
        <Tooltip title={<>{t('nav.queue')}<Kbd keys="g q" /></>} placement="right" arrow={false}>
          <Link to="/queue" aria-label={t('nav.queue')} activeProps={{ className: 'on' }}><Icon name="queue" size="l" /></Link>
        </Tooltip>
      )}
      <Tooltip title={<>{t('action.create')}<Kbd keys="Shift+C" /></>} placement="right" arrow={false}>
        <Link to="/create" search={{}} aria-label={t('action.create')} activeProps={{ className: 'on' }}><Icon name="plus" size="l" /></Link>
      </Tooltip>
      {can(me, 'customer.read') && (
        <Tooltip title={<>{t('nav.customers')}<Kbd keys="g k" /></>} placement="right" arrow={false}>
          <Link to="/customers" search={{}} aria-label={t('nav.customers')} activeOptions={{ includeSearch: false }} activeProps={{ className: 'on' }}><Icon name="people" size="l" /></Link>
        </Tooltip>
      )}
      <Tooltip title={<>{t('nav.promises')}<Kbd keys="g d" /></>} placement="right" arrow={false}>
        <Link to="/promises" aria-label={t('nav.promises')} activeProps={{ className: 'on' }}><Icon name="clock" size="l" /></Link>
      </Tooltip>
      <Tooltip title={<>{t('nav.incidents')}<Kbd keys="g e" /></>} placement="right" arrow={false}>
        <Link to="/incidents" aria-label={proposed ? t('nav.incidents.n', { n: proposed }) : t('nav.incidents')} activeProps={{ className: 'on' }}><span className="badged"><Icon name="burst" size="l" />{proposed > 0 && <span className="badge">{proposed}</span>}</span></Link>
      </Tooltip>
      {may(me, 'understand.read') && (
        <Tooltip title={<>{t('nav.intelligence')}<Kbd keys="g m" /></>} placement="right" arrow={false}>
          <Link to="/intelligence" aria-label={t('nav.intelligence')} activeProps={{ className: 'on' }}><Icon name="flask" size="l" /></Link>
        </Tooltip>
      )}
      <Tooltip title={<>{t('nav.roster')}<Kbd keys="g r" /></>} placement="right" arrow={false}>
        <Link to="/roster" aria-label={t('nav.roster')} activeProps={{ className: 'on' }}><Icon name="calendar" size="l" /></Link>
      </Tooltip>
      <span className="sp" />
      <Bell />
      {can(me, 'config.manage') && (
        <Tooltip title={<>{t('nav.admin')}<Kbd keys="g s" /></>} placement="right" arrow={false}>
          <Link to="/admin" aria-label={t('nav.admin')} activeProps={{ className: 'on' }}><Icon name="sliders" size="l" /></Link>
        </Tooltip>
      )}
      <ActionButton id="app.keys" bare />
      <ProfileMenu />
    </nav>
  )
}
