import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { locale, messages, t, type Key } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { When } from '~/parts/When'
import { exact } from '~/i18n/format'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { useNames } from '~/stores/session'
import { deedsFile, deedsQuery, type Deed, type DeedFilter } from '~/stores/system'
import './system.css'

const all: DeedFilter = { actor: '', kind: '', from: '', to: '', subject: '' }
const nouns = ['session', 'view', 'token', 'user', 'role', 'team', 'department', 'skill', 'type', 'field', 'category', 'substatus', 'code', 'rules', 'tenant', 'ticket_view', 'sla_policy', 'calendar', 'holidays', 'routing', 'routing_profile', 'roster', 'agent_state', 'notify_channel', 'notify_template', 'understanding', 'language_models', 'audit'] as const

/** A word of the catalogue, or what the server calls it. */
const word = (key: string, otherwise: string): string => (key in messages() ? t(key as Key) : otherwise)

/** What was done, in words: "session.opened" by its two halves, an operation of the door by its own name. */
export function deedText(kind: string): string {
  const whole = word(`deed.${kind}`, '')
  if (whole) return whole
  const [noun = '', what = ''] = kind.split('.')
  return what ? `${word(`deed.noun.${noun}`, noun)} · ${word(`deed.what.${what}`, what)}` : kind.replaceAll('-', ' ')
}

/** 审计记录: who did what to people, rights and settings, from where, and what it was before. */
export function Audit() {
  const { config } = useNames()
  const [filter, setFilter] = useState<DeedFilter>(all)
  const [open, setOpen] = useState<string>()
  const query = useInfiniteQuery(deedsQuery(filter))
  const deeds = query.data?.pages.flatMap((p) => p.items) ?? []
  const set = (part: Partial<DeedFilter>) => setFilter({ ...filter, ...part })
  const filtered = JSON.stringify(filter) !== JSON.stringify(all)
  return (
    <Page title={t('admin.audit')} help={t('audit.help')} wide actions={<a className="btn" href={deedsFile(filter)} download="audit.csv"><Icon name="download" />{t('audit.export')}</a>}>
      <div className="row g8 wrap bar2" role="search" aria-label={t('audit.filter')}>
        <span className="fsel"><Select label={t('audit.who')} value={filter.actor} text={filter.actor ? config.staff.find((s) => s.id === filter.actor)?.name : t('audit.anyone')} choices={[{ id: '', text: t('audit.anyone') }, ...config.staff.map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))]} onChange={(actor) => set({ actor })} /></span>
        <span className="fsel"><Select label={t('audit.what')} value={filter.kind} text={filter.kind ? t(`deed.noun.${filter.kind.slice(0, -1)}` as Key) : t('audit.anything')} choices={[{ id: '', text: t('audit.anything') }, ...nouns.map((n) => ({ id: `${n}.`, text: t(`deed.noun.${n}`) }))]} onChange={(kind) => set({ kind })} /></span>
        <span className="row g8 f12 t2"><span aria-hidden="true">{t('audit.from')}</span><When kind="day" small label={t('audit.from')} value={filter.from} max={filter.to} onChange={(from) => set({ from })} /></span>
        <span className="row g8 f12 t2"><span aria-hidden="true">{t('audit.to')}</span><When kind="day" small label={t('audit.to')} value={filter.to} min={filter.from} onChange={(to) => set({ to })} /></span>
        {filter.subject && <span className="chip">{t('audit.ofOne')}<button type="button" aria-label={t('common.clear')} onClick={() => set({ subject: '' })}><Icon name="close" size="s" /></button></span>}
        {filtered && <Button look="q" onClick={() => setFilter(all)}>{t('common.clear')}</Button>}
      </div>
      <Wait query={query}>
        {deeds.length === 0 ? <EmptyState icon="history" title={t(filtered ? 'audit.none.filter' : 'audit.none')} help={t(filtered ? 'who.none.filter' : 'audit.none.help')} /> : (
          <div className="scroll-x"><table className="tbl rows40 deeds">
            <thead><tr><th scope="col">{t('audit.when')}</th><th scope="col">{t('audit.who')}</th><th scope="col">{t('audit.what')}</th><th scope="col">{t('audit.object')}</th><th scope="col">{t('audit.where')}</th></tr></thead>
            <tbody>{deeds.map((d) => <Row key={d.id} deed={d} open={open === d.id} toggle={() => setOpen(open === d.id ? undefined : d.id)} only={(part) => set(part)} />)}</tbody>
          </table></div>
        )}
        {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('audit.more')}</Button></div>}
      </Wait>
    </Page>
  )
}

interface Told { changes?: { field: string; path?: string[]; from?: unknown; to?: unknown }[]; fields?: string[]; [more: string]: unknown }

function Row({ deed, open, toggle, only }: { deed: Deed; open: boolean; toggle: () => void; only: (part: Partial<DeedFilter>) => void }) {
  const told = (deed.data ?? {}) as Told
  const { changes = [], fields = [], ...rest } = told
  const who = deed.actor_name ?? t(deed.actor_kind === 'system' ? 'audit.system' : 'who.unknown')
  const more = changes.length + fields.length + Object.keys(rest).length > 0 || !!deed.operation
  const short = changes.length ? [...new Set(changes.map((c) => word(`deed.field.${c.field}`, c.field)))].join(t('common.and')) : fields.map((f) => word(`deed.field.${f}`, f)).join(t('common.and'))
  return (
    <>
      <tr className={open ? 'on' : undefined}>
        <td className="tn"><Time at={deed.at} /></td>
        <td><button type="button" className="row g8" title={t('audit.only', { name: who })} disabled={!deed.actor_id} onClick={() => only({ actor: deed.actor_id ?? '' })}><Avatar name={who} size="s" />{who}</button></td>
        <td className="long"><button type="button" className="row g8 wrap" aria-expanded={open} disabled={!more} onClick={toggle}>{more && <Icon name={open ? 'down' : 'right'} size="s" />}<span>{deedText(deed.kind)}</span>{short && <span className="t3 f12">{short}</span>}</button></td>
        <td>{deed.name ? <button type="button" className="ell objname" title={t('audit.only', { name: deed.name })} disabled={!deed.subject_id} onClick={() => only({ subject: deed.subject_id ?? '' })}>{deed.name}</button> : <span className="t3">{'–'}</span>}</td>
        <td className="t3 tn">{deed.addr}</td>
      </tr>
      {open && (
        <tr className="deedmore"><td colSpan={5}>
          <dl className="corrdl f13">
            <dt className="t3">{t('audit.when')}</dt><dd className="tn">{exact(deed.at)}</dd>
            {deed.operation && <><dt className="t3">{t('audit.operation')}</dt><dd className="mono">{deed.operation}</dd></>}
            {deed.credential && <><dt className="t3">{t('audit.credential')}</dt><dd className="mono">{deed.credential}</dd></>}
            {fields.length > 0 && <><dt className="t3">{t('audit.fields')}</dt><dd>{fields.map((f) => word(`deed.field.${f}`, f)).join(t('common.and'))}</dd></>}
            {Object.entries(rest).map(([k, v]) => <DataRow key={k} name={k} value={v} />)}
          </dl>
          {changes.length > 0 && <table className="tbl changes"><thead><tr><th scope="col">{t('audit.field')}</th><th scope="col">{t('audit.before')}</th><th scope="col">{t('audit.after')}</th></tr></thead>
            <tbody>{changes.map((c, i) => <tr key={i}><th scope="row"><Place of={[c.field, ...(c.path ?? [])]} /></th><td><Value value={c.from} /></td><td><Value value={c.to} /></td></tr>)}</tbody></table>}
        </td></tr>
      )}
    </>
  )
}

const DataRow = ({ name, value }: { name: string; value: unknown }) => <><dt className="t3">{word(`deed.field.${name}`, name)}</dt><dd><Value value={value} /></dd></>

/** The name behind an id of the house's people and units. */
function useCalled(): (x: string) => string {
  const names = useNames()
  return (x) => names.staff(x) || names.team(x) || names.config.departments.find((d) => d.id === x)?.name || x
}

/** The way to what was changed: the field, and the part of it. */
function Place({ of }: { of: string[] }) {
  const called = useCalled()
  const said = (x: string, i: number) => (of[i - 1] === 'week' && /^[0-6]$/.test(x) ? weekday(Number(x)) : word(`deed.field.${x}`, keyText(x) ?? called(x)))
  return <>{of.map(said).join(' › ')}</>
}

const words = ['deed.value.', 'status.', 'priority.', 'channel.', 'sla.metric.', 'strategy.', 'mode.', 'cfg.kind.', 'slap.reopen.', 'notify.kind.', 'who.reach.']
/** What the server keeps as a key of its own, as the pages call it. */
const keyText = (x: string): string | undefined => (/^[a-z][a-z_]*$/.test(x) ? words.map((p) => word(p + x, '')).find(Boolean) : undefined)

const weekday = (i: number): string => new Intl.DateTimeFormat(locale(), { weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(2023, 0, 1 + i))
const isRange = (x: unknown): x is { from: string; to: string } => !!x && typeof x === 'object' && Object.keys(x).sort().join() === 'from,to' && Object.values(x).every((v) => /^\d\d:\d\d$/.test(String(v)))
const hoursText = (day: unknown): string => (Array.isArray(day) ? day : []).map((r: { from: string; to: string }) => `${r.from}–${r.to}`).join(t('common.and')) || t('deed.value.closed')
/** The hours of a week: seven lists of ranges, from Sunday on. */
const isWeek = (x: unknown): x is unknown[] => Array.isArray(x) && x.length === 7 && x.every((d) => Array.isArray(d) && d.every(isRange)) && x.some((d) => (d as unknown[]).length > 0)

/** A value as plain as it can be said; what has an inside is said part by part. */
function Value({ value }: { value: unknown }) {
  const called = useCalled()
  if (value === undefined || value === null || value === '') return <span className="t3">{t('common.none')}</span>
  if (typeof value === 'boolean') return <>{t(value ? 'common.yes' : 'common.no')}</>
  if (typeof value === 'object') {
    const pair = value as { zh?: unknown; en?: unknown }
    if (Object.keys(value).every((k) => k === 'zh' || k === 'en')) return <>{[pair.zh, pair.en].filter(Boolean).join(' / ')}</>
    if (isWeek(value)) return <dl className="parts">{[1, 2, 3, 4, 5, 6, 0].map((i) => <div key={i}><dt className="t3">{weekday(i)}</dt><dd className="tn">{hoursText(value[i])}</dd></div>)}</dl>
    if (Array.isArray(value) && value.length > 0 && value.every(isRange)) return <span className="tn">{hoursText(value)}</span>
    if (isRange(value)) return <span className="tn">{hoursText([value])}</span>
    if (Array.isArray(value) && value.every((x) => typeof x === 'string')) return <>{value.map((x) => keyText(x) ?? called(x)).join(t('common.and')) || t('common.none')}</>
    if (Array.isArray(value)) return <ol className="parts">{value.map((x, i) => <li key={i}><Value value={x} /></li>)}</ol>
    return <dl className="parts">{Object.entries(value).filter(([k, v]) => k !== 'id' && v !== null && v !== '' && !(Array.isArray(v) && v.length === 0)).map(([k, v]) => <div key={k}><dt className="t3"><Place of={[k]} /></dt><dd><Value value={v} /></dd></div>)}</dl>
  }
  const text = String(value)
  return <>{keyText(text) ?? called(text)}</>
}
