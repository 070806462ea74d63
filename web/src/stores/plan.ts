// The roster 排班: who shall work when, leaves, swaps, and how it was kept.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, BASE, data, send } from '~/api/client'
import { problemOf } from '~/api/problem'
import type { Answer } from '~/api/paths'
import { keys } from '~/api/keys'
import type { ID, Stamp } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import type { StateName } from './roster'
import { complain, say } from './toast'

/** A date without a time: 2026-11-21. */
export type Day = string
export interface Pause { from: string; to: string }
export interface ShiftTemplate { id: ID; version: number; name: string; color?: string; from: string; to: string; breaks?: Pause[]; zone?: string; night?: boolean; retired?: boolean }
export interface PlanItem { kind: 'shift' | 'off'; template_id?: ID; name?: string; color?: string; from?: string; to?: string; breaks?: Pause[]; zone?: string; night?: boolean }
export interface PlanCell { user_id: ID; day: Day; items: PlanItem[]; published?: PlanItem[]; drafted?: boolean; version: number }
export interface PlanPerson { user_id: ID; name: string; team_ids: ID[]; department_id?: ID; manage: boolean }
export interface Leave { id: ID; user_id: ID; kind: 'annual' | 'sick' | 'personal' | 'compensatory' | 'other'; from: Stamp; to: Stamp; reason?: string; state: Progress; asked_at: Stamp; judge_id?: ID; answer?: string }
export type Progress = 'requested' | 'accepted' | 'approved' | 'refused' | 'withdrawn'
export interface Swap { id: ID; user_id: ID; day: Day; gives: PlanItem[]; other_id: ID; other_day: Day; takes: PlanItem[]; reason?: string; state: Progress; asked_at: Stamp; answer?: string }
export interface Plan { people: PlanPerson[]; cells: PlanCell[]; leaves: Leave[]; next_cursor?: string }
export interface Conflict { user_id: ID; day: Day; code: string; text: string }
export interface Rotation { id: ID; version: number; name: string; pattern: ID[]; anchor: Day; retired?: boolean }
export interface Publication { id: ID; from: Day; to: Day; cells: number; by_id?: ID; at: Stamp; undone_at?: Stamp }
export interface AdherenceDay { user_id: ID; name: string; day: Day; planned_minutes: number; kept_minutes: number; worked_minutes: number; late_minutes: number; leave_minutes: number; seconds: Partial<Record<StateName, number>> }

const more = { initialPageParam: '', getNextPageParam: (page: { next_cursor?: string }) => page.next_cursor || undefined, retry: false as const }
const team = (id: ID | undefined) => (id ? { team: id } : {})
const at = (cursor: string) => (cursor ? { cursor } : {})

export const planQuery = (from: Day, to: Day, group: ID | undefined) => infiniteQueryOptions({
  ...more, queryKey: keys.roster('plan', from, to, group ?? ''), staleTime: 30_000,
  queryFn: ({ pageParam, signal }) => data(api.GET('/roster/plan', { params: { query: { from, to, limit: 100, ...team(group), ...at(pageParam) } }, signal })),
})
export const myPlanQuery = (from: Day, to: Day) => queryOptions({ queryKey: keys.roster('mine', from, to), retry: false, queryFn: ({ signal }) => data(api.GET('/me/plan', { params: { query: { from, to } }, signal })) })
export const templatesQuery = queryOptions({ queryKey: keys.roster('templates'), retry: false, staleTime: 60_000, queryFn: ({ signal }) => data(api.GET('/roster/templates', { signal })) })
export const rotationsQuery = queryOptions({ queryKey: keys.roster('rotations'), retry: false, staleTime: 60_000, queryFn: ({ signal }) => data(api.GET('/roster/rotations', { signal })) })
export const leavesQuery = (state: Progress | '') => infiniteQueryOptions({ ...more, queryKey: keys.roster('leaves', state), queryFn: ({ pageParam, signal }) => data(api.GET('/roster/leaves', { params: { query: { limit: 50, ...(state ? { state } : {}), ...at(pageParam) } }, signal })) })
export const swapsQuery = infiniteQueryOptions({ ...more, queryKey: keys.roster('swaps'), queryFn: ({ pageParam, signal }) => data(api.GET('/roster/swaps', { params: { query: { limit: 50, ...at(pageParam) } }, signal })) })
export const adherenceQuery = (from: Day, to: Day, group: ID | undefined) => infiniteQueryOptions({ ...more, queryKey: keys.roster('adherence', from, to, group ?? ''), queryFn: ({ pageParam, signal }) => data(api.GET('/roster/adherence', { params: { query: { from, to, limit: 50, ...team(group), ...at(pageParam) } }, signal })) })

const again = () => void queries.invalidateQueries({ queryKey: keys.roster() })
export type Edit = Pick<PlanCell, 'user_id' | 'day' | 'items'>
type Pages = { pages: Plan[]; pageParams: unknown[] }

/** Drafts days at once; what breaks a rule of the roster is refused and stands as before. */
export async function draft(edits: Edit[], before: Edit[] | undefined): Promise<boolean> {
  const lists = queries.getQueriesData<Pages>({ queryKey: keys.roster('plan') })
  const hit = (c: Pick<PlanCell, 'user_id' | 'day'>) => edits.find((e) => e.user_id === c.user_id && e.day === c.day)
  for (const [key] of lists) {
    queries.setQueryData<Pages>(key, (old) => old && { ...old, pages: old.pages.map((p) => {
      const mine = edits.filter((e) => p.people.some((x) => x.user_id === e.user_id))
      return { ...p, cells: [...p.cells.filter((c) => !hit(c)), ...mine.map((e) => ({ version: 0, ...p.cells.find((c) => c.user_id === e.user_id && c.day === e.day), ...e, drafted: true }))] }
    }) })
  }
  try {
    await data(api.PUT('/roster/cells', { body: { cells: edits } }))
    if (before) say(t('roster.said.drafted', { n: edits.length }), { undo: () => draft(before, undefined) })
    return true
  } catch (error) {
    for (const [key, old] of lists) queries.setQueryData(key, old)
    complain(error)
    return false
  } finally {
    void queries.invalidateQueries({ queryKey: keys.roster('plan') })
  }
}

async function attempt<T>(work: Promise<{ data?: T }>, text?: (answer: T) => string, undo?: (answer: T) => unknown): Promise<T | undefined> {
  try {
    const answer = await data(work)
    if (text) say(text(answer), undo ? { undo: () => undo(answer) } : {})
    return answer
  } catch (error) {
    complain(error)
    return undefined
  } finally {
    again()
  }
}

export const publish = (from: Day, to: Day, group: ID | undefined) =>
  attempt<Publication>(api.POST('/roster/publish', { body: { from, to, ...(group ? { team_id: group } : {}) } }), (p) => t('roster.said.published', { n: p.cells }), (p) => attempt(api.POST('/roster/publications/{id}/undo', { params: { path: { id: p.id } } }), () => t('common.undone')))
export interface Fill { rotation_id: ID; people: { user_id: ID; offset: number }[]; from: Day; to: Day; keep?: boolean }
export const tryFill = (fill: Fill) => data(api.POST('/roster/fill', { body: { ...fill, dry_run: true } }))
export const fill = (f: Fill) => attempt<{ cells: PlanCell[] }>(api.POST('/roster/fill', { body: f }), (x) => t('roster.said.drafted', { n: x.cells.length }))
export const copyWeek = (from: Day, to: Day, users: ID[]) => attempt<{ cells: PlanCell[] }>(api.POST('/roster/copy', { body: { from, to, days: 7, user_ids: users } }), (x) => t('roster.said.drafted', { n: x.cells.length }))
export const saveTemplate = (s: Omit<ShiftTemplate, 'id' | 'version'>) => attempt<ShiftTemplate>(api.POST('/roster/templates', { body: s as ShiftTemplate }), () => t('common.saved'))
export const saveRotation = (r: Omit<Rotation, 'id' | 'version'>) => attempt<Rotation>(api.POST('/roster/rotations', { body: r as Rotation }), () => t('common.saved'))
export const askLeave = (l: { user_id?: ID; kind: Leave['kind']; from: Stamp; to: Stamp; reason?: string }) => attempt<Leave>(api.POST('/roster/leaves', { body: l }), (x) => t(x.state === 'approved' ? 'roster.said.leave.granted' : 'roster.said.leave.asked'))
type Verdict = Exclude<Progress, 'requested'>
export const judgeLeave = (id: ID, state: Verdict, answer?: string) => attempt<Leave>(api.POST('/roster/leaves/{id}/judge', { params: { path: { id } }, body: { state, ...(answer ? { answer } : {}) } }), (x) => t(`roster.said.judged.${x.state as 'approved'}`))
export const askSwap = (s: { day: Day; other_id: ID; other_day: Day; reason?: string }) => attempt<Swap>(api.POST('/roster/swaps', { body: s }), () => t('roster.said.swap'))
export const judgeSwap = (id: ID, state: Verdict, answer?: string) => attempt<Swap>(api.POST('/roster/swaps/{id}/judge', { params: { path: { id } }, body: { state, ...(answer ? { answer } : {}) } }), (x) => t(`roster.said.judged.${x.state as 'approved'}`))

export interface Handover { id: ID; user_id: ID; to_id?: ID; team_id?: ID; note?: string; tickets: { ticket_id: ID; note?: string }[]; state: 'open' | 'taken' | 'withdrawn'; at: Stamp; taken_by?: ID; taken_at?: Stamp }
export const handoversQuery = (state: Handover['state'] | '') => infiniteQueryOptions({
  ...more, queryKey: keys.roster('handovers', state),
  queryFn: ({ signal, pageParam }) => data(api.GET('/roster/handovers', { params: { query: { limit: 50, ...at(pageParam), ...(state ? { state } : {}) } }, signal })) as Promise<{ items: Handover[]; next_cursor?: string }>,
})
export const handOver = (h: { to_id?: ID; team_id?: ID; note?: string; tickets: { ticket_id: ID; note?: string }[] }) => attempt<Handover>(api.POST('/roster/handovers', { body: h }) as Promise<{ data?: Handover }>, () => t('roster.said.handover'))
export const judgeHandover = (id: ID, state: 'taken' | 'withdrawn') => attempt<Handover>(api.POST('/roster/handovers/{id}/judge', { params: { path: { id } }, body: { state } }) as Promise<{ data?: Handover }>, (x) => t(x.state === 'taken' ? 'roster.said.taken' : 'roster.said.withdrawn'))

export type RosterSettings = Omit<Answer<'/roster/settings'>, '$schema'>
export const rosterSettingsQuery = queryOptions({ queryKey: keys.roster('settings'), queryFn: ({ signal }) => data(api.GET('/roster/settings', { signal })) })
export async function saveRosterSettings(before: RosterSettings, after: RosterSettings, back = true): Promise<void> {
  await data(api.PUT('/roster/settings', { body: after }))
  await queries.invalidateQueries({ queryKey: keys.roster('settings') })
  say(t('common.saved'), back ? { undo: () => saveRosterSettings(after, before, false).catch(complain) } : {})
}

export interface Imported { cells: PlanCell[]; conflicts?: Conflict[]; problems: { row: number; column: number; text: string; code: string }[] }
/** Reads a table like that of the export; dry says only what it would draft. */
export async function importPlan(file: Blob, dry: boolean): Promise<Imported> {
  const answer = await send(new Request(`${location.origin}${BASE}/roster/import${dry ? '?dry_run=true' : ''}`, { method: 'POST', body: file, headers: { 'Content-Type': 'application/octet-stream' }, credentials: 'same-origin' }))
  if (!answer.ok) throw await problemOf(answer)
  if (!dry) again()
  return (await answer.json()) as Imported
}
export const exportURL = (from: Day, to: Day, group: ID | undefined, format: 'csv' | 'xlsx'): string => `${BASE}/roster/export?${new URLSearchParams({ from, to, format, ...(group ? { team: group } : {}) })}`
