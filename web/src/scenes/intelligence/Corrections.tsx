import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { Correction, DecisionField } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { decidedFields, fieldName, percent } from '~/scenes/ticket/understand/values'
import { correctionsQuery } from '~/stores/intelligence'
import { createStore, useStore } from '~/stores/store'
import { Page, Segmented, useLabel, Wait } from './frame'

type Span = 'yesterday' | 'week' | 'month'
const key = (c: Correction) => c.id

/** Looked at on this page today; it is gone with the tab, the corrections are not. */
const looked = createStore<ReadonlySet<string>>(new Set())

/** From when on: yesterday means since yesterday's midnight of the reader. */
export function since(span: Span, now: Date): string {
  const d = new Date(now.getFullYear(), now.getMonth(), now.getDate() - { yesterday: 1, week: 7, month: 30 }[span])
  return d.toISOString()
}

export function Corrections() {
  const navigate = useNavigate()
  const label = useLabel()
  const [span, setSpan] = useState<Span>('yesterday')
  const [field, setField] = useState<DecisionField | ''>('')
  const from = useMemo(() => since(span, new Date()), [span])
  const query = useInfiniteQuery(correctionsQuery(from, field))
  const items = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data])
  const [at, setAt] = useState(0)
  const seen = useStore(looked)
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => setAt(0), [span, field])
  useEffect(() => {
    if (items.length) list.current?.focus({ preventScroll: true })
  }, [items.length])
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const c = items[at]
  const groups = new Map<string, { field: string; from: string; to: string; n: number }>()
  for (const x of items) {
    const k = `${x.field}|${x.from}|${x.to}`
    const g = groups.get(k) ?? { field: x.field, from: x.from, to: x.to, n: 0 }
    g.n++
    groups.set(k, g)
  }
  const often = [...groups.values()].filter((g) => g.n > 1).toSorted((a, b) => b.n - a.n).slice(0, 6)
  const open = (x: Correction) => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: x.ticket.id }, search: {} })
  const mark = (x: Correction) => looked.set((old) => new Set([...old, key(x)]))
  const press = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !c) return
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[e.key]
    if (by) setAt(Math.min(items.length - 1, Math.max(0, at + by)))
    else if (e.key === ' ' || e.key === 'x') { mark(c); setAt(Math.min(items.length - 1, at + 1)) }
    else if (e.key === 'Enter' || e.key === 'o') open(c)
    else return
    e.preventDefault()
  }
  const done = items.filter((x) => seen.has(key(x))).length
  return (
    <Page title={t('studio.corrections')} help={items.length ? t('corr.done', { done, n: items.length }) : t('corr.help')} wide>
      <div className="row g8 wrap bar2">
        <Segmented label={t('corr.span')} value={span} options={[['yesterday', t('corr.yesterday')], ['week', t('corr.week')], ['month', t('corr.month')]]} onChange={setSpan} />
        <Segmented label={t('acc.field')} value={field} options={[['', t('corr.all')], ...decidedFields.slice(0, 3).map((f) => [f, fieldName(f)] as const)]} onChange={setField} />
        <span className="sp" /><span className="row g4 f12 t3 not-phone"><Kbd keys="j" /><Kbd keys="k" />{t('inbox.pick.keys')}<Kbd keys="x" />{t('corr.mark')}<Kbd keys="Enter" />{t('corr.open')}</span>
      </div>
      {often.length > 0 && <div className="row g4 wrap often"><span className="f12 t3">{t('corr.often')}</span>{often.map((g) => <span key={`${g.field}${g.from}${g.to}`} className="chip">{t('corr.pair', { from: label(g.field, g.from), to: label(g.field, g.to), n: g.n })}</span>)}</div>}
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="check" title={t('corr.none')} help={t('corr.none.help')} /> : (
          <div className="halves corr">
            <div ref={list} className="corrlist" role="listbox" aria-label={t('studio.corrections')} tabIndex={0} aria-activedescendant={c ? `corr-${c.id}` : undefined} onKeyDown={press}>
              {items.map((x, i) => (
                <div key={key(x)} id={`corr-${x.id}`} role="option" aria-selected={i === at} className={['corrrow', i === at && 'on', seen.has(key(x)) && 'seen'].filter(Boolean).join(' ')} onClick={() => setAt(i)}>
                  <div className="row g6 f13"><span className="t3 nw f12">{fieldName(x.field)}</span><span className="ell was">{label(x.field, x.from)}</span><Icon name="right" size="s" /><b className="ell">{label(x.field, x.to)}</b></div>
                  <div className="row g8 f12 t3"><span className="ell sp">{x.ticket.subject || t('brief.hidden', { number: x.ticket.number })}</span>{seen.has(key(x)) && <Icon name="check" size="s" label={t('corr.seen')} />}<span className="nw">{x.by.name}</span><Time at={x.at} /></div>
                </div>
              ))}
              {query.hasNextPage && <Button look="q" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('studio.more')}</Button>}
            </div>
            {c && (
              <div className="detail" aria-live="polite">
                <div className="f12 t3">{t('corr.said', { number: c.ticket.number })}</div>
                <h2 className="h2">{c.ticket.subject}</h2>
                <p className="f13 corrtext">{c.text}</p>
                <dl className="corrdl f13">
                  <dt className="t3">{t('corr.from')}</dt><dd><span className="aim" aria-hidden="true" />{label(c.field, c.from)}{' '}<span className="t3">{percent(c.confidence)}</span></dd>
                  <dt className="t3">{t('corr.to')}</dt><dd><b>{label(c.field, c.to)}</b></dd>
                  <dt className="t3">{t('corr.by')}</dt><dd>{c.by.name}{' · '}<Time at={c.at} as="clock" /></dd>
                </dl>
                <div className="row g8"><Button look="p lg" keys="Enter" onClick={() => open(c)}>{t('corr.open')}</Button><Button look="lg" keys="x" onClick={() => { mark(c); setAt(Math.min(items.length - 1, at + 1)); list.current?.focus() }}>{t('corr.mark')}</Button></div>
              </div>
            )}
          </div>
        )}
      </Wait>
    </Page>
  )
}
