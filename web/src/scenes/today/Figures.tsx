import { Tooltip } from 'antd'
import type { ReactNode } from 'react'
import { t, type Key } from '~/i18n'
import { StateDot } from '~/app/state/StateMenu'
import { Pop } from '~/parts/Pop'
import { stateName, states } from '~/stores/roster'
import type { Board, Figure, FigureKey } from '~/stores/report'
import { figureName, ofNow, previousText, share, took, value, whole, worse } from './text'

export type Open = (figure: FigureKey, more?: { hour?: string; age?: string; line?: string; of?: 'department' | 'agent' }) => void

export const figureOf = (b: Board, key: FigureKey): Figure => b.figures.find((f) => f.key === key) ?? { key, unit: 'tickets', tickets: 0, definition: 1 }

/** 口径: what a figure counts, of what time, what it leaves out. */
export function Definition({ b, f, open, below, children }: { b: Board; f: Figure; open?: Open; /** Leaves room for the figure that stands below its name. */ below?: number; children: ReactNode }) {
  const previous = previousText(b, f)
  const title = (
    <div className="tdtip">
      <b className="f13">{figureName(f.key)}</b>
      <p>{t(`today.def.${f.key}` as Key)}</p>
      {f.whole !== undefined && <p className="dim">{t('today.def.parts', { part: whole(f.part ?? 0), whole: whole(f.whole) })}</p>}
      {f.original !== undefined && f.original !== f.value && <p className="dim">{t('today.def.original', { share: share(f.original) })}</p>}
      {f.business_seconds !== undefined && <p className="dim">{t('today.def.business', { time: took(f.business_seconds) })}</p>}
      <p className="dim">{t(`today.def.${f.key}.not` as Key)}</p>
      {previous && <p className="dim">{previous}</p>}
      <p className="end">{open && f.tickets > 0 && <button type="button" tabIndex={-1} onClick={() => open(f.key)}>{t('today.open.n', { n: f.tickets })}</button>}<span className="dim">{t('today.def.version', { n: f.definition })}</span></p>
    </div>
  )
  return <Tooltip title={title} arrow={false} mouseEnterDelay={0.2} mouseLeaveDelay={below ? 0.4 : 0.1} align={below ? { offset: [0, below] } : undefined} trigger={['hover', 'focus']} placement="bottomLeft" classNames={{ root: 'tdtiproot' }}><button type="button" className="meaning" aria-label={t('today.def.of', { name: figureName(f.key) })}>{children}</button></Tooltip>
}

/** A number that opens the tickets behind it. */
export function Count({ n, text, onOpen, label, look }: { n: number; text?: string; onOpen: () => void; label: string; look?: string }) {
  const words = text ?? whole(n)
  if (n === 0) return <span className={text !== undefined && text !== '–' ? look : look?.includes('big') ? 'big t3' : 't3'}>{words}</span>
  return <button type="button" className={look ? `num ${look}` : 'num'} aria-label={label} onClick={onOpen}>{words}</button>
}

/** The row of figures. */
export function Figures({ b, open }: { b: Board; open: Open }) {
  const cell = (key: FigureKey, small: ReactNode) => {
    const f = figureOf(b, key)
    return (
      <div key={key} data-figure={key}>
        <Definition b={b} f={f} open={open} below={68}>{ofNow(b, key, figureName(key))}</Definition>
        <Count n={f.tickets} text={value(f, f.value)} onOpen={() => open(key)} label={t('today.open.of', { name: figureName(key), value: value(f, f.value), n: f.tickets })} look={worse(f) ? 'big amber' : 'big'} />
        <small>{small}</small>
      </div>
    )
  }
  const before = (key: FigureKey) => previousText(b, figureOf(b, key))
  const overdue = figureOf(b, 'overdue')
  const slow = figureOf(b, 'first_response_p90')
  return (
    <div className="tdkpi" role="group" tabIndex={0} aria-label={t('today.figures')}>
      {cell('created', before('created'))}
      {cell('solved', before('solved'))}
      {cell('backlog', overdue.tickets > 0 ? <button type="button" className="num red" onClick={() => open('overdue')}>{t('today.overdue.n', { n: overdue.tickets })}</button> : t('today.overdue.none'))}
      {cell('first_response', slow.value === undefined ? '' : <button type="button" className="num" onClick={() => open('first_response_p90')} title={t('today.def.first_response_p90')}>{t('today.p90', { time: value(slow, slow.value) })}</button>)}
      {cell('sla', before('sla'))}
      {cell('repeat', before('repeat'))}
      {cell('reopened', before('reopened'))}
      <OnlineCell b={b} />
    </div>
  )
}

/** Who is there now, by state. */
function OnlineCell({ b }: { b: Board }) {
  const by = states.map((s) => ({ s, n: b.online.filter((x) => x.state === s).length })).filter((x) => x.n > 0)
  const online = by.find((x) => x.s === 'online')?.n ?? 0
  const rest = by.filter((x) => x.s !== 'online')
  return (
    <div data-figure="online">
      <Tooltip title={<div className="tdtip"><b className="f13">{t('today.online')}</b><p>{t('today.def.online')}</p></div>} arrow={false} mouseEnterDelay={0.2} align={{ offset: [0, 68] }} trigger={['hover', 'focus']} placement="bottomRight" classNames={{ root: 'tdtiproot' }}><button type="button" className="meaning" aria-label={t('today.def.of', { name: t('today.online') })}>{ofNow(b, 'online', t('today.online'))}</button></Tooltip>
      {b.online.length === 0 ? <span className="big t3">{'0'}</span> : (
        <Pop placement="bottomRight" width={240} content={() => (
          <ul className="tdonline" aria-label={t('today.online')}>{b.online.map((x) => <li key={x.id}><StateDot state={x.state} /><span className="sp ell">{x.name}</span><span className="t3">{stateName(x.state)}</span></li>)}</ul>
        )}>
          <button type="button" className="num big" aria-haspopup="dialog" aria-label={t('today.online.who', { n: b.online.length })}>{whole(online)}</button>
        </Pop>
      )}
      <small>{rest.map((x) => t('today.online.state', { state: stateName(x.s), n: x.n })).join(' · ') || (b.online.length ? '' : t('today.online.none'))}</small>
    </div>
  )
}
