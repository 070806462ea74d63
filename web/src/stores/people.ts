// People as they are administered: accounts, what assignment knows of them,
// teams, departments, skills and roles. Each change says its way back.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer, Body } from '~/api/paths'
import type { ID } from '~/api/types'
import { t, type Key } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export type User = Omit<Answer<'/staff/users/{id}'>, '$schema'>
export type UserChange = Omit<Body<'/staff/users/{id}', 'patch'>, '$schema'>
export type NewUser = Omit<Body<'/staff/users'>, '$schema'>
export type Profile = Omit<Answer<'/routing/profiles/{id}'>, '$schema'>
export type TeamUnit = Omit<Answer<'/staff/teams/{id}'>, '$schema'>
export type TeamChange = Omit<Body<'/staff/teams/{id}', 'patch'>, '$schema'>
export type Unit = Omit<Answer<'/staff/departments/{id}'>, '$schema'>
export type UnitChange = Omit<Body<'/staff/departments/{id}', 'patch'>, '$schema'>
export type Skill = Omit<Answer<'/staff/skills/{id}'>, '$schema'>
export type Role = Omit<Answer<'/staff/roles/{id}'>, '$schema'>
export type Permission = Answer<'/staff/permissions'>['items'][number]
export const reaches = ['none', 'own', 'team', 'department', 'all'] as const
export type Reach = (typeof reaches)[number]

const key = (...part: unknown[]) => ['people', ...part] as const
const LIMIT = 200

/** Every page of a list that the server keeps short. */
async function every<T>(page: (cursor?: string) => Promise<{ items: T[]; next_cursor?: string }>): Promise<T[]> {
  const all: T[] = []
  for (let cursor: string | undefined; ;) {
    const p = await page(cursor)
    all.push(...p.items)
    if (!p.next_cursor) return all
    cursor = p.next_cursor
  }
}
const at = (cursor?: string) => ({ limit: LIMIT, ...(cursor ? { cursor } : {}) })

export interface UserFilter { q: string; active: '' | 'true' | 'false'; team: ID; role: ID }
export const usersQuery = (f: UserFilter) => infiniteQueryOptions({
  queryKey: key('users', f), initialPageParam: '', getNextPageParam: (p: Answer<'/staff/users'>) => p.next_cursor || undefined, placeholderData: keepPreviousData,
  queryFn: ({ pageParam, signal }) => data(api.GET('/staff/users', { params: { query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}), ...(f.q ? { q: f.q } : {}), ...(f.active ? { active: f.active } : {}), ...(f.team ? { team_id: f.team } : {}), ...(f.role ? { role_id: f.role } : {}) } }, signal })),
})
export const userQuery = (id: ID) => queryOptions({ queryKey: key('user', id), retry: false, queryFn: ({ signal }) => data(api.GET('/staff/users/{id}', { params: { path: { id } }, signal })) as Promise<User> })
/** Users in no particular number: for names of closed accounts too, and to count who has a role. */
export const holdersQuery = (role: ID) => queryOptions({ queryKey: key('users', 'of', role), queryFn: ({ signal }) => data(api.GET('/staff/users', { params: { query: { limit: LIMIT, role_id: role } }, signal })) })
export const teamUnitsQuery = queryOptions({ queryKey: key('teams'), queryFn: ({ signal }) => every((c) => data(api.GET('/staff/teams', { params: { query: at(c) }, signal }))) })
export const unitsQuery = queryOptions({ queryKey: key('departments'), queryFn: ({ signal }) => every((c) => data(api.GET('/staff/departments', { params: { query: at(c) }, signal }))) })
export const everySkillQuery = queryOptions({ queryKey: key('skills'), queryFn: ({ signal }) => every((c) => data(api.GET('/staff/skills', { params: { query: at(c) }, signal }))) })
export const rolesQuery = queryOptions({ queryKey: key('roles'), queryFn: ({ signal }) => every((c) => data(api.GET('/staff/roles', { params: { query: at(c) }, signal }))) })
export const permissionsQuery = queryOptions({ queryKey: key('permissions'), staleTime: Infinity, queryFn: async ({ signal }) => (await data(api.GET('/staff/permissions', { signal }))).items })
export const profileQuery = (id: ID) => queryOptions({
  queryKey: key('profile', id), retry: false,
  queryFn: async ({ signal }): Promise<Profile> => { const { $schema: _, ...p } = await data(api.GET('/routing/profiles/{id}', { params: { path: { id } }, signal })) as Profile & { $schema?: string }; return p },
})
/** How many active tickets somebody has: what a closed account leaves to others. */
export const atHandQuery = (id: ID) => queryOptions({ queryKey: keys.tickets.count({ filter: `active && assignee == "${id}"` }), staleTime: 10_000, retry: false, queryFn: ({ signal }) => data(api.GET('/tickets/count', { params: { query: { filter: `active && assignee == "${id}"` } }, signal })) })

async function renew(): Promise<void> {
  void queries.invalidateQueries({ queryKey: ['skills'] })
  void queries.invalidateQueries({ queryKey: keys.config })
  await queries.invalidateQueries({ queryKey: key() })
}

/** What a thing was in the fields that a change touches: the way back. */
function former<C extends object>(before: object, change: C): C {
  const was = before as Record<string, unknown>
  return Object.fromEntries(Object.keys(change).map((k) => [k, was[k] ?? null])) as C
}

/** Sends a change, shows what came of it, and offers the way back. */
async function changed<T extends { version: number }, C extends object>(before: T, change: C, send: (version: number, change: C) => Promise<T>, said: Key): Promise<T> {
  const after = await send(before.version, change)
  // the way back is there at once, not when all lists are read again
  say(t(said), { undo: () => send(after.version, former(before, change)).then(renew).then(() => say(t('common.undone')), complain) })
  await renew()
  return after
}
async function made<T>(answer: Promise<T>): Promise<T> {
  const one = await answer
  await renew()
  say(t('common.saved'))
  return one
}

export const createUser = (body: NewUser): Promise<User> => made(data(api.POST('/staff/users', { body })) as Promise<User>)
export const saveUser = (before: User, change: UserChange): Promise<User> => changed(before, change, (version, body) => data(api.PATCH('/staff/users/{id}', { params: { path: { id: before.id } }, body, headers: ifMatch(version) })) as Promise<User>, change.active === false ? 'who.closed.said' : 'common.saved')
export async function setPassword(id: ID, password: string): Promise<void> {
  await data(api.POST('/staff/users/{id}/password', { params: { path: { id } }, body: { password } }))
  await renew()
  say(t('who.password.said'))
}
export async function signOutUser(id: ID): Promise<void> {
  await data(api.POST('/staff/users/{id}/sign-out', { params: { path: { id } } })).then(() => say(t('who.signout.said')), complain)
}

export async function saveProfile(id: ID, before: Profile, next: Profile): Promise<void> {
  const send = async (p: Profile, version: number): Promise<Profile> => {
    const { $schema: _, ...wire } = { ...p, version } as Profile & { $schema?: string }
    return await data(api.PUT('/routing/profiles/{id}', { params: { path: { id } }, body: wire })) as Profile
  }
  const after = await send(next, before.version)
  say(t('who.profile.said'), { undo: () => send(before, after.version).then(renew).then(() => say(t('common.undone')), complain) })
  await renew()
}

export const createTeam = (body: Omit<Body<'/staff/teams'>, '$schema'>): Promise<TeamUnit> => made(data(api.POST('/staff/teams', { body })) as Promise<TeamUnit>)
export const saveTeam = (before: TeamUnit, change: TeamChange): Promise<TeamUnit> => changed(before, change, (version, body) => data(api.PATCH('/staff/teams/{id}', { params: { path: { id: before.id } }, body, headers: ifMatch(version) })) as Promise<TeamUnit>, 'common.saved')
export const createUnit = (body: Omit<Body<'/staff/departments'>, '$schema'>): Promise<Unit> => made(data(api.POST('/staff/departments', { body })) as Promise<Unit>)
export const saveUnit = (before: Unit, change: UnitChange): Promise<Unit> => changed(before, change, (version, body) => data(api.PATCH('/staff/departments/{id}', { params: { path: { id: before.id } }, body, headers: ifMatch(version) })) as Promise<Unit>, 'common.saved')
export const createSkill = (name: string): Promise<Skill> => made(data(api.POST('/staff/skills', { body: { name } })) as Promise<Skill>)
export const saveSkill = (before: Skill, change: { name: string }): Promise<Skill> => changed(before, change, (version, body) => data(api.PATCH('/staff/skills/{id}', { params: { path: { id: before.id } }, body, headers: ifMatch(version) })) as Promise<Skill>, 'common.saved')
export const createRole = (body: { name: string; grants: Record<string, string> }): Promise<Role> => made(data(api.POST('/staff/roles', { body })) as Promise<Role>)
export const saveRole = (before: Role, change: { name?: string; grants?: Record<string, string> }): Promise<Role> => changed(before, change, (version, body) => data(api.PATCH('/staff/roles/{id}', { params: { path: { id: before.id } }, body, headers: ifMatch(version) })) as Promise<Role>, 'common.saved')
/** Removes what nobody has; the server refuses otherwise. */
export async function remove(what: 'skills' | 'roles', id: ID): Promise<boolean> {
  try {
    await data(what === 'skills' ? api.DELETE('/staff/skills/{id}', { params: { path: { id } } }) : api.DELETE('/staff/roles/{id}', { params: { path: { id } } }))
    await renew()
    say(t('who.removed'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}
