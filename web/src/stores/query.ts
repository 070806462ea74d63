import { QueryClient, type Query } from '@tanstack/react-query'
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

/** Of what nobody looks at any more this many answers are kept: about thirty tickets with all that stands beside them. */
export const KEPT = 240

// the longest unseen first
const unseen = new Map<string, Query>()
const cache = queries.getQueryCache()
cache.subscribe(({ type, query }) => {
  if (type === 'added' || (type === 'observerRemoved' && query.getObserversCount() === 0)) {
    unseen.delete(query.queryHash)
    unseen.set(query.queryHash, query)
    for (const [, oldest] of unseen) {
      if (unseen.size <= KEPT) break
      unseen.delete(oldest.queryHash)
      cache.remove(oldest)
    }
  } else if (type === 'observerAdded' || type === 'removed') unseen.delete(query.queryHash)
})
