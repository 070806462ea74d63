import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Drawer } from 'antd'
import { useEffect, useSyncExternalStore } from 'react'
import { Problem } from '~/api/problem'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { useStore } from '~/stores/store'
import { selection } from '~/stores/bulk'
import { ticketQuery } from '~/stores/ticket'
import { timelineQuery } from '~/stores/message'
import { queries } from '~/stores/query'
import { listing, show, ui } from '~/stores/ui'
import { Care } from './Care'
import { Composer } from './Composer'
import { Header } from './Header'
import { Lightbox } from './Lightbox'
import { Panel } from './panels/Panel'
import { Side } from './Side'
import { Timeline } from './Timeline'
import { Orders } from './sla/Orders'
import { Alerts } from './understand/Alerts'
import { Triage } from './understand/Triage'
import './ticket.css'
import './understand/understand.css'

const narrow = typeof matchMedia === 'undefined' ? undefined : matchMedia('(max-width:1099px)')
export function useNarrow(): boolean {
  return useSyncExternalStore((f) => { narrow?.addEventListener('change', f); return () => narrow?.removeEventListener('change', f) }, () => narrow?.matches ?? false)
}

const small = typeof matchMedia === 'undefined' ? undefined : matchMedia('(max-width:767px)')
function usePhone(): boolean {
  return useSyncExternalStore((f) => { small?.addEventListener('change', f); return () => small?.removeEventListener('change', f) }, () => small?.matches ?? false)
}

/** One case on one screen: conversation, properties, customer. */
export function TicketScene({ id, view }: { id: string; view: string }) {
  const navigate = useNavigate()
  const { data: ticket, error, refetch } = useQuery(ticketQuery(id))
  const folded = useNarrow()
  const thumb = usePhone()
  const side = useStore(ui, (u) => u.side)
  const panel = useStore(ui, (u) => u.panel)
  const chosen = useStore(selection)
  // what j opens next is read while this one is being looked at
  useEffect(() => {
    const { ids } = listing.get()
    const next = ids[ids.indexOf(id) + 1]
    const soon = next ? setTimeout(() => void queries.prefetchInfiniteQuery(timelineQuery(next)), 200) : undefined
    return () => clearTimeout(soon)
  }, [id])
  useEffect(() => () => show({ panel: undefined, picker: undefined, side: false, compose: undefined, whyAgent: undefined }), [id])

  if (error && !ticket) {
    const gone = error instanceof Problem && (error.status === 404 || error.status === 403)
    return (
      <div className="conv none ticket-open">
        {gone ? (
          <EmptyState icon="search" title={t('ticket.gone')} help={t('ticket.gone.help')}><Button onClick={() => void navigate({ to: '/inbox/$view', params: { view }, search: true })}>{t('ticket.toList')}</Button></EmptyState>
        ) : <FailedState error={error} retry={() => void refetch()} />}
      </div>
    )
  }
  if (!ticket) return <Loading side={!folded} />
  return (
    <>
      <section className="conv ticket-open" data-ticket={id} aria-label={`${ticket.number} ${ticket.subject}`}>
        <Header ticket={ticket} view={view} folded={folded} />
        <Care ticket={ticket} />
        <Orders ticket={ticket} />
        <Triage ticket={ticket} />
        <Alerts ticket={ticket} />
        <Timeline ticket={ticket} />
        <Composer ticket={ticket} />
      </section>
      {folded ? (
        <Drawer open={side} onClose={() => show({ side: false })} placement={thumb ? 'bottom' : 'right'} size={thumb ? '82%' : 336} closable={false} mask={{ closable: true }} styles={{ body: { padding: 0 } }} rootClassName={thumb ? 'side-drawer sheet-up' : 'side-drawer'} getContainer={false}>
          {thumb && <button type="button" className="handle" aria-label={t('common.close')} onClick={() => show({ side: false })} />}
          <Side ticket={ticket} />
        </Drawer>
      ) : <Side ticket={ticket} />}
      <Lightbox />
      {panel && <Panel name={panel} ticket={ticket} ids={chosen.size ? [...chosen] : [ticket.id]} />}
    </>
  )
}

/** Shapes of the same size as what will come. */
function Loading({ side }: { side: boolean }) {
  return (
    <>
      <div className="conv ticket-open" aria-busy="true">
        <div className="hd"><Skeleton width="55%" height={24} /><div className="row g8" style={{ marginTop: 6 }}><Skeleton width={92} height={28} /><Skeleton width={84} height={28} /></div></div>
        <div className="tl" style={{ display: 'grid', gap: 16, alignContent: 'start', paddingTop: 16 }}><Skeleton width="62%" height={58} /><Skeleton width="40%" height={36} /></div>
      </div>
      {side && <aside className="side"><div style={{ display: 'grid', gap: 16, padding: '48px 0' }}>{[80, 60, 72, 50, 66].map((w) => <Skeleton key={w} width={`${w}%`} />)}</div></aside>}
    </>
  )
}
