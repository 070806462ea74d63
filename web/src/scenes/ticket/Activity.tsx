import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import { entriesOf, timelineQuery } from '~/stores/message'
import { useNames } from '~/stores/session'
import { eventText } from './eventText'
import { only } from './Timeline'

/** What was done to the ticket, the newest first. */
export function Activity({ ticket }: { ticket: Ticket }) {
  const timeline = useInfiniteQuery(timelineQuery(ticket.id))
  const names = useNames()
  const events = useMemo(() => only('activity', entriesOf(timeline.data)).toReversed(), [timeline.data])
  if (timeline.isPending) return <div style={{ display: 'grid', gap: 12, paddingTop: 12 }}><Skeleton width="80%" /><Skeleton width="60%" /></div>
  return (
    <>
      <ol className="activity">
        {events.map((e) => (
          <li key={e.seq}>
            <span><b>{e.actor.kind === 'system' ? t('actor.system') : e.actor.name}</b>{' '}{eventText(e, names)}{e.event?.reason ? t('event.reason', { reason: e.event.reason }) : ''}</span>
            <span className="f12 t3"><Time at={e.at} as="clock" /></span>
          </li>
        ))}
      </ol>
      {timeline.hasNextPage && <Button look="q sm" disabled={timeline.isFetchingNextPage} onClick={() => void timeline.fetchNextPage()}>{t('timeline.earlier')}</Button>}
    </>
  )
}
