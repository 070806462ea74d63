import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Run } from '~/api/types'
import { t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { BriefLink } from '~/scenes/ticket/understand/Similar'
import { cellQuery } from '~/stores/intelligence'
import { number, useLabel } from './frame'

const MOST = 14

/** What was taken for what: each cell opens its tickets. */
export function Confusion({ run }: { run: Run }) {
  const label = useLabel()
  const [cell, setCell] = useState<{ actual: string; predicted: string }>()
  const cells = run.report!.confusion
  const weight = new Map<string, number>()
  for (const c of cells) if (c.actual !== c.predicted) for (const v of [c.actual, c.predicted]) weight.set(v, (weight.get(v) ?? 0) + c.n)
  for (const c of cells) if (!weight.has(c.actual)) weight.set(c.actual, 0)
  // the labels that are confused most; a hundred of them would say nothing
  const shown = [...weight].toSorted((a, b) => b[1] - a[1]).slice(0, MOST).map(([v]) => v)
  const at = (actual: string, predicted: string) => cells.find((c) => c.actual === actual && c.predicted === predicted)?.n ?? 0
  const top = Math.max(1, ...cells.filter((c) => c.actual !== c.predicted).map((c) => c.n))
  const wrong = cells.filter((c) => c.actual !== c.predicted && c.n > 0).toSorted((a, b) => b.n - a.n).slice(0, 6)
  if (!shown.length) return null
  return (
    <section aria-label={t('conf.title')}>
      <h2 className="h2">{t('conf.title')}<span className="t3 f12">{t('conf.help')}</span></h2>
      {wrong.length > 0 && <div className="row g4 wrap" style={{ marginBottom: 12 }}>{wrong.map((c) => <button key={`${c.actual}:${c.predicted}`} type="button" className="chip" onClick={() => setCell(c)}>{t('conf.pair', { actual: label(run.field, c.actual), predicted: label(run.field, c.predicted), n: c.n })}</button>)}</div>}
      <div className="confwrap">
        <div className="scroll-x"><table className="conf">
          <thead><tr><th className="t3">{t('conf.axis')}</th>{shown.map((p) => <th key={p} scope="col" title={label(run.field, p)}><span>{label(run.field, p).split(' › ').at(-1)}</span></th>)}</tr></thead>
          <tbody>
            {shown.map((a) => (
              <tr key={a}>
                <th scope="row" className="ell" title={label(run.field, a)}>{label(run.field, a).split(' › ').at(-1)}</th>
                {shown.map((p) => { const n = at(a, p); return (
                  <td key={p}>{n > 0 ? <button type="button" className={a === p ? 'same' : 'wrong'} style={a === p ? undefined : { ['--share' as string]: `${Math.round(12 + (60 * n) / top)}%` }} aria-pressed={cell?.actual === a && cell.predicted === p} aria-label={t('conf.cell', { actual: label(run.field, a), predicted: label(run.field, p), n })} onClick={() => setCell({ actual: a, predicted: p })}>{number(n)}</button> : <span className="t3" aria-hidden="true">{'·'}</span>}</td>
                ) })}
              </tr>
            ))}
          </tbody>
        </table></div>
        {cell && <Cell run={run} {...cell} onClose={() => setCell(undefined)} />}
      </div>
      {weight.size > MOST && <p className="f12 t3">{t('conf.more', { n: MOST, all: weight.size })}</p>}
    </section>
  )
}

function Cell({ run, actual, predicted, onClose }: { run: Run; actual: string; predicted: string; onClose: () => void }) {
  const label = useLabel()
  const list = useQuery(cellQuery(run.id, actual, predicted))
  return (
    <aside className="cell" aria-label={t('conf.tickets')}>
      <div className="row g8"><b className="f13 sp">{actual === predicted ? label(run.field, actual) : t('conf.of', { actual: label(run.field, actual), predicted: label(run.field, predicted) })}</b><IconButton icon="close" small label={t('common.close')} onClick={onClose} /></div>
      {list.isPending && <div style={{ display: 'grid', gap: 12, padding: '8px 0' }}><Skeleton /><Skeleton width="70%" /></div>}
      {list.error && <FailedState error={list.error} retry={() => void list.refetch()} />}
      {list.data?.items.length === 0 && <EmptyState title={t('conf.none')} help={t('conf.none.help')} />}
      {list.data?.items.map((x) => <BriefLink key={x.id} ticket={x} />)}
    </aside>
  )
}
