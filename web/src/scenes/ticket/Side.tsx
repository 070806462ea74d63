import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { CustomerCard } from './CustomerCard'
import { People } from './People'
import { Properties } from './Properties'
import { Related } from './Related'
import { Judgments } from './understand/Judgments'
import { Similar } from './understand/Similar'

export function Side({ ticket }: { ticket: Ticket }) {
  return (
    <aside className="side" aria-label={t('ticket.side')}>
      <Properties ticket={ticket} />
      <Judgments ticket={ticket} />
      <CustomerCard ticket={ticket} />
      <Similar ticket={ticket} />
      <Related ticket={ticket} />
      <People ticket={ticket} />
    </aside>
  )
}
