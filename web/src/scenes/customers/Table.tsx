import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { t } from '~/i18n'
import { Skeleton } from '~/parts/State'

/** `roomy`: only where there is room for it. */
export interface Column<T> { id: string; head: string; wide: string; right?: boolean; roomy?: boolean; cell: (x: T) => ReactNode }

/** Which rows are chosen, and the words for choosing one. */
export interface Choosing<T> { chosen: ReadonlySet<string>; toggle: (x: T) => void; label: (x: T) => string }

/** A long list as rows: only what is seen is drawn, the next page comes by itself, arrows or j and k walk, Enter opens, x chooses. */
export function Table<T extends { id: string }>({ label, columns: all, items, open, more, loading, line, choosing }: {
  label: string; columns: Column<T>[]; items: T[]; open: (x: T) => void; more?: () => void; loading: boolean; line: (x: T) => ReactNode; choosing?: Choosing<T>
}) {
  const scroll = useRef<HTMLDivElement>(null)
  const phone = typeof matchMedia !== 'undefined' && matchMedia('(max-width:767px)').matches
  const narrow = typeof matchMedia !== 'undefined' && matchMedia('(max-width:1199px)').matches
  const columns = narrow ? all.filter((c) => !c.roomy) : all
  const getItemKey = useCallback((i: number) => items[i]!.id, [items])
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => scroll.current, estimateSize: () => (phone ? 72 : 40), overscan: 10, getItemKey })
  const drawn = rows.getVirtualItems()
  const last = drawn.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && last >= items.length - 10) more()
  }, [more, last, items.length])
  const go = (at: number) => {
    if (at < 0 || at >= items.length) return
    rows.scrollToIndex(at, { align: 'auto' })
    const row = () => scroll.current?.querySelector<HTMLElement>(`[data-at="${at}"]`)
    const drawn = row()
    // what is drawn has the focus before the next key comes
    if (drawn) drawn.focus({ preventScroll: true })
    else requestAnimationFrame(() => row()?.focus({ preventScroll: true }))
  }
  const walk = (e: KeyboardEvent<HTMLDivElement>) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    const at = Number((e.target as HTMLElement).closest<HTMLElement>('[data-at]')?.dataset.at ?? -1)
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[e.key]
    if (e.key === 'x' && choosing && items[at]) choosing.toggle(items[at])
    else if (by) go(at + by)
    else return
    e.preventDefault()
  }
  // with the focus nowhere, j begins at the top
  const first = useRef(go)
  first.current = go
  useEffect(() => {
    const press = (e: globalThis.KeyboardEvent) => {
      if (e.target !== document.body || e.ctrlKey || e.metaKey || e.altKey || !['j', 'ArrowDown'].includes(e.key)) return
      e.preventDefault()
      e.stopPropagation()
      first.current(0)
    }
    // before the keys of the whole app, for which j is the next ticket
    document.addEventListener('keydown', press, true)
    return () => document.removeEventListener('keydown', press, true)
  }, [])
  const choose = choosing && !phone ? choosing : undefined
  const grid = { gridTemplateColumns: [...(choose ? ['16px'] : []), ...columns.map((c) => c.wide)].join(' ') }
  return (
    <div className="ctable" role="table" aria-label={label} aria-busy={loading || undefined} aria-rowcount={items.length + 1}>
      <div className="crow chead not-phone" role="row" style={grid}>{choose && <span role="columnheader"><span className="hide">{t('action.select')}</span></span>}{columns.map((c) => <span key={c.id} role="columnheader" className={c.right ? 'r' : undefined}>{c.head}</span>)}</div>
      <div className="cscroll" ref={scroll} onKeyDown={walk} role="rowgroup" aria-busy={loading || undefined}>
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {drawn.map((v) => {
            const x = items[v.index]!
            return (
              <div key={v.key} role="row" aria-rowindex={v.index + 2} tabIndex={0} data-at={v.index} aria-selected={choose ? choose.chosen.has(x.id) : undefined} className={choose?.chosen.has(x.id) ? 'crow chosen' : 'crow'} style={{ ...(phone ? {} : grid), height: v.size, transform: `translateY(${v.start}px)` }}
                onClick={(e) => { if (!(e.target as HTMLElement).closest('a,button,label')) open(x) }}
                onKeyDown={(e) => { if (e.key === 'Enter' && e.target === e.currentTarget) { e.preventDefault(); open(x) } }}>
                {phone ? <div role="cell" className="cline">{line(x)}</div> : <>{choose && <span role="cell"><label className="cpick"><input type="checkbox" tabIndex={-1} aria-label={choose.label(x)} checked={choose.chosen.has(x.id)} onChange={() => choose.toggle(x)} /></label></span>}{columns.map((c) => <span key={c.id} role="cell" className={c.right ? 'r' : 'ell'}>{c.cell(x)}</span>)}</>}
              </div>
            )
          })}
        </div>
        {loading && <div style={{ padding: '12px 24px', display: 'grid', gap: 16 }} role="status" aria-label={t('common.loading')}>{[60, 72, 54].map((w) => <Skeleton key={w} width={`${w}%`} />)}</div>}
      </div>
    </div>
  )
}
