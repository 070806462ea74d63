import { useQuery } from '@tanstack/react-query'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import { customerQuery } from '~/stores/customer'

/** Above the conversation: this customer is looked after with special care, and why. */
export function Care({ ticket }: { ticket: Ticket }) {
  const customer = useQuery(customerQuery(ticket.requester?.id ?? '')).data
  if (!customer?.care) return null
  return <div className="alert amber" role="status"><Icon name="flag" /><div className="sp"><b>{t('care.mark')}</b><span className="said">{customer.care.reason}</span></div></div>
}
