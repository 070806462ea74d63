import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Meaning, number, Page, percent1, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { adherenceQuery, type AdherenceDay, type Day } from '~/stores/plan'
import { stateName, states } from '~/stores/roster'
import { useNames } from '~/stores/session'
import { add, dayName, dayOf, monday, spanName } from './days'

const hours = (minutes: number): string => number(minutes / 60, 1)

/** Plan and time by person; a person opened shows the days. */
export function Adherence() {
  const { config } = useNames()
  const [from, setFrom] = useState<Day>(() => monday(dayOf(new Date())))
  const [team, setTeam] = useState('')
  const [open, setOpen] = useState<string>()
  const to = add(from, 6)
  const query = useInfiniteQuery(adherenceQuery(from, to, team || undefined))
  const rows = query.data?.pages.flatMap((p) => p.items) ?? []
  const by = new Map<string, AdherenceDay[]>()
  for (const r of rows) by.set(r.user_id, [...(by.get(r.user_id) ?? []), r])
  const people = [...by.values()].map((days) => ({ id: days[0]!.user_id, name: days[0]!.name, days, sum: total(days) }))
  return (
    <Page title={t('roster.page.adherence')} wide>
      <div className="row g8 wrap rosterbar"><IconButton icon="left" label={t('roster.back')} onClick={() => setFrom(add(from, -7))} /><Button look="sm" onClick={() => setFrom(monday(dayOf(new Date())))}>{t('roster.today')}</Button><IconButton icon="right" label={t('roster.forth')} onClick={() => setFrom(add(from, 7))} /><b className="f13">{spanName(from, to)}</b><span className="sp" /><span className="teamsel"><Select label={t('side.team')} value={team} choices={[{ id: '', text: t('roster.everybody') }, ...config.teams.map((x) => ({ id: x.id, text: x.name }))]} onChange={setTeam} /></span></div>
      <Wait query={query}>
        {people.length === 0 ? <EmptyState icon="calendar" title={t('adherence.none')} help={t('adherence.none.help')} /> : (
          <div className="scroll-x"><table className="tbl rows40 adh">
            <thead><tr><th scope="col">{t('queue.col.name')}</th><th scope="col" className="r">{t('adherence.planned')}</th><th scope="col" className="r">{t('adherence.worked')}</th><th scope="col" className="r"><Meaning text={t('adherence.kept.help')}>{t('adherence.kept')}</Meaning></th><th scope="col" className="r">{t('adherence.late')}</th><th scope="col" className="statecol">{t('adherence.states')}</th></tr></thead>
            <tbody>{people.flatMap((p) => [
              <Line key={p.id} name={p.name} d={p.sum} open={open === p.id} onOpen={() => setOpen(open === p.id ? undefined : p.id)} />,
              ...(open === p.id ? p.days.map((d) => <Line key={`${p.id}${d.day}`} name={dayName(d.day)} d={d} sub />) : []),
            ])}</tbody>
          </table></div>
        )}
        <p className="f12 t2 slegend">{states.filter((s) => s !== 'offline').map((s) => <span key={s} className="row g4"><i className={`sbar ${s}`} />{stateName(s)}</span>)}</p>
        {query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
      </Wait>
    </Page>
  )
}

type Sum = Pick<AdherenceDay, 'planned_minutes' | 'kept_minutes' | 'worked_minutes' | 'late_minutes' | 'seconds'>
function total(days: AdherenceDay[]): Sum {
  const add1 = (f: (d: AdherenceDay) => number) => days.reduce((n, d) => n + f(d), 0)
  return { planned_minutes: add1((d) => d.planned_minutes), kept_minutes: add1((d) => d.kept_minutes), worked_minutes: add1((d) => d.worked_minutes), late_minutes: add1((d) => d.late_minutes), seconds: Object.fromEntries(states.map((s) => [s, add1((d) => d.seconds[s] ?? 0)])) }
}

function Line({ name, d, sub, open, onOpen }: { name: string; d: Sum; sub?: boolean; open?: boolean; onOpen?: () => void }) {
  const kept = d.planned_minutes ? d.kept_minutes / d.planned_minutes : undefined
  const shown = states.filter((s) => s !== 'offline' && (d.seconds[s] ?? 0) > 0)
  const all = shown.reduce((n, s) => n + (d.seconds[s] ?? 0), 0)
  return (
    <tr className={sub ? 'sub' : undefined}>
      <th scope="row">{onOpen ? <button type="button" className="link" aria-expanded={open} onClick={onOpen}>{name}</button> : name}</th>
      <td className="r">{hours(d.planned_minutes)}</td><td className="r">{hours(d.worked_minutes)}</td><td className={kept !== undefined && kept < 0.9 ? 'r amber' : 'r'}>{kept === undefined ? '–' : percent1(kept)}</td><td className="r">{d.late_minutes > 0 ? t('time.minutes', { n: d.late_minutes }) : '–'}</td>
      <td className="statecol"><span className="sbars" role="img" aria-label={shown.map((s) => `${stateName(s)} ${hours((d.seconds[s] ?? 0) / 60)}`).join(t('common.and')) || '–'}>{shown.map((s) => <i key={s} className={`sbar ${s}`} style={{ width: `${(100 * (d.seconds[s] ?? 0)) / Math.max(1, all)}%` }} title={`${stateName(s)} ${hours((d.seconds[s] ?? 0) / 60)}`} />)}</span></td>
    </tr>
  )
}
