import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, BASE, data, onSignedOut } from '~/api/client'
import { keys } from '~/api/keys'
import type { Category, Config, ID, Me } from '~/api/types'
import { named, t, useLocale } from '~/i18n'
import { faces } from '~/parts/Avatar'
import { queries } from './query'
import { createStore } from './store'

/** True while the overlay asks for a new sign-in; requests that met a 401 wait for it. */
export const expired = createStore(false)
const waiting: { resolve: () => void; reject: (e: unknown) => void }[] = []

/** Where the picture of a colleague is. */
export const pictureOf = (id: ID, hash: string): string => `${BASE}/staff/users/${id}/picture/${hash}`

export const meQuery = queryOptions({ queryKey: keys.me, queryFn: () => data(api.GET('/me')) as Promise<Me>, staleTime: Infinity, retry: false })
export const setupQuery = queryOptions({ queryKey: keys.setup, queryFn: () => data(api.GET('/setup')), staleTime: Infinity })
export const configQuery = queryOptions({
  queryKey: keys.config, staleTime: Infinity,
  queryFn: async () => {
    const config = (await data(api.GET('/config'))) as Config
    const twice = (name: string) => config.staff.filter((x) => x.name === name).length > 1 // then a picture could be that of the other
    faces.set(new Map(config.staff.flatMap((x) => (x.avatar ? [[x.name, { ...x.avatar, picture: x.avatar.picture && !twice(x.name) ? pictureOf(x.id, x.avatar.picture) : undefined }] as const] : []))))
    return config
  },
})

export function useMe(): Me | undefined {
  return useQuery({ ...meQuery, enabled: false }).data
}

/** Whether somebody holds a permission, however far it reaches. */
export function can(me: Me | undefined, permission: string): boolean {
  const scope = (me?.permissions as Record<string, string> | undefined)?.[permission]
  return scope !== undefined && scope !== 'none' && scope !== ''
}

/** Before the first sign-in a 401 leads to the sign-in page; after it, to the overlay that keeps the page. */
onSignedOut(() => {
  if (!queries.getQueryData(keys.me)) return Promise.reject(new Error('signed out'))
  expired.set(true)
  return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
})

export async function signIn(email: string, password: string): Promise<Me> {
  const me = (await data(api.POST('/session', { body: { email, password } }))) as Me
  queries.setQueryData(keys.me, me)
  expired.set(false)
  for (const w of waiting.splice(0)) w.resolve()
  return me
}

export async function signOut(): Promise<void> {
  await data(api.DELETE('/session')).catch(() => undefined)
  for (const w of waiting.splice(0)) w.reject(new Error('signed out'))
  location.assign('/signin')
}

/** Sees the workspace as a person or a role would; everything is read anew. */
export async function viewAs(as: { user_id: ID } | { role_id: ID }): Promise<void> {
  await data(api.POST('/session/view', { body: as }))
  location.assign('/inbox')
}
export async function endView(): Promise<void> {
  await data(api.DELETE('/session/view'))
  location.assign('/admin/roles')
}

/** Catalogue of settings with the look-ups that screens need. */
export interface Names {
  config: Config
  type(key: string | undefined): string
  category(id: ID | null | undefined): string
  team(id: ID | undefined): string
  /** Of a department or a team, whichever a clock is of. */
  unit(kind: string, id: ID | undefined): string
  staff(id: ID | undefined): string
  tier(key: string | undefined): string
  keyed(list: 'hold_reasons' | 'cancel_reasons' | 'resolution_codes' | 'causes' | 'responsibilities', key: string | undefined): string
}

const empty: Config = {
  version: 0, types: [], fields: [], categories: [], substatuses: [], scenes: [], hold_reasons: [], cancel_reasons: [], resolution_codes: [], causes: [],
  responsibilities: [], teams: [], departments: [], staff: [], tiers: [],
  rules: { number_pattern: '{type}{yymmdd}-{seq:4}', undo_send_seconds: 10, undo_hours: 24, auto_close_hours: 72, reopen_days: 7, repeat_days: 7, demands: [] },
}

export function namesOf(config: Config): Names {
  const category = (id: ID | null | undefined): string => {
    const path: string[] = []
    let at: Category | undefined = config.categories.find((c) => c.id === id)
    while (at && path.length < 16) {
      path.unshift(named(at.name))
      const parent: ID | undefined = at.parent_id
      at = config.categories.find((c) => c.id === parent)
    }
    return path.join(' › ')
  }
  return {
    config,
    category,
    type: (key) => named(config.types.find((x) => x.key === key)?.name) || (key ?? ''),
    team: (id) => config.teams.find((x) => x.id === id)?.name ?? '',
    unit: (kind, id) => (kind === 'team' ? config.teams : config.departments).find((x) => x.id === id)?.name ?? t('unit.gone'),
    staff: (id) => config.staff.find((x) => x.id === id)?.name ?? '',
    tier: (key) => named(config.tiers.find((x) => x.key === key)?.name) || (key ?? ''),
    keyed: (list, key) => named(config[list].find((x) => x.key === key)?.name) || (key ?? ''),
  }
}

export function useNames(): Names {
  useLocale()
  const { data: config } = useQuery(configQuery)
  return namesOf({ ...empty, ...config })
}
