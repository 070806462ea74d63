import { queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { ID, NewView, View } from '~/api/types'
import { named, t } from '~/i18n'
import { queries } from './query'
import { complain } from './toast'

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

export interface Folder { name: string; views: View[] }
export interface Group { scope: View['scope']; name: string; views: View[]; folders: Folder[] }

/** Views in the groups of the column: shipped, one per team, by role, shared, own; in each the folders come last. */
export function grouped(views: View[], team: (id: ID | undefined) => string): Group[] {
  const groups = new Map<string, Group>()
  const title = (v: View) => ({ shipped: t('views.shipped'), shared: t('views.shared'), role: t('views.byRole'), own: t('views.own'), team: team(v.team_id) || t('views.team') })[v.scope]
  for (const scope of ['shipped', 'team', 'role', 'shared', 'own']) {
    for (const v of views.filter((x) => x.scope === scope)) {
      const id = `${scope}:${v.team_id ?? ''}`
      const group = groups.get(id) ?? { scope: v.scope, name: title(v), views: [], folders: [] }
      groups.set(id, group)
      if (!v.folder) { group.views.push(v); continue }
      const folder = group.folders.find((f) => f.name === v.folder)
      if (folder) folder.views.push(v)
      else group.folders.push({ name: v.folder, views: [v] })
    }
  }
  return [...groups.values()]
}

/** A group with one of its views elsewhere: beside another view, or in a folder ("folder:name"; without name: in none). */
export function arranged(group: Group, id: ID, over: string, place: 'before' | 'into' | 'after'): { id: ID; folder: string }[] {
  const all = [...group.views, ...group.folders.flatMap((f) => f.views)].map((v) => ({ id: v.id, folder: v.folder ?? '' }))
  const taken = all.find((v) => v.id === id)
  const rest = all.filter((v) => v.id !== id)
  if (!taken) return all
  if (over.startsWith('folder:')) {
    const folder = over.slice(7)
    const last = rest.findLastIndex((v) => v.folder === folder)
    return rest.toSpliced(last + 1, 0, { id, folder })
  }
  const to = rest.findIndex((v) => v.id === over)
  return to < 0 ? all : rest.toSpliced(to + (place === 'before' ? 0 : 1), 0, { id, folder: rest[to]!.folder })
}

/** Shows the order at once; the server's word comes after. */
export async function arrange(views: { id: ID; folder: string }[]): Promise<void> {
  const before = queries.getQueryData<View[]>(keys.views.list)
  const at = new Map(views.map((v, i) => [v.id, { folder: v.folder, position: 100 + i }]))
  queries.setQueryData<View[]>(keys.views.list, (old) => old?.map((v) => (at.has(v.id) ? { ...v, ...at.get(v.id) } : v)).toSorted((a, b) => a.position - b.position))
  try {
    await data(api.PUT('/views/order', { body: { views } }))
    await queries.invalidateQueries({ queryKey: keys.views.list })
  } catch (error) {
    queries.setQueryData(keys.views.list, before)
    complain(error)
  }
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
  name: v.name, scope: v.scope === 'shipped' ? 'own' : v.scope, filter: v.filter, sort: v.sort as NewView['sort'], position: v.position, columns: v.columns, folder: v.folder ?? '',
  ...(v.team_id ? { team_id: v.team_id } : {}), ...(v.role_id ? { role_id: v.role_id } : {}),
})

export async function changeView(view: View, change: Partial<NewView>): Promise<View> {
  const saved = await data(api.PUT('/views/{id}', { params: { path: { id: view.id }, header: ifMatch(view.version) }, body: { ...bodyOf(view), ...change } }))
  await queries.invalidateQueries({ queryKey: keys.views.all })
  return saved
}
