import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { BASE } from '~/api/client'
import type { ID } from '~/api/types'
import { named, t, type Key } from '~/i18n'
import { exact } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { errorsQuery, fetchFile, importQuery, keptQuery, move, previewQuery, targetsQuery, type Import } from '~/stores/exchange'
import { useMe, useNames } from '~/stores/session'
import { Columns } from './Columns'
import { Bar, Chip, problemOf, said } from './pieces'
import { Steps } from './Steps'

/** An import from its columns to its undoing. The server knows where it stands. */
export function ImportWizard({ id }: { id: ID }) {
  const query = useQuery(importQuery(id))
  const i = query.data
  const [columns, setColumns] = useState(true)
  const before = i && ['uploaded', 'checking', 'checked'].includes(i.state)
  const at = !before ? 4 : columns && i.state === 'uploaded' ? 2 : 3
  return (
    <Page title={i?.name ?? t('exch.imports')} help={i && `${t(`exch.what.${i.what}` as Key)} · ${t('exch.rows', { n: i.total })}`} wide actions={i && ['uploaded', 'checked'].includes(i.state) ? <Button look="q" onClick={() => void move(i.id, 'cancel')}>{t('imp.discard')}</Button> : undefined}>
      <Wait query={query}>
        {i && <>
          <Steps at={at} />
          {before && <Earlier i={i} />}
          {at === 2 && <Columns i={i} onDone={() => setColumns(false)} />}
          {at === 3 && <Preview i={i} onBack={() => setColumns(true)} />}
          {at === 4 && <Work i={i} />}
        </>}
      </Wait>
    </Page>
  )
}

/** The same table has been here before: said early, and stops nobody. */
function Earlier({ i }: { i: Import }) {
  const me = useMe()
  const e = i.earlier
  if (!e) return null
  return (
    <p className="alert boxed amber row g8 wrap" role="alert">
      <Icon name="warn" size="s" />
      <span className="sp">{t('imp.earlier', { who: e.user?.name || t('who.unknown'), at: exact(e.at), created: e.created, updated: e.updated })}</span>
      {e.user?.id === me?.id && <Link className="link" to="/imports/$import" params={{ import: e.id }}>{t('imp.earlier.open')}</Link>}
    </p>
  )
}

/** What the rows will be, and what a dry run of all of them finds. */
function Preview({ i, onBack }: { i: Import; onBack: () => void }) {
  const query = useQuery(previewQuery(i))
  const targets = useQuery(targetsQuery(i.what)).data ?? []
  const undo = useNames().config.rules.undo_send_seconds
  const used = i.columns.flatMap((c, n) => (c ? [{ c, n: n + 1, name: named(targets.find((x) => x.key === c)?.name ?? i.headings[n]!) }] : []))
  const checked = i.state === 'checked' ? i.checked : undefined
  const done = i.checked ? i.checked.created + i.checked.updated + i.checked.skipped + i.checked.failed : 0
  return (
    <>
      <p className="t2 f13 lead">{t(i.total > 20 ? 'imp.preview.help' : 'imp.preview.all', { n: i.total })}</p>
      {used.some((u) => u.c === 'reply') && <p className="alert boxed amber" role="note"><Icon name="warn" size="s" /><span className="sp">{checked ? t('imp.replies', { n: checked.replies ?? 0 }) : t('imp.replies.some')}{` ${undo ? t('imp.replies.undo', { n: undo }) : t('imp.replies.never')}`}</span></p>}
      <Wait query={query}>
        <div className="scroll-x xpreview" tabIndex={0} role="region" aria-label={t('imp.step.3')}><table className="tbl">
          <thead><tr><th className="r">{t('imp.row')}</th><th>{t('imp.act')}</th>{used.map((u) => <th key={u.c}>{u.name}</th>)}</tr></thead>
          <tbody>{(query.data ?? []).map((row) => (
            <tr key={row.row} className={row.act === 'failed' ? 'bad' : undefined}>
              <td className="r t3 num">{row.row}</td>
              <td>{row.act === 'failed' ? <span className="red f12 xwhy">{row.problems.map(problemOf).join('；')}</span> : <Chip tone={row.act === 'created' ? 'green' : row.act === 'updated' ? 'blue' : ''}>{t(`imp.act.${row.act}` as Key, { match: row.match ?? '' })}</Chip>}</td>
              {used.map((u) => <td key={u.c} className={row.problems.some((p) => p.field === u.c) ? 'cellbad' : undefined}><span className="clamp">{row.values[u.c] ?? ''}</span></td>)}
            </tr>
          ))}</tbody>
        </table></div>
      </Wait>
      {checked && <><h2 className="h2">{t('imp.checked')}</h2><Figures of={checked} />{checked.failed > 0 && <Errors i={i} n={checked.failed} />}</>}
      {i.state === 'checking' && <div className="xwork"><b className="f13">{t('imp.checking', { done, total: i.total })}</b><Bar label={t('imp.progress')} done={done} total={i.total} /></div>}
      <footer className="row g8 wrap xfoot">
        <Button onClick={() => { onBack(); if (i.state === 'checked') void reopen(i) }} disabled={i.state === 'checking'}>{t('imp.back')}</Button>
        <span className="sp" />
        {i.state !== 'checking' && <Button look={checked ? undefined : 'p'} onClick={() => void move(i.id, 'check')} title={t('imp.check.help')}>{t('imp.check', { n: i.total })}</Button>}
        {i.state !== 'checking' && <Button look={checked ? 'p' : undefined} disabled={checked && checked.failed === i.total} onClick={() => void move(i.id, 'run')}>{t(`imp.run${i.earlier ? '.again' : ''}${i.what === 'batch' ? '.batch' : ''}` as Key, { n: checked ? i.total - checked.failed : i.total })}</Button>}
      </footer>
    </>
  )
}

const reopen = (i: Import): Promise<void> => import('~/stores/exchange').then((m) => m.setColumns(i.id, i.columns, i.options))

/** At work, or over: the figures, what failed, and the way back. */
function Work({ i }: { i: Import }) {
  const [asking, setAsking] = useState(false)
  const done = i.created + i.updated + i.skipped + i.failed
  const changed = i.created + i.updated
  return (
    <>
      <div className="row g8"><Chip tone={i.state === 'done' ? 'green' : i.state === 'failed' ? 'red' : i.state === 'paused' ? 'amber' : ''}>{t(`imp.state.${i.state}` as Key)}</Chip>{i.error_code && <span className="red f13">{said(i.error_code)}</span>}</div>
      {(i.state === 'running' || i.state === 'paused') && (
        <div className="xwork" role="status">
          <b className="f13">{t('imp.running', { done, total: i.total })}</b>
          <Bar label={t('imp.progress')} done={done} total={i.total} />
          <p className="t3 f12">{t('imp.leave')}</p>
          <div className="row g8">
            {i.state === 'running' ? <Button onClick={() => void move(i.id, 'pause')}>{t('imp.pause')}</Button> : <Button look="p" onClick={() => void move(i.id, 'run')}>{t('imp.resume')}</Button>}
            <Button look="q" onClick={() => void move(i.id, 'cancel')}>{t('imp.cancel')}</Button>
          </div>
        </div>
      )}
      {i.state === 'undoing' && <div className="xwork" role="status"><b className="f13">{t('imp.undoing', { done: i.undone + i.kept, total: changed })}</b><Bar label={t('imp.progress')} done={i.undone + i.kept} total={changed} /></div>}
      <Figures of={i} />
      {i.state === 'undone' && <p className="f13">{t('imp.undone', { n: i.undone })}</p>}
      {i.state === 'undone' && i.kept > 0 && <Kept i={i} />}
      {i.failed > 0 && <Errors i={i} n={i.failed} />}
      {(i.state === 'done' || i.state === 'cancelled') && changed > 0 && (asking ? (
        <div className="alert boxed row g8 wrap" role="alertdialog" aria-label={t('imp.undo')}>
          <span className="sp f13">{t('imp.undo.ask', { n: changed })}{i.what === 'ticket' && ` ${t('imp.undo.ticket')}`}{i.what === 'batch' && ` ${t('imp.undo.batch')}`}</span>
          <Button autoFocus look="danger" onClick={() => { setAsking(false); void move(i.id, 'undo') }}>{t('imp.undo')}</Button>
          <Button look="q" onClick={() => setAsking(false)}>{t('common.cancel')}</Button>
        </div>
      ) : <footer className="row g8 wrap xfoot"><Button icon="undo" onClick={() => setAsking(true)}>{t('imp.undo')}</Button><span className="sp" /><Link className="btn" to="/imports/$import" params={{ import: 'new' }}>{t('imp.again')}</Link></footer>)}
    </>
  )
}

function Figures({ of }: { of: { created: number; updated: number; skipped: number; failed: number } }) {
  return <dl className="figures xfigures">{(['created', 'updated', 'skipped', 'failed'] as const).map((k) => <div key={k}><dt>{t(`imp.count.${k}`)}</dt><dd className={k === 'failed' && of.failed ? 'red num' : 'num'}>{new Intl.NumberFormat().format(of[k])}</dd></div>)}</dl>
}

/** What taking back has left, by name, and which parts of it. */
function Kept({ i }: { i: Import }) {
  const query = useInfiniteQuery(keptQuery(i))
  const names = useNames()
  const rows = query.data?.pages.flatMap((p) => p.items) ?? []
  const part = (p: string) => { const f = names.config.fields.find((x) => `fields.${x.key}` === p); return f ? named(f.name) : t(`imp.part.${p}` as Key) }
  return (
    <section aria-label={t('imp.kept', { n: i.kept })}>
      <h2 className="h2">{t('imp.kept', { n: i.kept })}</h2>
      <Wait query={query}>
        <div className="scroll-x"><table className="tbl xerrors">
          <thead><tr><th className="r">{t('imp.row')}</th><th>{t('imp.kept.what')}</th><th>{t('imp.kept.why')}</th></tr></thead>
          <tbody>{rows.map((r) => (
            <tr key={r.row}>
              <td className="r num">{r.row}</td>
              <td>{!r.name ? <span className="t3">{t('imp.kept.away')}</span> : i.what === 'ticket' || i.what === 'batch' ? <Link className="tlink" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: r.object_id! }} search={{}}>{r.name}</Link> : r.name}</td>
              <td>{r.parts.length ? r.parts.map(part).join(t('imp.comma')) : said(r.code)}</td>
            </tr>
          ))}</tbody>
        </table></div>
        {query.hasNextPage && <div className="morebar"><Button look="q" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('studio.more')}</Button></div>}
      </Wait>
    </section>
  )
}

/** The rows that are not taken, by row and column, and as a file to mend. */
function Errors({ i, n }: { i: Import; n: number }) {
  const query = useInfiniteQuery(errorsQuery(i))
  const targets = useQuery(targetsQuery(i.what)).data ?? []
  const missing = (field?: string) => { const x = targets.find((y) => y.key === field); return x ? named(x.name) : '–' }
  const rows = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <section aria-label={t('imp.errors', { n })}>
      <h2 className="h2">{t(i.what === 'batch' ? 'imp.errors.batch' : 'imp.errors', { n })}<span className="sp" /><Button look="sm" icon="download" onClick={() => fetchFile(`${BASE}/imports/${i.id}/errors/file`)}>{t('imp.errors.file')}</Button></h2>
      <p className="t3 f12 lead">{t('imp.errors.help')}</p>
      <Wait query={query}>
        <div className="scroll-x"><table className="tbl xerrors">
          <thead><tr><th className="r">{t('imp.row')}</th><th>{t('imp.heading')}</th><th>{t('imp.problem')}</th></tr></thead>
          <tbody>{rows.flatMap((r) => r.problems.map((p, k) => (
            <tr key={`${r.row}-${k}`}><td className="r num">{k === 0 ? r.row : ''}</td><td>{p.column ? <><span className="t3 f12 num">{t('imp.column', { n: p.column })}</span>{' '}{i.headings[p.column - 1]}</> : missing(p.field)}</td><td><Icon name="warn" size="s" />{' '}{problemOf(p)}</td></tr>
          )))}</tbody>
        </table></div>
        {query.hasNextPage && <div className="morebar"><Button look="q" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('studio.more')}</Button></div>}
      </Wait>
    </section>
  )
}
