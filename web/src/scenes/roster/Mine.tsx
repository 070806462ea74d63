import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { myPlanQuery, type Day } from '~/stores/plan'
import { useMe } from '~/stores/session'
import { ShiftChip } from './Chip'
import { add, dayName, dayOf, monday, range, spanName } from './days'
import { onLeave } from './PlanPage'
import { AskLeave, AskSwap } from './Ask'

/** My shifts of four weeks, and what I may ask for. */
export function Mine() {
  const me = useMe()
  const [from, setFrom] = useState<Day>(() => monday(dayOf(new Date())))
  const to = add(from, 27)
  const query = useQuery(myPlanQuery(from, to))
  const [panel, setPanel] = useState<'leave' | { swap: Day }>()
  const today = dayOf(new Date())
  const cells = new Map(query.data?.cells.map((c) => [c.day, c]) ?? [])
  return (
    <Page title={t('roster.page.mine')} actions={<Button look="p" icon="plus" onClick={() => setPanel('leave')}>{t('roster.ask')}</Button>}>
      <div className="row g8 rosterbar"><IconButton icon="left" label={t('roster.back')} onClick={() => setFrom(add(from, -28))} /><Button look="sm" onClick={() => setFrom(monday(today))}>{t('roster.today')}</Button><IconButton icon="right" label={t('roster.forth')} onClick={() => setFrom(add(from, 28))} /><b className="f13">{spanName(from, to)}</b></div>
      <Wait query={query}>
        <div className="mine">
          {range(from, to).map((d) => {
            const items = cells.get(d)?.items ?? []
            const leave = me && onLeave(query.data?.leaves ?? [], me.id, d)
            return (
              <div key={d} className={['myday', d === today && 'now', d < today && 'past'].filter(Boolean).join(' ')}>
                <span className="f12 t2">{dayName(d)}</span>
                {items.map((x, i) => <ShiftChip key={i} item={x} />)}
                {leave && <span className="chip amber">{t(leave.state === 'approved' ? 'roster.leave.on' : 'roster.leave.asked', { kind: t(`leave.kind.${leave.kind}`) })}</span>}
                {items.some((x) => x.kind === 'shift') && d > today && <button type="button" className="link f12" onClick={() => setPanel({ swap: d })}>{t('roster.swap')}</button>}
                {items.length === 0 && !leave && <span className="f12 t3"><span aria-hidden="true">{'–'}</span><span className="hide">{t('roster.free')}</span></span>}
              </div>
            )
          })}
        </div>
      </Wait>
      {panel === 'leave' && <AskLeave close={() => setPanel(undefined)} />}
      {typeof panel === 'object' && <AskSwap day={panel.swap} close={() => setPanel(undefined)} />}
    </Page>
  )
}
