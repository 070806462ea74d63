import { queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { ID } from '~/api/types'

export const customerTickets = (id: ID | undefined) =>
  queryOptions({ queryKey: keys.customers.tickets(id ?? ''), queryFn: () => data(api.GET('/customers/{id}/tickets', { params: { path: { id: id ?? '' }, query: { limit: 12 } } })), enabled: !!id })
