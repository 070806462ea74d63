import { memo, useRef, useState, type MouseEvent, type PointerEvent as Press } from 'react'
import type { Sort, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { useDrag } from '~/parts/useDrag'
import type { Column } from '~/stores/prefs'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { refused } from '~/stores/ticket'
import { columnName, offered, shapes, type Shape } from './columns'
import { openMenu } from './RowMenu'
import { isUnread, type RowsProps } from './TicketList'
import { useWindow } from './useRows'

export interface TableState { columns: Column[]; sort: Sort; onColumns: (columns: Column[]) => void; onSort: (sort: Sort) => void }

const LEAST = 48
const HEAD = 28

/** Where a column stands after it was dropped beside another. */
export function movedColumn(columns: Column[], key: string, over: string, place: 'before' | 'into' | 'after'): Column[] {
  const taken = columns.find((c) => c.key === key)
  if (!taken || key === over || !columns.some((c) => c.key === over)) return columns
  const rest = columns.filter((c) => c.key !== key)
  const to = rest.findIndex((c) => c.key === over)
  const behind = place === 'after' || (place === 'into' && columns.indexOf(taken) < columns.findIndex((c) => c.key === over))
  return rest.toSpliced(to + (behind ? 1 : 0), 0, taken)
}

/** The list as a table: columns by choice, moved and sized by pointer or keys. */
export function TicketTable({ items, at, more, state, chosen, onPress, onChoose, onKey, tail }: RowsProps & { state: TableState }) {
  const names = useNames()
  const refusals = useStore(refused)
  const view = useWindow(items, 40, at, more, HEAD)
  const [sizing, setSizing] = useState<{ key: string; width: number }>()
  const cols = shapes(state.columns, names).map((c) => (sizing?.key === c.key ? { ...c, width: sizing.width } : c))
  const grid = `32px ${cols.map((c) => `${c.width}px`).join(' ')} minmax(24px,1fr)`
  const width = 56 + cols.reduce((n, c) => n + c.width, 0)
  const [drag, take] = useDrag<string>((key, over, place) => state.onColumns(movedColumn(state.columns, key, over, place)))
  const size = (key: string, w: number) => state.onColumns(state.columns.map((c) => (c.key === key ? { key, width: Math.max(LEAST, Math.round(w)) } : c)))
  const whole = items.length > 0 && items.every((x) => chosen.has(x.id))
  return (
    <div className="rows cols" ref={view.scroll} role="grid" aria-label={t('list.table')} aria-rowcount={more.can ? -1 : items.length} aria-multiselectable="true" tabIndex={0} aria-activedescendant={at >= 0 ? `row-${items[at]!.id}` : undefined} onKeyDown={onKey}>
      <div className="th" role="row" style={{ gridTemplateColumns: grid, minWidth: width }}>
        <span role="columnheader" className="pickall"><input type="checkbox" aria-label={t('list.chooseAll')} checked={whole} onChange={() => items.forEach((x) => { if (chosen.has(x.id) === whole) onChoose(x.id, false) })} /></span>
        {cols.map((c) => (
          <Head key={c.key} col={c} state={state} dropped={drag?.over === c.key && drag.item !== c.key ? drag.place : undefined} dragging={drag?.item === c.key} take={take(c.key)} onSize={setSizing} onSized={(w) => { setSizing(undefined); size(c.key, w) }} />
        ))}
        <span role="columnheader" className="thend"><Pop placement="bottomRight" content={() => <Chooser state={state} />}><IconButton icon="columns" small label={t('list.columns')} /></Pop></span>
      </div>
      <div role="rowgroup" style={{ height: view.height, position: 'relative', minWidth: width }}>
        {view.drawn.map((v) => {
          const x = items[v.index]!
          return <Row key={v.key} ticket={x} index={v.index} top={v.start} grid={grid} cols={cols} on={v.index === at} chosen={chosen.has(x.id)} unread={isUnread(x, undefined)} refused={refusals.has(x.id)} signature={`${grid}${names.config.version}`} onPress={onPress} onChoose={onChoose} />
        })}
      </div>
      {tail}
    </div>
  )
}

interface RowOf { ticket: Ticket; index: number; top: number; grid: string; cols: Shape[]; on: boolean; chosen: boolean; unread: boolean; refused: boolean; /** Changes when the columns do. */ signature: string; onPress: (id: string, e: MouseEvent) => void; onChoose: (id: string, range: boolean) => void }

const Row = memo(function Row({ ticket, index, top, grid, cols, on, chosen, unread, refused: bad, onPress, onChoose }: RowOf) {
  return (
    <div id={`row-${ticket.id}`} role="row" aria-rowindex={index + 2} aria-selected={on || chosen} className={['trow', on && 'on', chosen && 'chosen', unread && 'un', bad && 'refused'].filter(Boolean).join(' ')}
      style={{ gridTemplateColumns: grid, transform: `translateY(${top}px)` }} onClick={(e) => onPress(ticket.id, e)} onContextMenu={(e) => openMenu(ticket.id, e)}>
      <span role="gridcell" className="pick"><input type="checkbox" aria-label={t('list.choose', { number: ticket.number })} checked={chosen} tabIndex={-1} onChange={() => undefined} onClick={(e) => { e.stopPropagation(); onChoose(ticket.id, e.shiftKey) }} /></span>
      {cols.map((c) => <span key={c.key} role="gridcell" className="td">{c.cell(ticket)}</span>)}
    </div>
  )
}, (a, b) => a.ticket === b.ticket && a.top === b.top && a.on === b.on && a.chosen === b.chosen && a.unread === b.unread && a.refused === b.refused && a.signature === b.signature && a.cols.length === b.cols.length && a.cols.every((c, i) => c.key === b.cols[i]!.key) && a.onPress === b.onPress)

function Head({ col, state, dropped, dragging, take, onSize, onSized }: { col: Shape; state: TableState; dropped?: string; dragging: boolean; take: (e: Press) => void; onSize: (s: { key: string; width: number }) => void; onSized: (width: number) => void }) {
  const from = useRef<{ x: number; width: number }>(undefined)
  const down = state.sort === `-${col.sort}`
  const up = col.sort !== undefined && state.sort === col.sort
  const place = state.columns.findIndex((c) => c.key === col.key)
  // what is due first, is least far off: that is where one begins
  const turn = () => col.sort && state.onSort(col.sort === 'due' ? (up ? '-due' : 'due') : down ? col.sort : `-${col.sort}`)
  const menu = (close: () => void) => (
    <ChoiceList label={col.name} choices={[
      ...(col.sort ? [{ id: 'up', text: t(`sort.${col.sort}`), on: up }, { id: 'down', text: t(`sort.-${col.sort}`), on: down }] : []),
      { id: 'left', text: t('column.left'), disabled: place === 0 }, { id: 'right', text: t('column.right'), disabled: place === state.columns.length - 1 },
      { id: 'wider', text: t('column.wider') }, { id: 'narrower', text: t('column.narrower') }, { id: 'hide', text: t('column.hide'), disabled: state.columns.length === 1 },
    ]} onChoose={(id) => {
      if (id !== 'wider' && id !== 'narrower') close()
      switch (id) {
        case 'up': return state.onSort(col.sort!)
        case 'down': return state.onSort(`-${col.sort!}`)
        case 'wider': return onSized(col.width + 24)
        case 'narrower': return onSized(col.width - 24)
        case 'hide': return state.onColumns(state.columns.filter((c) => c.key !== col.key))
      }
      const other = state.columns[place + (id === 'left' ? -1 : 1)]
      if (other) state.onColumns(movedColumn(state.columns, col.key, other.key, id === 'left' ? 'before' : 'after'))
    }} />
  )
  const pull = (e: Press) => {
    e.preventDefault()
    e.stopPropagation()
    from.current = { x: e.clientX, width: col.width }
    ;(e.target as HTMLElement).setPointerCapture(e.pointerId)
  }
  const at = (e: Press) => Math.max(LEAST, from.current!.width + e.clientX - from.current!.x)
  return (
    <span role="columnheader" aria-sort={up ? 'ascending' : down ? 'descending' : undefined} data-drop={col.key} className={['hc', dragging && 'dragging', dropped && `drop-${dropped}`].filter(Boolean).join(' ')} onPointerDown={(e) => e.currentTarget.contains(e.target as Node) && take(e)}>
      <button type="button" className="hn ell" disabled={!col.sort} onClick={turn}>{col.name}</button>
      {(up || down) && <span className={up ? 'dir up' : 'dir'}><Icon name="down" size="s" /></span>}
      <Pop placement="bottomRight" content={menu}><button type="button" className="hm" aria-label={t('column.menu', { name: col.name })} onPointerDown={(e) => e.stopPropagation()}><Icon name="dots" size="s" /></button></Pop>
      <span className="hs" aria-hidden="true" onPointerDown={pull} onPointerMove={(e) => from.current && onSize({ key: col.key, width: at(e) })} onPointerUp={(e) => { if (from.current) onSized(at(e)); from.current = undefined }} />
    </span>
  )
}

/** Which columns are shown; a new one comes last. */
export function Chooser({ state }: { state: TableState }) {
  const names = useNames()
  const on = (key: string) => state.columns.some((c) => c.key === key)
  return (
    <ChoiceList label={t('list.columns')} multiple search choices={offered(names).map((key) => ({ id: key, text: columnName(key, names), on: on(key) }))}
      onChoose={(key) => (on(key) ? state.columns.length > 1 && state.onColumns(state.columns.filter((c) => c.key !== key)) : state.onColumns([...state.columns, { key }]))} />
  )
}
