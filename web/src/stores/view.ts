import { queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { ID, NewView, View } from '~/api/types'
import { named, t } from '~/i18n'
import { queries } from './query'

export const viewsQuery = queryOptions({
  queryKey: keys.views.list,
  queryFn: async (): Promise<View[]> => {
    return (await data(api.GET('/views'))).toSorted((a, b) => a.position - b.position)
  },
  staleTime: 5 * 60_000,
})

export const countsQuery = queryOptions({
  queryKey: keys.views.counts,
  queryFn: () => data(api.GET('/views/counts')),
  refetchInterval: 60_000,
})

/** Views in the groups of the column: shipped, one per team, shared, own. */
export function grouped(views: View[], team: (id: ID | undefined) => string): { name: string; views: View[] }[] {
  const groups = new Map<string, { name: string; views: View[] }>()
  const title = (v: View) => ({ shipped: t('views.shipped'), shared: t('views.shared'), own: t('views.own'), team: team(v.team_id) || t('views.team') })[v.scope]
  for (const scope of ['shipped', 'team', 'shared', 'own']) {
    for (const v of views.filter((x) => x.scope === scope)) {
      const id = `${scope}:${v.team_id ?? ''}`
      const group = groups.get(id) ?? { name: title(v), views: [] }
      group.views.push(v)
      groups.set(id, group)
    }
  }
  return [...groups.values()]
}

export const viewName = (v: View | undefined): string => named(v?.name)

export async function saveView(view: NewView): Promise<View> {
  const saved = await data(api.POST('/views', { body: view }))
  await queries.invalidateQueries({ queryKey: keys.views.all })
  return saved
}

export async function removeView(id: ID): Promise<void> {
  await data(api.DELETE('/views/{id}', { params: { path: { id } } }))
  await queries.invalidateQueries({ queryKey: keys.views.all })
}

/** Whoever names a view names it in one language; both readers see that. */
export const sameName = (name: string): NewView['name'] => ({ zh: name.trim(), en: name.trim() })

/** What a view is made of, to save it again. */
export const bodyOf = (v: View): NewView => ({
  name: v.name, scope: v.scope === 'shipped' ? 'own' : v.scope, filter: v.filter, sort: v.sort as NewView['sort'], position: v.position, ...(v.team_id ? { team_id: v.team_id } : {}),
})

export async function changeView(view: View, change: Partial<NewView>): Promise<View> {
  const saved = await data(api.PUT('/views/{id}', { params: { path: { id: view.id }, header: ifMatch(view.version) }, body: { ...bodyOf(view), ...change } }))
  await queries.invalidateQueries({ queryKey: keys.views.all })
  return saved
}
