import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { t } from '~/i18n'
import { exact, moment } from '~/i18n/format'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { useNow } from '~/parts/Time'
import { WhyAgent } from '~/scenes/ticket/WhyAgent'
import { recentQuery, type Given } from '~/stores/routing'
import { useNames } from '~/stores/session'

/** 最近派单: what was given last, by the rules or by hand, and why. */
export function Recent({ team }: { team?: string }) {
  const query = useQuery(recentQuery(team))
  const items = query.data?.items ?? []
  return (
    <section className="qrecent" aria-label={t('queue.recent')}>
      <div className="qh not-phone"><b>{t('queue.recent')}</b></div>
      {query.error && !items.length ? <FailedState error={query.error} retry={() => void query.refetch()} />
        : query.isPending ? <div aria-busy="true" style={{ padding: '8px 24px', display: 'grid', gap: 16 }}>{[70, 60, 80].map((w) => <Skeleton key={w} width={`${w}%`} height={12} />)}</div>
        : items.length === 0 ? <EmptyState icon="queue" title={t('queue.recent.none')} help={t('queue.recent.none.help')} />
        : <ol className="gl" tabIndex={0} aria-label={t('queue.recent')}>{items.map((g) => <Line key={`${g.ticket_id} ${g.at}`} g={g} />)}</ol>}
    </section>
  )
}

function Line({ g }: { g: Given }) {
  const names = useNames()
  const now = useNow()
  const [open, setOpen] = useState(false)
  const name = names.staff(g.agent_id) || t('route.gone')
  const how = !g.by ? '' : g.by !== g.agent_id ? t('queue.recent.by', { name: names.staff(g.by) || t('route.gone') }) : t(g.mode === 'offer' ? 'queue.recent.accepted' : 'queue.recent.claimed')
  return (
    <li className="gv">
      <time className="t3 num" dateTime={g.at} title={exact(g.at)}>{moment(g.at, now)}</time>
      <Link className="ell" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: g.ticket_id }} search={{}}><span className="num nw">{g.number}</span>{' '}{g.subject || t('ticket.noSubject')}</Link>
      <span className="who ell">{name}{how && <span className="t3 f12">{how}</span>}</span>
      <Pop open={open} onOpen={setOpen} placement="topRight" content={(close) => <WhyAgent ticket={{ id: g.ticket_id, number: g.number, assignee: { id: g.agent_id, name } }} close={close} />}>
        <button type="button" className="whylink f12 t2 nw" aria-haspopup="dialog" aria-expanded={open} aria-label={t('queue.recent.why', { number: g.number, name })}>{t('route.why')}</button>
      </Pop>
    </li>
  )
}
