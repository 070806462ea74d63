// Business calendars, holiday tables and who works by which.
import { queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Calendar, CalendarAssignment, CalendarSettings, HolidayImport, ID, Imported, Tried } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export const calendarsQuery = queryOptions({ queryKey: keys.calendars('list'), queryFn: async ({ signal }) => (await data(api.GET('/calendars', { signal }))).items, staleTime: 60_000 })
export const yearQuery = (id: ID, year: number) => queryOptions({ queryKey: keys.calendars('year', id, year), queryFn: ({ signal }) => data(api.GET('/calendars/{id}/year', { params: { path: { id }, query: { year } }, signal })), enabled: id !== '' })
export const tablesQuery = queryOptions({ queryKey: keys.calendars('tables'), queryFn: async ({ signal }) => (await data(api.GET('/calendars/tables', { signal }))).items })

export type Assigned = CalendarAssignment & { version: number }
export const assignmentQuery = queryOptions({
  queryKey: keys.calendars('assignment'),
  queryFn: async ({ signal }): Promise<Assigned> => assigned(await api.GET('/calendars/assignment', { signal })),
})
/** The version of the assignment stands in its ETag only. */
const assigned = (answer: { data?: CalendarAssignment; response: Response }): Assigned => ({ ...(answer.data as CalendarAssignment), version: Number(/\d+/.exec(answer.response.headers.get('ETag') ?? '')?.[0] ?? 0) })

export const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: keys.calendars() })

/** What a tenant says of a calendar, without what the server says of it. */
export function settingsOf(c: Calendar): CalendarSettings {
  const { id: _id, version: _version, ...settings } = c
  return settings
}

async function put(id: ID, version: number, body: CalendarSettings): Promise<Calendar> {
  const after = await data(api.PUT('/calendars/{id}', { params: { path: { id } }, body, headers: ifMatch(version) }))
  queries.setQueryData<Calendar[]>(calendarsQuery.queryKey, (old) => old?.map((c) => (c.id === id ? after : c)))
  void changed()
  return after
}

/** Saves a calendar with its way back; a new one is made. */
export async function saveCalendar(before: Calendar | undefined, body: CalendarSettings): Promise<Calendar> {
  if (!before) {
    const made = await data(api.POST('/calendars', { body }))
    await changed()
    say(t('common.saved'))
    return made
  }
  const after = await put(before.id, before.version, body)
  say(t('bizcal.saved'), { undo: () => put(after.id, after.version, settingsOf(before)).catch(complain) })
  return after
}

export async function assign(before: Assigned, next: CalendarAssignment, back = true): Promise<boolean> {
  const send = async (a: CalendarAssignment, version: number): Promise<Assigned> => {
    const after = assigned(await api.PUT('/calendars/assignment', { body: a, headers: ifMatch(version) }))
    queries.setQueryData(assignmentQuery.queryKey, after)
    return after
  }
  try {
    const after = await send(next, before.version)
    const { version: _version, ...was } = before
    say(t('bizcal.saved'), back ? { undo: () => assign(after, was, false) } : {})
    return true
  } catch (error) {
    complain(error)
    void changed()
    return false
  }
}

export const importHolidays = (table: string, body: HolidayImport): Promise<Imported> => data(api.POST('/calendars/tables/{table}/import', { params: { path: { table } }, body }))
export async function undoImport(table: string): Promise<void> {
  try {
    await data(api.POST('/calendars/tables/{table}/undo', { params: { path: { table } } }))
    await changed()
    say(t('common.undone'))
  } catch (error) {
    complain(error)
  }
}

export const tryCalendar = (calendar_id: ID, from: string, hours: number): Promise<Tried> => data(api.POST('/calendars/test', { body: { calendar_id, from, hours } }))
