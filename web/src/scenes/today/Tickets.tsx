import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { ChannelIcon, PriorityBars, StatusGlyph, statusName } from '~/parts/Glyph'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import { behindQuery, type Behind } from '~/stores/report'
import { whole } from './text'

/** The tickets behind a figure, beside the board. */
export function Tickets({ behind, title, total, close }: { behind: Behind; title: string; total?: number; close: () => void }) {
  const query = useInfiniteQuery(behindQuery(behind))
  const pages = query.data?.pages ?? []
  const items = pages.flatMap((p) => p.items as Ticket[])
  const hidden = pages.reduce((n, p) => n + p.hidden, 0)
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    box.current?.focus({ preventScroll: true })
    return () => before?.isConnected ? before.focus({ preventScroll: true }) : undefined
  }, [])
  const step = (by: number) => {
    const links = [...(box.current?.querySelectorAll<HTMLElement>('li a') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLElement)
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus()
  }
  return (
    <section ref={box} className="tdpanel" role="dialog" aria-label={title} tabIndex={-1} onKeyDown={(e) => {
      const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[e.key]
      if (e.key === 'Escape') close()
      else if (by && !e.ctrlKey && !e.metaKey) step(by)
      else return
      e.preventDefault()
      e.stopPropagation()
    }}>
      <header className="row g8"><h2 className="sp ell">{title}</h2>{total !== undefined && <span className="t3 f13">{whole(total)}</span>}<IconButton icon="close" label={t('common.close')} keys="Escape" onClick={close} /></header>
      <div className="scroll">
        {query.error && !pages.length ? <FailedState error={query.error} retry={() => void query.refetch()} />
          : query.isPending ? <div aria-busy="true" style={{ padding: 16, display: 'grid', gap: 24 }}>{[80, 90, 70, 85].map((w) => <Skeleton key={w} width={`${w}%`} height={14} />)}</div>
          : items.length + hidden === 0 ? <EmptyState icon="inbox" title={t('today.behind.none')} help={t('today.behind.none.help')} />
          : (
            <>
              <ul>{items.map((x) => (
                <li key={x.id}>
                  <Link to="/inbox/$view/$ticket" params={{ view: 'all', ticket: x.id }} search={{}}>
                    <span className="row g8"><PriorityBars priority={x.priority} /><span className="sp ell">{x.subject || t('ticket.noSubject')}</span><span className="t3 f12"><Time at={x.created_at} /></span></span>
                    <span className="row g6 f12 t3"><ChannelIcon channel={x.channel} /><span className="ell">{[x.requester?.name, x.number].filter(Boolean).join(' · ')}</span><span className="sp" /><span className="row g4 nw"><StatusGlyph status={x.status} />{statusName(x.status)}</span><span className="nw">{x.assignee?.name ?? t('common.nobody')}</span></span>
                  </Link>
                </li>
              ))}</ul>
              {hidden > 0 && <p className="f12 t3 hid">{t('today.behind.hidden', { n: hidden })}</p>}
              {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t(query.isFetchingNextPage ? 'common.loading' : 'common.more')}</Button></div>}
            </>
          )}
      </div>
    </section>
  )
}
