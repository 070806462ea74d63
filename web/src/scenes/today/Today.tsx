import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { link } from '~/api/live'
import { t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { channelName } from '~/parts/Glyph'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { Segmented } from '~/scenes/intelligence/frame'
import { boardQuery, exportURL, type Board } from '~/stores/report'
import { can, useMe, useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { complain } from '~/stores/toast'
import { Definition, figureOf, Figures, type Open } from './Figures'
import { Filters } from './Filters'
import { clockOf, Hours, HourTable, Legend, passed } from './Hours'
import { Ages, lineName, Lines, type By } from './Lines'
import { picture } from './picture'
import { behindOf, questionOf, type TodaySearch } from './search'
import { figureName, ofNow, whole } from './text'
import { Tickets } from './Tickets'
import { Wall } from './Wall'
import './today.css'

/** 今日看板: the day as it is now, each figure with its definition and its tickets. */
export function Today() {
  const search = useSearch({ strict: false }) as TodaySearch
  const navigate = useNavigate()
  const me = useMe()
  const query = useQuery({ ...boardQuery(questionOf(search)), enabled: can(me, 'report.read') })
  const [by, setBy] = useState<By>('department')
  const [table, setTable] = useState(false)
  const b = query.data
  const go = useCallback((next: TodaySearch) => void navigate({ to: '/today', search: next as never, replace: true }), [navigate])
  const shut = { show: undefined, hour: undefined, age: undefined, line: undefined, of: undefined }
  const set = (change: Partial<TodaySearch>) => go(clean({ ...search, ...shut, ...change }))
  const open: Open = (figure, more) => go(clean({ ...search, ...shut, ...(more as Partial<TodaySearch>), show: figure }))
  const leave = useCallback(() => {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined)
    const { tv: _, ...rest } = search
    go(rest)
  }, [go, search])
  if (!can(me, 'report.read')) return <main className="sheet" id="main"><EmptyState icon="lock" title={t('today.forbidden')} help={t('today.forbidden.help')} /></main>
  if (search.tv) return <Wall b={b} title={t('today.title')} leave={leave} />
  const wall = () => {
    void document.documentElement.requestFullscreen?.().catch(() => undefined)
    go({ ...search, ...shut, tv: 1 })
  }
  const behind = behindOf(search)
  return (
    <main className="sheet today" id="main">
      <header className="tdtop">
        <h1>{t('today.title')}</h1>
        <Filters b={b} search={search} set={set} />
        <span className="sp" />
        <Live b={b} />
        <IconButton icon="file" label={t('today.print')} className="not-phone" onClick={() => print()} />
        {can(me, 'export') && <Export b={b} search={search} />}
        <Button icon="screen" className="not-phone" onClick={wall}>{t('today.tv')}</Button>
      </header>
      <div className="tdscroll">
        {query.error && !b ? <FailedState error={query.error} retry={() => void query.refetch()} /> : !b ? <Bones /> : (
          <>
            {b.filling && <p className="alert boxed tdfill" role="status">{t('today.filling', { done: b.filling.done, total: b.filling.total })}</p>}
            {query.error && <p className="alert boxed tdfill amber" role="status">{t('today.old')}</p>}
            <Figures b={b} open={open} />
            <div className="tdmid">
              <section className="tdch" aria-label={t('today.hours')}>
                <div className="tdh"><h2><Definition b={b} f={figureOf(b, 'created')} open={open}>{t('today.hours')}</Definition></h2><Legend b={b} /><span className="sp" />
                  <IconButton icon={table ? 'chart' : 'list'} small on={table} label={t(table ? 'today.asChart' : 'today.asTable')} aria-pressed={table} onClick={() => setTable(!table)} /></div>
                {table ? <HourTable b={b} open={open} /> : b.channels.length === 0 && b.hours.every((h) => h.previous === 0) ? <EmptyState icon="chart" title={t('today.empty')} help={t(b.live ? 'today.empty.help' : 'today.empty.past')} /> : <Hours b={b} open={open} />}
              </section>
              <section className="tdbk" aria-label={t('today.ages')}>
                <div className="tdh"><h2><Definition b={b} f={figureOf(b, 'backlog')} open={open}>{ofNow(b, 'backlog', t('today.ages'))}</Definition></h2><span className="t3">{whole(figureOf(b, 'backlog').tickets)}</span><span className="sp" />{figureOf(b, 'backlog').tickets > 0 && <button type="button" className="link f13" onClick={() => open('backlog')}>{t('today.open')}</button>}</div>
                <Ages b={b} open={open} />
              </section>
            </div>
            <section className="tddp" aria-label={t(`today.by.${by}` as Key)}>
              <div className="tdh"><Segmented label={t('today.by')} value={by} options={[['department', t('today.by.department')], ['agent', t('today.by.agent')]]} onChange={setBy} /><span className="sp" /><span className="f12 t3 not-phone">{t('today.click')}</span></div>
              <Lines b={b} by={by} open={open} />
            </section>
            <p className="tdfoot f12 t3">{t('today.zone', { zone: b.zone, at: clockOf(b, true) })}{' '}{t('today.notFrozen')}</p>
          </>
        )}
      </div>
      {behind && <Tickets key={JSON.stringify(behind)} behind={behind} title={titleOf(b, search)} total={totalOf(b, search)} close={() => go(clean({ ...search, ...shut }))} />}
    </main>
  )
}

const clean = (s: TodaySearch): TodaySearch => Object.fromEntries(Object.entries(s).filter(([, v]) => v !== undefined))

/** What the list beside the board is of: the figure, and which part of it. */
function titleOf(b: Board | undefined, s: TodaySearch): string {
  const parts = [figureName(s.show!)]
  if (s.age) parts.push(t(`today.age.${s.age}` as Key))
  if (s.hour) parts.push(b?.hours.find((h) => h.at === s.hour)?.label ?? '')
  if (s.of && s.line) {
    const l = (s.of === 'department' ? b?.departments : b?.agents)?.find((x) => (x.id ?? 'none') === s.line)
    if (l) parts.push(lineName(s.of, l))
  }
  return parts.filter(Boolean).join(' · ')
}

/** How many there are; of a line of a table only its list knows. */
const totalOf = (b: Board | undefined, s: TodaySearch): number | undefined =>
  !b || s.line ? undefined : s.age ? b.ages.find((a) => a.key === s.age)?.count : s.hour ? b.hours.find((h) => h.at === s.hour)?.created : figureOf(b, s.show!).tickets

function Live({ b }: { b: Board | undefined }) {
  const up = useStore(link) === 'live'
  if (!b) return null
  if (b.until) return <span className="f12 t3 nw">{t('today.asOf', { at: clockOf({ ...b, at: b.until }) })}</span>
  if (passed(b) === undefined) return <span className="f12 t3 nw">{t('today.past')}</span>
  return <span className="f12 t3 row g6 nw tdlive"><i className={up ? 'sdot online' : 'sdot offline'} />{t(up ? 'today.live' : 'queue.stale', { at: clockOf(b, true) })}</span>
}

const tables = ['figures', 'hours', 'ages', 'departments', 'agents'] as const

/** Charts that go out as pictures too. */
const pictures = ['hours', 'ages'] as const

function Export({ b, search }: { b: Board | undefined; search: TodaySearch }) {
  const q = questionOf(search)
  const names = useNames()
  const of = [names.config.departments.find((x) => x.id === search.department)?.name, search.team && names.team(search.team), search.agent && names.staff(search.agent), search.channel && channelName(search.channel), search.type && names.type(search.type)].filter(Boolean).join(' · ')
  const fetchFile = (id: string) => {
    const a = document.createElement('a')
    a.href = id === 'xlsx' ? exportURL(q, 'xlsx') : exportURL(q, 'csv', id)
    a.download = ''
    a.click()
  }
  return (
    <Pop placement="bottomRight" content={(close) => (
      <ChoiceList label={t('today.export')} choices={[{ id: 'xlsx', text: t('today.export.xlsx') }, ...tables.map((x) => ({ id: x, text: t('today.export.csv', { name: t(`today.table.${x}` as Key) }) })), ...(b ? pictures.map((x) => ({ id: `png-${x}`, text: t('today.export.png', { name: t(`today.table.${x}` as Key) }) })) : [])]} onChoose={(id) => { close(); if (id.startsWith('png-')) void picture(id.slice(4) as (typeof pictures)[number], b!, of).catch(complain); else fetchFile(id) }} />
    )}>
      <Button icon="download" aria-haspopup="listbox">{t('today.export')}</Button>
    </Pop>
  )
}

function Bones() {
  return (
    <div role="status" aria-busy="true" aria-label={t('common.loading')}>
      <div className="tdkpi">{Array.from({ length: 8 }, (_, i) => <div key={i}><Skeleton width={64} /><div style={{ height: 12 }} /><Skeleton width={88} height={24} /><div style={{ height: 8 }} /><Skeleton width={96} /></div>)}</div>
      <div className="tdmid"><div className="tdch" style={{ height: 304, paddingTop: 24 }}><Skeleton height={240} /></div><div className="tdbk" style={{ paddingTop: 24, display: 'grid', gap: 24 }}>{[90, 70, 60, 40, 20, 10].map((w) => <Skeleton key={w} width={`${w}%`} height={16} />)}</div></div>
    </div>
  )
}
