// Tables on their way out of the house and into it.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, BASE, data, key } from '~/api/client'
import type { Answer, Body, TicketQuery } from '~/api/paths'
import { Problem } from '~/api/problem'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { createStore } from './store'
import { complain, say } from './toast'

export type Export = Answer<'/exports'>['items'][number]
export type NewExport = Body<'/exports'>
export type ExportColumn = Answer<'/exports/columns'>['items'][number]
export type Import = Omit<Answer<'/imports/{id}'>, '$schema'>
export type ImportKind = Import['what']
export type ImportTarget = Answer<'/imports/targets'>['items'][number]
export type PreviewRow = Answer<'/imports/{id}/preview'>['items'][number]
export type RowError = Answer<'/imports/{id}/errors'>['items'][number]
export type KeptRow = Answer<'/imports/{id}/kept'>['items'][number]
export type RowProblem = RowError['problems'][number]

/** What the list on screen shows: for exporting it. */
export const listed = createStore<TicketQuery | undefined>(undefined)

/** What is asked to be exported; the dialog is open while it is set. */
export type Asked = Omit<NewExport, 'format' | 'bom' | 'columns' | 'locale'>
export const asked = createStore<Asked | undefined>(undefined)

const all = ['exchange'] as const
const more = { initialPageParam: '', getNextPageParam: (page: { next_cursor?: string }) => page.next_cursor || undefined }
const cursor = (c: string) => (c ? { cursor: c } : {})
const atWork = ['running', 'checking', 'undoing']
/** What is at work is looked after, whether or not the push comes. */
const pace = (states: string[]): number | false => (states.some((s) => atWork.includes(s)) ? 1500 : false)

export const exportsQuery = infiniteQueryOptions({
  ...more, queryKey: [...all, 'exports'],
  queryFn: ({ pageParam, signal }) => data(api.GET('/exports', { params: { query: { limit: 50, ...cursor(pageParam) } }, signal })),
  refetchInterval: (q) => pace(q.state.data?.pages.flatMap((p) => p.items.map((x) => x.state)) ?? []),
})
export const columnsQuery = (what: NewExport['what']) => queryOptions({
  queryKey: [...all, 'columns', what], staleTime: 60_000,
  queryFn: async ({ signal }) => (await data(api.GET('/exports/columns', { params: { query: { what } }, signal }))).items,
})
export const importsQuery = infiniteQueryOptions({
  ...more, queryKey: [...all, 'imports'],
  queryFn: ({ pageParam, signal }) => data(api.GET('/imports', { params: { query: { limit: 50, ...cursor(pageParam) } }, signal })),
  refetchInterval: (q) => pace(q.state.data?.pages.flatMap((p) => p.items.map((x) => x.state)) ?? []),
})
export const importQuery = (id: ID) => queryOptions({
  queryKey: [...all, 'import', id],
  queryFn: ({ signal }) => data(api.GET('/imports/{id}', { params: { path: { id } }, signal })) as Promise<Import>,
  refetchInterval: (q) => pace(q.state.data ? [q.state.data.state] : []),
})
export const targetsQuery = (what: ImportKind) => queryOptions({
  queryKey: [...all, 'targets', what], staleTime: 60_000,
  queryFn: async ({ signal }) => (await data(api.GET('/imports/targets', { params: { query: { what } }, signal }))).items,
})
export const previewQuery = (i: Pick<Import, 'id' | 'columns' | 'options'>) => queryOptions({
  queryKey: [...all, 'preview', i.id, i.columns, i.options],
  queryFn: async ({ signal }) => (await data(api.GET('/imports/{id}/preview', { params: { path: { id: i.id } }, signal }))).items,
})
export const errorsQuery = (i: Pick<Import, 'id' | 'state' | 'failed'>) => infiniteQueryOptions({
  ...more, queryKey: [...all, 'errors', i.id, i.state, i.failed],
  queryFn: ({ pageParam, signal }) => data(api.GET('/imports/{id}/errors', { params: { path: { id: i.id }, query: { limit: 50, ...cursor(pageParam) } }, signal })),
})
export const keptQuery = (i: Pick<Import, 'id' | 'kept'>) => infiniteQueryOptions({
  ...more, queryKey: [...all, 'kept', i.id, i.kept],
  queryFn: ({ pageParam, signal }) => data(api.GET('/imports/{id}/kept', { params: { path: { id: i.id }, query: { limit: 50, ...cursor(pageParam) } }, signal })),
})
export const mappingsQuery = (what: ImportKind) => queryOptions({
  queryKey: [...all, 'mappings', what],
  queryFn: async ({ signal }) => (await data(api.GET('/imports/mappings', { params: { query: { what } }, signal }))).items,
})

/** The push brings how far something is; the lists follow. */
export function exchanged(kind: 'export' | 'import', body: { id: ID }): void {
  if (kind === 'import') queries.setQueryData<Import>([...all, 'import', body.id], (old) => (old ? { ...old, ...body } : old))
  void queries.invalidateQueries({ queryKey: [...all, kind === 'export' ? 'exports' : 'imports'] })
}

/** Orders an export; what is ready at once is fetched at once. */
export async function order(what: NewExport): Promise<boolean> {
  try {
    const made = await data(api.POST('/exports', { body: what }))
    void queries.invalidateQueries({ queryKey: [...all, 'exports'] })
    if (made.url) {
      fetchFile(made.url)
      say(t('exp.ready', { n: made.done }))
    } else say(t('exp.begun'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

/** The browser saves it under the name that the server gives. */
export function fetchFile(url: string): void {
  const a = document.createElement('a')
  a.href = url
  a.download = ''
  a.click()
}

export async function cancelExport(id: ID): Promise<void> {
  await data(api.POST('/exports/{id}/cancel', { params: { path: { id } } })).catch(complain)
  void queries.invalidateQueries({ queryKey: [...all, 'exports'] })
}

export async function removeExport(id: ID): Promise<void> {
  await api.DELETE('/exports/{id}', { params: { path: { id } } }).then(() => say(t('exp.removed')), complain)
  void queries.invalidateQueries({ queryKey: [...all, 'exports'] })
}

/** Sends a table, with how much of it is sent (0 to 1). */
export function bring(what: ImportKind, file: File, progress: (share: number) => void): Promise<Import> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `${BASE}/imports?what=${what}&name=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('X-Zhidan', '1')
    request.setRequestHeader('Idempotency-Key', key())
    request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total)
    request.onerror = () => reject(new Problem(0, { code: 'net.offline' }))
    request.onload = () => {
      let body: unknown = {}
      try {
        body = JSON.parse(request.responseText)
      } catch {
        // an answer that is not JSON counts by its status alone
      }
      if (request.status === 201) {
        void queries.invalidateQueries({ queryKey: [...all, 'imports'] })
        resolve(body as Import)
      } else reject(new Problem(request.status, body as object))
    }
    request.send(file)
  })
}

export type Step = 'check' | 'run' | 'pause' | 'cancel' | 'undo'

const place = (i: Import): void => {
  queries.setQueryData([...all, 'import', i.id], i)
  void queries.invalidateQueries({ queryKey: [...all, 'imports'] })
}

export async function move(id: ID, step: Step): Promise<void> {
  try {
    place(await data(api.POST(`/imports/{id}/${step}`, { params: { path: { id } } })) as Import)
  } catch (error) {
    complain(error)
    void queries.invalidateQueries({ queryKey: [...all, 'import', id] })
  }
}

export async function setColumns(id: ID, columns: string[], options: Import['options']): Promise<void> {
  place(await data(api.PUT('/imports/{id}', { params: { path: { id } }, body: { columns, duplicates: options.duplicates as 'skip', source: options.source, day_first: options.day_first } })) as Import)
}

export async function saveMapping(what: ImportKind, name: string, i: Pick<Import, 'headings'>, columns: string[]): Promise<boolean> {
  try {
    await api.POST('/imports/mappings', { body: { what, name, columns: Object.fromEntries(i.headings.map((h, n) => [h, columns[n] ?? ''])) } })
    say(t('imp.mapping.saved'))
    void queries.invalidateQueries({ queryKey: [...all, 'mappings', what] })
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export async function forgetMapping(what: ImportKind, name: string): Promise<void> {
  await api.DELETE('/imports/mappings', { params: { query: { what, name } } }).catch(complain)
  void queries.invalidateQueries({ queryKey: [...all, 'mappings', what] })
}
