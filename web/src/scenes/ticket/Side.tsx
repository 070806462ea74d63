import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { CustomerCard } from './CustomerCard'
import { People } from './People'
import { Properties } from './Properties'
import { Related } from './Related'

export function Side({ ticket }: { ticket: Ticket }) {
  return (
    <aside className="side" aria-label={t('ticket.side')}>
      <Properties ticket={ticket} />
      <CustomerCard ticket={ticket} />
      <Related ticket={ticket} />
      <People ticket={ticket} />
    </aside>
  )
}
