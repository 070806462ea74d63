import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useRef, useState, type KeyboardEvent } from 'react'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { useDrag } from '~/parts/useDrag'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { copyWeek, draft, planQuery, publish, templatesQuery, type Day, type Leave, type PlanCell, type PlanItem, type PlanPerson, type ShiftTemplate } from '~/stores/plan'
import { can, useMe, useNames } from '~/stores/session'
import { itemText, ShiftChip } from './Chip'
import { add, dateOf, dayName, dayOf, monday, monthEnd, monthStart, range, spanName, weekdayName, weekend } from './days'
import { Fill } from './Fill'
import { NewShift } from './NewShift'

/** What is taken: a shift of the palette, or one that stands on a day. */
type Taken = { item: PlanItem | null; from?: { user_id: string; day: Day } }
export const asItem = (s: ShiftTemplate): PlanItem => ({ kind: 'shift', template_id: s.id, name: s.name, color: s.color, from: s.from, to: s.to, night: s.night })
const sent = (i: PlanItem): PlanItem => (i.kind === 'off' ? { kind: 'off' } : i.template_id ? { kind: 'shift', template_id: i.template_id } : i)

/** People down, days across; shifts are dragged, or set by a figure on the chosen day. */
export function PlanPage() {
  const { config } = useNames()
  const able = can(useMe(), 'roster.manage')
  const [view, setView] = useState<'week' | 'month'>('week')
  const [anchor, setAnchor] = useState<Day>(() => dayOf(new Date()))
  const [team, setTeam] = useState('')
  const [panel, setPanel] = useState<'fill' | 'shift'>()
  const [at, setAt] = useState<{ row: number; col: number }>({ row: 0, col: 0 })
  const grid = useRef<HTMLDivElement>(null)
  const from = view === 'week' ? monday(anchor) : monthStart(anchor)
  const to = view === 'week' ? add(from, 6) : monthEnd(anchor)
  const days = range(from, to)
  const query = useInfiniteQuery(planQuery(from, to, team || undefined))
  const templates = (useQuery(templatesQuery).data?.items ?? []).filter((s) => !s.retired)
  const people = query.data?.pages.flatMap((p) => p.people) ?? []
  const cells = new Map(query.data?.pages.flatMap((p) => p.cells.map((c) => [`${c.user_id}|${c.day}`, c] as const)) ?? [])
  const leaves = query.data?.pages.flatMap((p) => p.leaves) ?? []
  const drafts = [...cells.values()].filter((c) => c.drafted).length
  const today = dayOf(new Date())
  const itemsOf = (user: string, day: Day): PlanItem[] => cells.get(`${user}|${day}`)?.items ?? []
  const set = (user_id: string, day: Day, items: PlanItem[]) => void draft([{ user_id, day, items: items.map(sent) }], [{ user_id, day, items: itemsOf(user_id, day).map(sent) }])
  const [drag, take] = useDrag<Taken>((taken, over) => {
    const [user, day] = over.split('|') as [string, Day]
    const person = people.find((p) => p.user_id === user)
    if (!person?.manage || (taken.from?.user_id === user && taken.from.day === day)) return
    const next = { user_id: user, day, items: taken.item ? [sent(taken.item)] : [] }
    if (!taken.from) return set(user, day, next.items)
    // moved: gone where it was
    const left = { ...taken.from, items: [] }
    void draft([next, left], [{ user_id: user, day, items: itemsOf(user, day).map(sent) }, { ...taken.from, items: itemsOf(taken.from.user_id, taken.from.day).map(sent) }])
  })
  const press = (e: KeyboardEvent) => {
    const step = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<string, [number, number]>)[e.key]
    const person = people[at.row]
    const day = days[at.col]
    if (step) {
      const next = { row: Math.min(people.length - 1, Math.max(0, at.row + step[0])), col: Math.min(days.length - 1, Math.max(0, at.col + step[1])) }
      setAt(next)
      setTimeout(() => grid.current?.querySelector<HTMLElement>('[data-at]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }))
    } else if (!able || !person?.manage || !day || e.ctrlKey || e.metaKey) return
    else if (/^[1-9]$/.test(e.key) && templates[Number(e.key) - 1]) set(person.user_id, day, [asItem(templates[Number(e.key) - 1]!)])
    else if (e.key === '0') set(person.user_id, day, [{ kind: 'off' }])
    else if (e.key === 'Delete' || e.key === 'Backspace') set(person.user_id, day, [])
    else return
    e.preventDefault()
    e.stopPropagation()
  }
  const turn = (n: number) => setAnchor(view === 'week' ? add(anchor, 7 * n) : dayOf(new Date(dateOf(anchor).getFullYear(), dateOf(anchor).getMonth() + n, 1, 12)))
  return (
    <Page title={t('roster.page.plan')} wide actions={able && (
      <div className="row g8 wrap">
        {view === 'week' && <Button disabled={!people.length} onClick={() => void copyWeek(add(from, -7), from, people.filter((p) => p.manage).map((p) => p.user_id))}>{t('roster.copy')}</Button>}
        <Button icon="refresh" onClick={() => setPanel('fill')}>{t('roster.fill')}</Button>
        <Button look="p" disabled={drafts === 0} onClick={() => void publish(from, to, team || undefined)}>{t('roster.publish', { n: drafts })}</Button>
      </div>
    )}>
      <div className="row g8 wrap rosterbar">
        <IconButton icon="left" label={t('roster.back')} onClick={() => turn(-1)} /><Button look="sm" onClick={() => setAnchor(today)}>{t('roster.today')}</Button><IconButton icon="right" label={t('roster.forth')} onClick={() => turn(1)} />
        <b className="f13 nw">{spanName(from, to)}</b><span className="sp" />
        <span className="teamsel"><Select label={t('side.team')} value={team} choices={[{ id: '', text: t('roster.everybody') }, ...config.teams.map((x) => ({ id: x.id, text: x.name }))]} onChange={setTeam} /></span>
        <Segmented label={t('roster.view')} value={view} options={[['week', t('roster.week')], ['month', t('roster.month')]]} onChange={setView} />
      </div>
      {able && (
        <div className="palette-row" aria-label={t('roster.palette')} role="group">
          {templates.map((s, i) => <span key={s.id} className="pal" onPointerDown={take({ item: asItem(s) })}><span data-grip=""><ShiftChip item={asItem(s)} /></span>{i < 9 && <kbd aria-hidden="true">{i + 1}</kbd>}</span>)}
          <span className="pal" onPointerDown={take({ item: { kind: 'off' } })}><span data-grip=""><ShiftChip item={{ kind: 'off' }} /></span><kbd aria-hidden="true">{0}</kbd></span>
          <Button look="q sm" icon="plus" onClick={() => setPanel('shift')}>{t('roster.newShift')}</Button>
          <span className="f12 t3 not-phone">{t('roster.palette.help')}</span>
        </div>
      )}
      <Wait query={query}>
        {people.length === 0 ? <EmptyState icon="people" title={t('roster.nobody')} help={t('queue.nobody.help')} /> : (
          <div className="rgrid-wrap" ref={grid}>
            <div className={`rgrid ${view}`} role="grid" aria-label={t('roster.page.plan')} tabIndex={0} onKeyDown={press} style={{ gridTemplateColumns: `var(--who) repeat(${days.length},minmax(${view === 'week' ? 92 : 32}px,1fr))` }}>
              <div role="row" className="rr"><span role="columnheader" className="rh who">{t('queue.col.name')}</span>{days.map((d) => <span key={d} role="columnheader" className={['rh', weekend(d) && 'we', d === today && 'now'].filter(Boolean).join(' ')}>{view === 'week' ? dayName(d) : <><small>{weekdayName(d)}</small>{dateOf(d).getDate()}</>}</span>)}</div>
              {people.map((p, row) => (
                <div role="row" key={p.user_id} className="rr">
                  <span role="rowheader" className="rh who"><Avatar name={p.name} size="s" /><span className="ell">{p.name}</span></span>
                  {days.map((d, col) => <Cell key={d} person={p} day={d} cell={cells.get(`${p.user_id}|${d}`)} leave={onLeave(leaves, p.user_id, d)} small={view === 'month'} at={at.row === row && at.col === col} over={drag?.over === `${p.user_id}|${d}`} able={able && p.manage} take={take} onAt={() => setAt({ row, col })} />)}
                </div>
              ))}
            </div>
          </div>
        )}
        {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
      </Wait>
      {panel === 'fill' && <Fill people={people.filter((p) => p.manage)} templates={templates} from={from} to={to} close={() => setPanel(undefined)} />}
      {panel === 'shift' && <NewShift close={() => setPanel(undefined)} />}
      {drag && <div className="ghost" style={{ left: drag.x + 12, top: drag.y + 8 }}>{drag.item.item ? itemText(drag.item.item) : ''}</div>}
    </Page>
  )
}

export function onLeave(leaves: Leave[], user: string, day: Day): Leave | undefined {
  const [begin, end] = [new Date(`${day}T00:00:00`).getTime(), new Date(`${add(day, 1)}T00:00:00`).getTime()]
  return leaves.find((l) => l.user_id === user && Date.parse(l.from) < end && Date.parse(l.to) > begin)
}

function Cell({ person, day, cell, leave, small, at, over, able, take, onAt }: { person: PlanPerson; day: Day; cell?: PlanCell; leave?: Leave; small: boolean; at: boolean; over: boolean; able: boolean; take: (x: Taken) => (e: React.PointerEvent) => void; onAt: () => void }) {
  const items = cell?.items ?? []
  const text = [...items.map(itemText), leave && t(leave.state === 'approved' ? 'roster.leave.on' : 'roster.leave.asked', { kind: t(`leave.kind.${leave.kind}`) }), cell?.drafted && t('roster.draft')].filter(Boolean).join(t('common.comma'))
  return (
    <div role="gridcell" aria-selected={at} aria-label={`${person.name} ${dayName(day)} ${text || t('roster.free')}`} data-drop={`${person.user_id}|${day}`} data-at={at || undefined} onClick={onAt}
      className={['rc', weekend(day) && 'we', at && 'at', over && 'over', leave && 'leave', cell?.drafted && 'drafted'].filter(Boolean).join(' ')}>
      {items.map((x, i) => <span key={i} className="rci" data-grip="" onPointerDown={able ? take({ item: x, from: { user_id: person.user_id, day } }) : undefined}><ShiftChip item={x} small={small} draft={cell?.drafted} /></span>)}
      {leave && <span className="lv ell" title={t(leave.state === 'approved' ? 'roster.leave.on' : 'roster.leave.asked', { kind: t(`leave.kind.${leave.kind}`) })}>{small ? '·' : t(`leave.kind.${leave.kind}`)}{!small && leave.state === 'requested' && ' ?'}</span>}
      {cell?.drafted && items.length === 0 && <i className="gone" title={t('roster.draft.gone')} />}
    </div>
  )
}
