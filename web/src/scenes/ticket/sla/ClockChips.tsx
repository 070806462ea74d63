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
import { clocksQuery, policiesQuery } from '~/stores/sla'
import { useStore } from '~/stores/store'
import { show, ui } from '~/stores/ui'
import { WhyClock } from './WhyClock'
import './sla.css'

/** The newest round of each metric that promises something, what runs out first before the rest. */
export function shownClocks(clocks: Clocks | undefined): SLAClock[] {
  const newest = metrics.flatMap((m) => clocks?.items.findLast((c) => c.metric === m && (c.target_seconds ?? 0) > 0) ?? [])
  const rank = (c: SLAClock) => (c.ended_at ? 2 : c.due_at ? 0 : 1)
  return newest.toSorted((a, b) => rank(a) - rank(b) || (a.due_at ?? '').localeCompare(b.due_at ?? ''))
}

/** A clock as the chip shows it. */
export function standingOf(c: SLAClock): Standing {
  const due = c.due_at && !c.ended_at ? Date.parse(c.due_at) : undefined
  return { sla: c.state, ...(due !== undefined ? { due, lead: c.warn_at ? due - Date.parse(c.warn_at) : 0 } : {}) }
}

/** Under the title: what is promised on this ticket; each clock opens its why. */
export function ClockChips({ ticket }: { ticket: Ticket }) {
  const query = clocksQuery(ticket)
  const clocks = useQuery({ ...query, enabled: ticket.sla !== 'none' }).data
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
    if (asked && !bulk && first) setOpen((o) => o ?? first.metric)
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
    <Pop key={c.metric} open={open === c.metric} onOpen={(o) => (o ? setOpen(c.metric) : close())} content={() => <WhyClock ticket={ticket} clocks={clocks!} metric={c.metric} policy={policy} close={close} />}>
      <button type="button" className="slabtn" aria-haspopup="dialog" aria-expanded={open === c.metric} title={t('sla.why', { metric: metricName(c.metric) })}>
        <SlaChip large name standing={standingOf(c)} metric={c.metric} target={(c.target_seconds ?? 0) * 1000} />
      </button>
    </Pop>
  ))
}
