import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, data } from '~/api/client'
import type { ID, Identity, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { IconButton } from '~/parts/Button'
import { CareNote } from '~/parts/CareNote'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import { customerQuery, customerTickets } from '~/stores/customer'
import { can, useMe, useNames } from '~/stores/session'
import { complain } from '~/stores/toast'
import { listing } from '~/stores/ui'
import { Row } from './Properties'

const ticketsQuery = (id: ID) => customerTickets(id, 6)

export function CustomerCard({ ticket }: { ticket: Ticket }) {
  const id = ticket.requester?.id ?? ''
  const { data: customer, error } = useQuery(customerQuery(id))
  const others = useQuery(ticketsQuery(id)).data?.items.filter((x) => x.id !== ticket.id && !['solved', 'closed', 'cancelled'].includes(x.status)) ?? []
  const names = useNames()
  const me = useMe()
  if (!ticket.requester) return null
  const name = customer?.name ?? ticket.requester.name
  const tier = customer?.tier ?? ticket.requester.tier
  return (
    <section aria-label={t('side.customer')}>
      <h3>{t('side.customer')}</h3>
      <div className="row g8" style={{ marginBottom: 6 }}>
        <Avatar name={name} size="l" customer />
        <div className="sp f13">
          <div className="row g6">{can(me, 'customer.read') ? <Link className="ell b" to="/customers/$customer" params={{ customer: id }}><b>{name}</b></Link> : <b className="ell">{name}</b>}{tier && tier !== 'normal' && <span className="chip">{names.tier(tier)}</span>}</div>
          <div className="f12 t3 ell">{customer ? customer.company?.name ?? (customer.last_contact_at ? <>{t('customer.last')}{' '}<Time at={customer.last_contact_at} /></> : '') : !error && <Skeleton width={120} height={10} />}</div>
        </div>
      </div>
      {customer?.blocked && <CareNote kind="blocked" reason={customer.blocked.reason} until={customer.blocked.until} />}
      {ticket.repeat_count > 0 && <div className="row g6 f13 amber" style={{ minHeight: 28 }}><Icon name="history" size="s" /><span>{t('customer.repeat', { n: ticket.repeat_count })}</span></div>}
      {customer?.identities.map((i) => <IdentityRow key={i.id} customer={customer.id} identity={i} />)}
      {customer && <Row label={t('customer.tickets')}><span>{t('customer.count', { n: customer.ticket_count, open: customer.open_ticket_count })}</span></Row>}
      {customer && customer.tags.length > 0 && <Row label={t('action.tags')}><div className="tags">{customer.tags.map((x) => <span key={x} className="chip">{x}</span>)}</div></Row>}
      {customer?.note && <p className="f13 t2 note-text">{customer.note}</p>}
      {others.map((x) => (
        <Link key={x.id} className="kn" to="/inbox/$view/$ticket" params={{ view: listing.get().view || 'all', ticket: x.id }} search={true as never}>
          <StatusGlyph status={x.status} /><span className="ell sp">{x.subject}</span><span className="f12 t3 nw">{x.number}</span><span className="hide">{statusName(x.status)}</span>
        </Link>
      ))}
    </section>
  )
}

/** Masked by the server; whoever may see it whole asks for it, and that is recorded. */
function IdentityRow({ customer, identity }: { customer: ID; identity: Identity }) {
  const me = useMe()
  const [whole, setWhole] = useState<string>()
  const may = Object.keys(me?.permissions ?? {}).some((p) => p.includes('reveal'))
  const reveal = async () => {
    try {
      setWhole((await data(api.POST('/customers/{id}/identities/{identity_id}/reveal', { params: { path: { id: customer, identity_id: identity.id } } }))).value)
    } catch (error) {
      complain(error)
    }
  }
  const kinds: Record<string, string> = { phone: t('identity.phone'), email: t('identity.email'), wechat: t('identity.wechat') }
  return (
    <Row label={kinds[identity.kind] ?? identity.kind}>
      <span className="ell">{whole ?? identity.display}</span>
      {identity.verified && <span className="green" title={t('identity.verified')}><Icon name="check" size="s" label={t('identity.verified')} /></span>}
      {may && !whole && <IconButton icon="eye" label={t('identity.reveal')} small onClick={() => void reveal()} />}
    </Row>
  )
}
