// The one search: what is offered while typing, what the results are like, and
// the searches that somebody keeps.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import { prefer, prefs, type SavedSearch } from './prefs'

export type Suggestions = Answer<'/search/suggestions'>
export type Facets = Answer<'/search/facets'>

export const suggestQuery = (q: string) => queryOptions({
  queryKey: keys.search.suggest(q), enabled: q !== '', placeholderData: keepPreviousData,
  queryFn: ({ signal }) => data(api.GET('/search/suggestions', { params: { query: { q: q.slice(0, 200) } }, signal })),
})

export const facetsQuery = (q: string, filter: string) => queryOptions({
  queryKey: keys.search.facets(q, filter), enabled: q !== '' || filter !== '', placeholderData: keepPreviousData,
  queryFn: ({ signal }) => data(api.GET('/search/facets', { params: { query: { q, filter } }, signal })),
})

const most = 30

export const sameSearch = (a: { q: string; filter?: string }, b: { q: string; filter?: string }): boolean => a.q === b.q && (a.filter ?? '') === (b.filter ?? '')

export function keepSearch(search: SavedSearch): void {
  prefer({ searches: [search, ...prefs.get().searches.filter((s) => !sameSearch(s, search))].slice(0, most) })
}

export function dropSearch(search: SavedSearch): void {
  prefer({ searches: prefs.get().searches.filter((s) => !sameSearch(s, search)) })
}
