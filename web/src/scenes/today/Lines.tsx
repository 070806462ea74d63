import { t, type Key } from '~/i18n'
import { StateDot } from '~/app/state/StateMenu'
import { Avatar } from '~/parts/Avatar'
import { EmptyState } from '~/parts/State'
import { stateName } from '~/stores/roster'
import type { Board, BoardLine, FigureKey } from '~/stores/report'
import { Count, Definition, figureOf, type Open } from './Figures'
import { figureName, ofNow, share, took, value, whole } from './text'

export type By = 'department' | 'agent'

/** The last hours of what came, as a line. */
export function Spark({ list }: { list: number[] }) {
  const top = Math.max(1, ...list)
  const points = list.map((n, i) => `${(2 + (i * 68) / Math.max(1, list.length - 1)).toFixed(1)},${(17 - (n / top) * 14).toFixed(1)}`).join(' ')
  return <svg width="72" height="20" viewBox="0 0 72 20" role="img" aria-label={t('today.spark', { list: list.map(whole).join(t('common.and')) })}><polyline fill="none" stroke="var(--text-3)" strokeWidth="1.5" strokeLinejoin="round" points={points} /></svg>
}

interface Column { key: FigureKey; of: (l: BoardLine) => { n: number; text?: string; look?: string } }

const rate = (v: number | undefined): string => (v === undefined ? '–' : share(v))
const columns: Record<By, Column[]> = {
  department: [
    { key: 'created', of: (l) => ({ n: l.created }) },
    { key: 'solved', of: (l) => ({ n: l.solved }) },
    { key: 'backlog', of: (l) => ({ n: l.backlog }) },
    { key: 'first_response', of: (l) => ({ n: l.answered, text: l.first_response_seconds === undefined ? '–' : took(l.first_response_seconds) }) },
    { key: 'sla', of: (l) => ({ n: l.sla === undefined || l.sla === 1 ? 0 : 1, text: rate(l.sla), ...(l.sla !== undefined && l.sla < 0.9 ? { look: 'amber' } : {}) }) },
    { key: 'overdue', of: (l) => ({ n: l.overdue, ...(l.overdue > 1 ? { look: 'red' } : {}) }) },
    { key: 'reopened', of: (l) => ({ n: l.reopened, text: rate(l.reopen_rate) }) },
    { key: 'repeat', of: (l) => ({ n: l.repeat, text: rate(l.repeat_rate) }) },
  ],
  agent: [
    { key: 'solved', of: (l) => ({ n: l.solved }) },
    { key: 'message_out', of: (l) => ({ n: l.message_out }) },
    { key: 'first_response', of: (l) => ({ n: l.answered, text: l.first_response_seconds === undefined ? '–' : took(l.first_response_seconds) }) },
    { key: 'sla', of: (l) => ({ n: l.sla === undefined || l.sla === 1 ? 0 : 1, text: rate(l.sla), ...(l.sla !== undefined && l.sla < 0.9 ? { look: 'amber' } : {}) }) },
    { key: 'backlog', of: (l) => ({ n: l.backlog }) },
    { key: 'overdue', of: (l) => ({ n: l.overdue, ...(l.overdue > 1 ? { look: 'red' } : {}) }) },
    { key: 'reopened', of: (l) => ({ n: l.reopened, text: rate(l.reopen_rate) }) },
    { key: 'repeat', of: (l) => ({ n: l.repeat, text: rate(l.repeat_rate) }) },
  ],
}

export const lineName = (by: By, l: BoardLine): string => l.name || t(l.id ? 'today.gone' : (`today.without.${by}` as Key))

/** 部门 and 坐席: a line each, every number opens its tickets. */
export function Lines({ b, by, open, most = 1000 }: { b: Board; by: By; open?: Open; most?: number }) {
  const lines = by === 'department' ? b.departments : b.agents
  if (!lines.length) return <EmptyState icon={by === 'agent' ? 'people' : 'tree'} title={t(`today.none.${by}` as Key)} help={t('today.none.help')} />
  return (
    <div className="scroll-x" tabIndex={0} role="group" aria-label={t(`today.by.${by}` as Key)}>
      <table className={`tdtable ${by}`}>
        <thead><tr>
          <th>{t(`today.by.${by}` as Key)}</th>
          {by === 'department' ? <th>{t('today.recent')}</th> : <th>{t('today.state')}</th>}
          {columns[by].map((c) => { const name = ofNow(b, c.key, t(`today.col.${c.key}` as Key)); return <th key={c.key} className="r">{open ? <Definition b={b} f={figureOf(b, c.key)} open={open}>{name}</Definition> : name}</th> })}
        </tr></thead>
        <tbody>
          {lines.slice(0, most).map((l) => (
            <tr key={l.id ?? 'none'}>
              <td><span className="row g8">{by === 'agent' && <Avatar name={l.name ?? ''} size="s" />}<span className="ell">{lineName(by, l)}</span></span></td>
              <td>{by === 'department' ? l.recent && <Spark list={l.recent} /> : l.state && <span className="row g6 t2"><StateDot state={l.state} />{stateName(l.state)}</span>}</td>
              {columns[by].map((c) => {
                const x = c.of(l)
                const text = x.text ?? whole(x.n)
                return <td key={c.key} className="r">{open ? <Count {...x} label={t('today.open.line', { name: lineName(by, l), figure: figureName(c.key), value: text })} onOpen={() => open(c.key, { of: by, line: l.id ?? 'none' })} /> : <span className={x.n === 0 && x.text === undefined ? 't3' : x.look}>{text}</span>}</td>
              })}
            </tr>
          ))}
          <tr className="sum">
            <td>{t('today.total')}</td><td />
            {columns[by].map((c) => { const f = figureOf(b, c.key); const text = value(f, f.value); return <td key={c.key} className="r">{open ? <Count n={f.tickets} text={text} look="" label={t('today.open.of', { name: figureName(c.key), value: text, n: f.tickets })} onOpen={() => open(c.key)} /> : text}</td> })}
          </tr>
        </tbody>
      </table>
      {lines.length > most && <p className="f12 t3">{t('today.more', { n: lines.length - most })}</p>}
    </div>
  )
}

/** 积压时长: what waits now by how long ago it came. */
export function Ages({ b, open }: { b: Board; open?: Open }) {
  const most = Math.max(1, ...b.ages.map((a) => a.count))
  const fill = (key: string) => (key === 'older' ? 'var(--red)' : key === '7d' ? 'var(--amber)' : 'var(--c2)')
  return (
    <div className="tdages" role="group" aria-label={t('today.ages')}>
      {b.ages.map((a) => {
        const name = t(`today.age.${a.key}` as Key)
        const inside = <><span className="t2">{name}</span><i><i style={{ width: `${(100 * a.count) / most}%`, background: fill(a.key) }} /></i><span className="r">{whole(a.count)}</span></>
        return open && a.count > 0 ? <button key={a.key} type="button" className="br" aria-label={t('today.open.of', { name: `${t('today.backlog')} ${name}`, value: whole(a.count), n: a.count })} onClick={() => open('backlog', { age: a.key })}>{inside}</button> : <div key={a.key} className="br">{inside}</div>
      })}
    </div>
  )
}
