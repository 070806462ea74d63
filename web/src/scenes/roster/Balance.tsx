import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { day } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { quote } from '~/scenes/inbox/filter'
import { csv, download, Meaning, number, Page, percent1, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { useNames } from '~/stores/session'

const DAY = 86_400_000
const balanceQuery = (from: string, to: string, team: ID) => queryOptions({
  queryKey: keys.routing('balance', from, to, team), placeholderData: keepPreviousData, retry: false,
  queryFn: ({ signal }) => data(api.GET('/routing/balance', { params: { query: { from, to, ...(team ? { team } : {}) } }, signal })),
})

/** The tickets that a figure counts, as a condition. */
const behind = (x: { agent_id: ID; from: string; to: string }): string => `assignee == ${quote(x.agent_id)} && created_at >= timestamp(${quote(x.from)}) && created_at < timestamp(${quote(x.to)}) && !merged`

/** 派单均衡度: who was given how much in each week, against what their time at work would make. */
export function Balance() {
  const { config, staff } = useNames()
  const [weeks, setWeeks] = useState('4')
  const [team, setTeam] = useState('')
  const [from, to] = useMemo(() => {
    const end = new Date()
    end.setHours(24, 0, 0, 0)
    return [new Date(end.getTime() - Number(weeks) * 7 * DAY).toISOString(), end.toISOString()]
  }, [weeks])
  const query = useQuery(balanceQuery(from, to, team))
  const r = query.data
  const items = r?.items ?? []
  const all = [...new Set(items.map((x) => x.week))]
  const people = [...new Set(items.map((x) => x.agent_id))].toSorted((a, b) => staff(a).localeCompare(staff(b), 'zh'))
  const timed = items.some((x) => x.active_minutes > 0)
  const most = Math.max(0.5, ...items.map((x) => Math.abs(x.deviation)))
  const save = () => download('balance.csv', csv([[t('queue.col.name'), t('balance.week'), t('balance.given'), t('balance.hours'), t('balance.share'), t('balance.deviation')], ...items.map((x) => [staff(x.agent_id), x.week.slice(0, 10), x.given, Math.round(x.active_minutes / 6) / 10, x.share, x.deviation])]))
  return (
    <Page title={t('roster.page.balance')} help={t('balance.help')} wide actions={<Button icon="download" disabled={!items.length} onClick={save}>{t('rep.export')}</Button>}>
      <div className="row g8 wrap bar2"><Segmented label={t('rep.days')} value={weeks} options={(['1', '4', '12'] as const).map((n) => [n, t('balance.weeks', { n: Number(n) })] as const)} onChange={setWeeks} /><span className="teamsel"><Select label={t('side.team')} value={team} choices={[{ id: '', text: t('roster.everybody') }, ...config.teams.map((x) => ({ id: x.id, text: x.name }))]} onChange={setTeam} /></span></div>
      <Wait query={query}>
        {r && items.length === 0 ? <EmptyState icon="route" title={t('balance.none')} help={t('balance.none.help')} /> : r && (
          <>
            <dl className="figures">
              <div><dt><Meaning text={t('balance.spread.meaning')}>{t('balance.spread')}</Meaning></dt><dd>{timed ? number(r.spread, 2) : '–'}<small>{t(!timed ? 'balance.untimed' : r.spread < 0.15 ? 'balance.even' : r.spread < 0.35 ? 'balance.fair' : 'balance.uneven')}</small></dd></div>
              <div><dt><Meaning text={t('balance.gini.meaning')}>{t('balance.gini')}</Meaning></dt><dd>{timed ? number(r.gini, 2) : '–'}</dd></div>
              <div><dt><Meaning text={t('balance.given.meaning')}>{t('balance.given')}</Meaning></dt><dd>{number(items.reduce((n, x) => n + x.given, 0))}<small>{t('balance.people', { n: people.length })}</small></dd></div>
            </dl>
            <div className="scroll-x" tabIndex={0} role="group" aria-label={t('roster.page.balance')}>
              <table className="tbl rows40 baltab">
                <thead><tr><th scope="col">{t('queue.col.name')}</th>{all.map((w) => <th key={w} scope="col" colSpan={2}><Meaning text={t('balance.cell.meaning')}>{t('rep.week', { day: day(w, Date.now()) })}</Meaning></th>)}</tr></thead>
                <tbody>{people.map((p) => (
                  <tr key={p}><th scope="row">{staff(p) || t('route.gone')}</th>{all.flatMap((w) => {
                    const x = items.find((i) => i.agent_id === p && i.week === w)
                    if (!x) return [<td key={`${w}a`} className="r t3">{'–'}</td>, <td key={`${w}b`} />]
                    return [
                      <td key={`${w}a`} className="r"><span title={t('balance.cell', { given: x.given, hours: number(x.active_minutes / 60, 1), share: percent1(x.share) })}>{x.given > 0 ? <Link className="tlink" to="/search" search={{ only: behind(x) }} aria-label={t('balance.open', { name: staff(p), n: x.given })}>{number(x.given)}</Link> : number(x.given)}{x.active_minutes > 0 && <small className="t3">{` / ${number(x.active_minutes / 60, 1)} h`}</small>}</span></td>,
                      <td key={`${w}b`} className="baldev">{x.active_minutes > 0 && <><span className="dev" aria-hidden="true"><i className={x.deviation < 0 ? 'less' : 'more'} style={{ width: `${(50 * Math.min(most, Math.abs(x.deviation))) / most}%` }} /></span><span className={Math.abs(x.deviation) > 0.3 ? 'f12 amber' : 'f12 t2'}>{`${x.deviation > 0 ? '+' : ''}${percent1(x.deviation)}`}</span></>}</td>,
                    ]
                  })}</tr>
                ))}</tbody>
              </table>
            </div>
            <p className="f12 t2">{t('balance.definition')}</p>
          </>
        )}
      </Wait>
    </Page>
  )
}
