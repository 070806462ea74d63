import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { useNow } from '~/parts/Time'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { word } from '~/scenes/ticket/routeWords'
import { channelsQuery, deliveriesQuery, retryDelivery, type DeliveryState } from '~/stores/notify'
import './notify.css'

const states: (DeliveryState | '')[] = ['', 'failed', 'waiting', 'held', 'sent']
const tone: Record<string, string> = { failed: 'red', sent: 'green', waiting: 't2', held: 't2', sending: 't2', dropped: 't3' }

/** What went out to whom and how it ended; what failed can be tried again. */
export function Deliveries() {
  const now = useNow()
  const [state, setState] = useState<DeliveryState | ''>('')
  const [channel, setChannel] = useState('')
  const channels = useQuery(channelsQuery).data?.items ?? []
  const query = useInfiniteQuery(deliveriesQuery(state, channel))
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <Page title={t('admin.notify-deliveries')} help={t('delivery.help')} wide>
      <div className="row g8 wrap bar2">
        <Segmented label={t('delivery.state')} value={state} options={states.map((s) => [s, t(s ? `delivery.${s}` : 'delivery.all')] as const)} onChange={setState} />
        <span className="dchan"><Select label={t('delivery.channel')} value={channel} choices={[{ id: '', text: t('delivery.anyChannel') }, ...channels.map((c) => ({ id: c.key, text: c.name }))]} onChange={setChannel} /></span>
      </div>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="mail" title={t('delivery.none')} help={t('delivery.none.help')} /> : (
          <div className="scroll-x"><table className="tbl rows40">
            <thead><tr><th scope="col">{t('delivery.at')}</th><th scope="col">{t('delivery.to')}</th><th scope="col">{t('delivery.channel')}</th><th scope="col">{t('delivery.event')}</th><th scope="col">{t('delivery.state')}</th><th scope="col" className="r">{t('delivery.attempts')}</th><th scope="col">{t('delivery.note')}</th><th scope="col"><span className="hide">{t('common.more')}</span></th></tr></thead>
            <tbody>{items.map((d) => (
              <tr key={d.id}>
                <td className="nw"><time dateTime={d.created_at} title={d.created_at}>{clock(d.created_at, now)}</time></td><td>{d.user?.name ?? t('delivery.group')}</td><td>{channels.find((c) => c.key === d.channel)?.name ?? word('notice.way', d.channel)}</td>
                <td>{d.ticket_id && d.ticket_id !== '0' ? <Link className="link" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: d.ticket_id }} search={{}}>{word('notice.event', d.event)}</Link> : word('notice.event', d.event)}</td>
                <td className={tone[d.state]}>{t(`delivery.${d.state as DeliveryState}`)}</td><td className="r">{d.attempts}</td>
                <td className="long f12 t2">{d.error ?? (d.state === 'held' || d.state === 'waiting' ? t('delivery.due', { at: clock(d.due_at, now) }) : (d.receipt ?? ''))}</td>
                <td className="r">{d.state === 'failed' && <Button look="sm" onClick={() => void retryDelivery(d.id)}>{t('common.retry')}</Button>}</td>
              </tr>
            ))}</tbody>
          </table></div>
        )}
        {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
      </Wait>
    </Page>
  )
}
