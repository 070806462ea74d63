import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import { tick } from '~/api/live'
import type { TicketQuery } from '~/api/paths'
import type { Ticket } from '~/api/types'
import { queries } from '~/stores/query'
import { useStore } from '~/stores/store'

/** New rows of a list, held back behind a bar so that nothing moves under the pointer. */
export function useFresh(query: TicketQuery, items: Ticket[]): { count: number; show: () => void } {
  const n = useStore(tick)
  const head = useQuery({
    queryKey: [...keys.tickets.count(query), 'head'],
    queryFn: ({ signal }) => data(api.GET('/tickets', { params: { query: { ...query, limit: 50 } }, signal })),
    enabled: false,
  })
  const { refetch } = head
  useEffect(() => {
    if (n > 0) void refetch()
  }, [n, refetch])
  const count = useMemo(() => {
    if (!head.data || n === 0) return 0
    const shown = new Set(items.map((x) => x.id))
    return head.data.items.filter((x) => !shown.has(x.id)).length
  }, [head.data, items, n])
  const show = useCallback(() => void queries.resetQueries({ queryKey: keys.tickets.list(query) }), [query])
  return { count, show }
}
