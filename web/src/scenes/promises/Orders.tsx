import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Supervision } from '~/api/types'
import { t } from '~/i18n'
import { exact } from '~/i18n/format'
import { EmptyState } from '~/parts/State'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Order } from '~/scenes/ticket/sla/Orders'
import { supervisionsQuery } from '~/stores/sla'

/** Orders of leads: what waits for a reply, with its cards, and what became of the others. */
export function OrdersPage() {
  const [state, setState] = useState<Supervision['state']>('open')
  const query = useQuery(supervisionsQuery(state))
  const items = query.data?.items ?? []
  return (
    <Page title={t('promise.orders')} help={t('orders.help')}>
      <div className="row g8 wrap bar2"><Segmented label={t('ext.state')} value={state} options={(['open', 'answered', 'ended'] as const).map((s) => [s, t(`orders.${s}`)] as const)} onChange={setState} /></div>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="flag" title={t('orders.none')} help={t('orders.none.help')} /> : (
          <ul className="asks">{items.map((x) => (
            <li key={x.id}>
              <Link className="tlink ell" to="/inbox/$view/$ticket" params={{ view: '10', ticket: x.ticket_id }} search={{}}><b className="f13">{x.subject || t('ticket.noSubject')}</b>{' '}<span className="t3 f12">{x.number}</span></Link>
              {state === 'open' ? <Order order={x} /> : <><p className="f13">{x.words}</p>{x.answer && <p className="f13 t2">{t('orders.answer', { name: x.answered_by?.name ?? '', at: x.answered_at ? exact(x.answered_at) : '', words: x.answer })}</p>}</>}
            </li>
          ))}</ul>
        )}
      </Wait>
    </Page>
  )
}
