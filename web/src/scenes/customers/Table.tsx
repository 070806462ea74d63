import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { t } from '~/i18n'
import { Skeleton } from '~/parts/State'

/** `roomy`: only where there is room for it. */
export interface Column<T> { id: string; head: string; wide: string; right?: boolean; roomy?: boolean; cell: (x: T) => ReactNode }

/** A long list as rows: only what is seen is drawn, the next page comes by itself, arrows or j and k walk, Enter opens. */
export function Table<T extends { id: string }>({ label, columns: all, items, open, more, loading, line }: {
  label: string; columns: Column<T>[]; items: T[]; open: (x: T) => void; more?: () => void; loading: boolean; line: (x: T) => ReactNode
}) {
  const scroll = useRef<HTMLDivElement>(null)
  const phone = typeof matchMedia !== 'undefined' && matchMedia('(max-width:767px)').matches
  const narrow = typeof matchMedia !== 'undefined' && matchMedia('(max-width:1199px)').matches
  const columns = narrow ? all.filter((c) => !c.roomy) : all
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => scroll.current, estimateSize: () => (phone ? 72 : 40), overscan: 10, getItemKey: (i) => items[i]!.id })
  const drawn = rows.getVirtualItems()
  const last = drawn.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && last >= items.length - 10) more()
  }, [more, last, items.length])
  const walk = (e: KeyboardEvent<HTMLDivElement>) => {
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[e.key]
    if (!by) return
    e.preventDefault()
    const at = Number((e.target as HTMLElement).dataset.at ?? -1) + by
    if (at < 0 || at >= items.length) return
    rows.scrollToIndex(at, { align: 'auto' })
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-at="${at}"]`)?.focus({ preventScroll: true }))
  }
  const grid = { gridTemplateColumns: columns.map((c) => c.wide).join(' ') }
  return (
    <div className="ctable" role="table" aria-label={label} aria-rowcount={items.length + 1}>
      <div className="crow chead not-phone" role="row" style={grid}>{columns.map((c) => <span key={c.id} role="columnheader" className={c.right ? 'r' : undefined}>{c.head}</span>)}</div>
      <div className="cscroll" ref={scroll} onKeyDown={walk} role="rowgroup">
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {drawn.map((v) => {
            const x = items[v.index]!
            return (
              <div key={v.key} role="row" aria-rowindex={v.index + 2} tabIndex={0} data-at={v.index} className="crow" style={{ ...(phone ? {} : grid), height: v.size, transform: `translateY(${v.start}px)` }}
                onClick={(e) => { if (!(e.target as HTMLElement).closest('a,button')) open(x) }}
                onKeyDown={(e) => { if (e.key === 'Enter' && e.target === e.currentTarget) { e.preventDefault(); open(x) } }}>
                {phone ? <div role="cell" className="cline">{line(x)}</div> : columns.map((c) => <span key={c.id} role="cell" className={c.right ? 'r' : 'ell'}>{c.cell(x)}</span>)}
              </div>
            )
          })}
        </div>
        {loading && <div style={{ padding: '12px 24px', display: 'grid', gap: 16 }} role="status" aria-label={t('common.loading')}>{[60, 72, 54].map((w) => <Skeleton key={w} width={`${w}%`} />)}</div>}
      </div>
    </div>
  )
}
