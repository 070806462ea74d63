import { QueryClient } from '@tanstack/react-query'
import { Problem } from '~/api/problem'

/** Refusals are final; only a server that could not answer is asked again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && !(error instanceof Problem && error.status > 0 && error.status < 500),
    },
  },
})
