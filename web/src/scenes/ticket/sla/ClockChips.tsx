import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Clocks, SLAClock, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Pop } from '~/parts/Pop'
import { SlaChip } from '~/parts/SlaChip'
import { metricName, metrics, type Standing } from '~/parts/slaText'
import { queries } from '~/stores/query'
import { selection } from '~/stores/bulk'
import { eachSecond, serverNow } from '~/stores/moment'
import { keys } from '~/api/keys'
import { clocksQuery, policiesQuery, standing } from '~/stores/sla'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { show, ui } from '~/stores/ui'
import { WhyClock } from './WhyClock'
import './sla.css'

/** Which clock it is: a department and a team have one each. */
export const clockKey = (c: Pick<SLAClock, 'metric' | 'unit_id'>): string => (c.unit_id ? `${c.metric}:${c.unit_id}` : c.metric)

/** The newest round of each metric that promises something and the clocks of those who have it now, what runs out first before the rest. */
export function shownClocks(clocks: Clocks | undefined): SLAClock[] {
  const promised = (c: SLAClock) => (c.target_seconds ?? 0) > 0
  const newest = [...metrics.flatMap((m) => clocks?.items.findLast((c) => c.metric === m && promised(c)) ?? []), ...(clocks?.items.filter((c) => c.unit_id && !c.ended_at && promised(c)) ?? [])]
  const rank = (c: SLAClock) => (c.ended_at ? 2 : c.due_at ? 0 : 1)
  return newest.toSorted((a, b) => rank(a) - rank(b) || (a.due_at ?? '').localeCompare(b.due_at ?? ''))
}

/** A clock as the chip shows it. */
export const standingOf = (c: SLAClock): Standing => standing(c.state, c.ended_at ? {} : { ...c, from: c.started_at })

/** Under the title: what is promised on this ticket; each clock opens its why. */
export function ClockChips({ ticket }: { ticket: Ticket }) {
  const query = clocksQuery(ticket)
  const names = useNames()
  const clocks = useQuery(query).data
  const policy = useQuery(policiesQuery).data?.find((p) => p.id === clocks?.policy_id)
  const asked = useStore(ui, (u) => u.picker === 'clock')
  const bulk = useStore(selection, (s) => s.size > 0)
  const [open, setOpen] = useState<string>()
  const list = shownClocks(clocks)
  const running = list.filter((c) => !c.ended_at)
  // what has ended well is told by the why of what still runs; alone it says so itself
  const shown = running.length ? running : list.slice(0, 1)
  const first = shown[0]
  useEffect(() => {
    if (asked && !bulk && first) setOpen((o) => o ?? clockKey(first))
  }, [asked, bulk, first])
  // what falls due while somebody looks is asked again, once
  const due = running.map((c) => c.due_at).filter((d): d is string => !!d && Date.parse(d) > serverNow()).toSorted()[0]
  useEffect(() => {
    if (!due) return
    const stop = eachSecond(() => {
      if (serverNow() <= Date.parse(due) + 500) return
      stop()
      void queries.invalidateQueries({ queryKey: keys.sla('of', ticket.id) })
    })
    return stop
  }, [due, ticket.id])
  const close = () => { setOpen(undefined); if (asked) show({ picker: undefined }) }
  return shown.slice(0, 3).map((c) => (
    <Pop key={clockKey(c)} open={open === clockKey(c)} onOpen={(o) => (o ? setOpen(clockKey(c)) : close())} content={() => <WhyClock ticket={ticket} clocks={clocks!} metric={clockKey(c)} policy={policy} close={close} />}>
      <button type="button" className="slabtn" aria-haspopup="dialog" aria-expanded={open === c.metric} title={t('sla.why', { metric: c.unit_id ? names.unit(c.metric, c.unit_id) : metricName(c.metric) })}>
        <SlaChip large standing={standingOf(c)} metric={c.metric} name={c.unit_id ? names.unit(c.metric, c.unit_id) : metricName(c.metric)} />
      </button>
    </Pop>
  ))
}
