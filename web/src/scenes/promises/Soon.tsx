import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { tick } from '~/api/live'
import type { Priority, Soon } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { PriorityBars } from '~/parts/Glyph'
import { SlaChip } from '~/parts/SlaChip'
import { metricName } from '~/parts/slaText'
import { EmptyState } from '~/parts/State'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { useNames } from '~/stores/session'
import { soonQuery, standing } from '~/stores/sla'
import { useStore } from '~/stores/store'

const ranges = ['0', '30', '60', '240', '1440'] as const

/** What is about to breach, or has: what runs out first on top, counting. */
export function SoonPage() {
  const [minutes, setMinutes] = useState<(typeof ranges)[number]>('60')
  const [team, setTeam] = useState('')
  const query = useQuery(soonQuery(Number(minutes)))
  const names = useNames()
  const n = useStore(tick)
  const { refetch } = query
  useEffect(() => {
    const timer = n > 0 ? setTimeout(() => void refetch(), 1500) : undefined
    return () => clearTimeout(timer)
  }, [n, refetch])
  const items = (query.data?.items ?? []).filter((s) => !team || s.team_id === team)
  const late = items.filter((s) => s.state === 'breached').length
  const teams = names.config.teams.filter((x) => query.data?.items?.some((s) => s.team_id === x.id))
  return (
    <Page title={t('promise.soon')} help={t('soon.help')}>
      <div className="row g8 wrap bar2">
        <Segmented label={t('soon.within')} value={minutes} options={ranges.map((r) => [r, r === '0' ? t('soon.late') : Number(r) < 60 ? t('time.minutes', { n: Number(r) }) : Number(r) < 1440 ? t('time.hours', { n: Number(r) / 60 }) : t('time.days', { n: 1 })] as const)} onChange={setMinutes} />
        {teams.length > 1 && <select className="inp mini" value={team} aria-label={t('side.team')} onChange={(e) => setTeam(e.target.value)}><option value="">{t('soon.teams')}</option>{teams.map((x) => <option key={x.id} value={x.id}>{x.name}</option>)}</select>}
        <span className="f13 t2" role="status">{t('soon.count', { late, soon: items.length - late })}{query.data?.more ? ` · ${t('soon.more')}` : ''}</span>
      </div>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="check" title={t('soon.none')} help={t('soon.none.help')} /> : (
          <div className="scroll-x" tabIndex={0} role="group" aria-label={t('promise.soon')}>
            <table className="tbl rows40 soon">
              <thead><tr><th>{t('soon.left')}</th><th>{t('soon.metric')}</th><th>{t('soon.ticket')}</th><th>{t('side.team')}</th><th>{t('filter.assignee')}</th></tr></thead>
              <tbody>{items.map((s) => <Row key={`${s.ticket_id}${s.metric}${s.unit_id ?? ''}`} s={s} names={names} />)}</tbody>
            </table>
          </div>
        )}
      </Wait>
    </Page>
  )
}

function Row({ s, names }: { s: Soon; names: ReturnType<typeof useNames> }) {
  const who = names.staff(s.assignee_id)
  return (
    <tr>
      <td><SlaChip standing={standing(s.state, { ...s, from: s.started_at })} metric={s.metric} /></td>
      <td className="t2">{s.unit_id ? names.unit(s.metric, s.unit_id) : metricName(s.metric)}</td>
      <td className="long"><Link className="row g8 tlink" to="/inbox/$view/$ticket" params={{ view: '10', ticket: s.ticket_id }} search={{}}><PriorityBars priority={s.priority as Priority} /><span className="ell">{s.subject || t('ticket.noSubject')}</span><span className="t3 f12 nw">{s.number}</span></Link></td>
      <td>{names.team(s.team_id) || <span className="t3">{t('common.none')}</span>}</td>
      <td>{who ? <span className="row g4"><Avatar name={who} size="s" />{who}</span> : <span className="t3">{t('common.nobody')}</span>}</td>
    </tr>
  )
}
