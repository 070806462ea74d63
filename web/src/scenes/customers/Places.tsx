import { Link } from '@tanstack/react-router'
import { t } from '~/i18n'

/** The lists of people and companies, side by side. */
export function Places() {
  return (
    <nav className="snav" aria-label={t('nav.customers')}>
      <h2>{t('nav.customers')}</h2>
      <Link to="/customers" search={{}} activeOptions={{ exact: false, includeSearch: false }} activeProps={{ className: 'on' }}>{t('customers.title')}</Link>
      <Link to="/companies" search={{}} activeOptions={{ exact: false, includeSearch: false }} activeProps={{ className: 'on' }}>{t('companies.title')}</Link>
    </nav>
  )
}
