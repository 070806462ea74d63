import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Count, ID, NewView, View } from '~/api/types'
import { named, t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

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

/** Those shared with others that the reader may change, the retired ones too. */
export const sharedViewsQuery = queryOptions({ queryKey: keys.views.shared, queryFn: async ({ signal }): Promise<View[]> => (await data(api.GET('/views/shared', { signal }))).toSorted((a, b) => a.position - b.position) })
/** The server counts at most sixty views at once. */
export const sharedCountsQuery = (ids: ID[]) => queryOptions({
  queryKey: [...keys.views.counts, ids.toSorted()], enabled: ids.length > 0, staleTime: 30_000, placeholderData: keepPreviousData,
  queryFn: async ({ signal }) => {
    const parts = Array.from({ length: Math.ceil(ids.length / 60) }, (_, i) => ids.slice(i * 60, i * 60 + 60))
    return Object.assign({}, ...await Promise.all(parts.map((some) => data(api.GET('/views/counts', { params: { query: { ids: some } }, signal }))))) as Record<string, Count>
  },
})

export interface Folder { name: string; views: View[] }
export interface Group { scope: View['scope']; name: string; views: View[]; folders: Folder[] }

/** Views in the groups of the column: shipped, one per team, by role, shared, own; in each the folders come last. */
export function grouped(views: View[], team: (id: ID | undefined) => string): Group[] {
  const groups = new Map<string, Group>()
  const title = (v: View) => ({ shipped: t('views.shipped'), shared: t('views.shared'), role: t('views.byRole'), own: t('views.own'), team: v.seen_by.map(team).filter(Boolean).join(t('common.and')) || t('views.team') })[v.scope]
  for (const scope of ['shipped', 'team', 'role', 'shared', 'own']) {
    for (const v of views.filter((x) => x.scope === scope)) {
      const id = `${scope}:${scope === 'team' ? v.seen_by.join() : ''}`
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
export async function arrange(views: { id: ID; folder: string }[]): Promise<boolean> {
  const lists = [keys.views.list, keys.views.shared]
  const before = lists.map((key) => queries.getQueryData<View[]>(key))
  const at = new Map(views.map((v, i) => [v.id, { folder: v.folder, position: 100 + i }]))
  for (const key of lists) queries.setQueryData<View[]>(key, (old) => old?.map((v) => (at.has(v.id) ? { ...v, ...at.get(v.id) } : v)).toSorted((a, b) => a.position - b.position))
  try {
    await data(api.PUT('/views/order', { body: { views } }))
    await Promise.all(lists.map((queryKey) => queries.invalidateQueries({ queryKey })))
    return true
  } catch (error) {
    lists.forEach((key, i) => queries.setQueryData(key, before[i]))
    complain(error)
    return false
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
  seen_by: v.seen_by, retired: v.retired,
})

export async function changeView(view: View, change: Partial<NewView>): Promise<View> {
  const saved = await data(api.PUT('/views/{id}', { params: { path: { id: view.id }, header: ifMatch(view.version) }, body: { ...bodyOf(view), ...change } }))
  await queries.invalidateQueries({ queryKey: keys.views.all })
  return saved
}

export async function createShared(view: NewView): Promise<View> {
  const made = await saveView(view)
  say(t('views.saved'))
  return made
}

/** Changes a view for everybody who has it; the former stands again by undo. */
export async function saveShared(before: View, next: NewView): Promise<View> {
  const after = await changeView(before, next)
  const said = after.retired === before.retired ? 'views.changed' : after.retired ? 'shared.retired.said' : 'shared.unretired.said'
  say(t(said), { undo: () => changeView(after, bodyOf(before)).then(() => say(t('common.undone')), complain) })
  return after
}
