// What a company has set up about its tickets: read with /config by every
// screen, changed here. Each change says its way back.
import { queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Body } from '~/api/paths'
import type { Category, Config, Field, ID, Keyed, Substatus, TicketType } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { configQuery } from './session'
import { complain, say } from './toast'

export type Code = Keyed & { id: ID }
export type CodeList = Code['list']
export type Rules = Config['rules']
interface Things { types: TicketType; fields: Field; categories: Category; substatuses: Substatus; codes: Code }
export type Noun = keyof Things

export const codeLists = { resolution_code: 'resolution_codes', cause: 'causes', responsibility: 'responsibilities', hold_reason: 'hold_reasons', cancel_reason: 'cancel_reasons' } as const

const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: keys.config })

const strip = <T extends object>(x: T): T => { const { $schema: _, ...rest } = x as T & { $schema?: string }; return rest as T }

async function put<N extends Noun>(noun: N, thing: Things[N], version: number): Promise<Things[N]> {
  const { merged_into: _, ...body } = strip(thing) as Things[N] & { merged_into?: string }
  return strip(await data(api.PUT(`/config/${noun}/{id}` as '/config/types/{id}', { params: { path: { id: thing.id } }, body: body as never, headers: ifMatch(version) }))) as unknown as Things[N]
}

/** Makes a thing, or changes one that was read; the former stands again by undo. */
export async function save<N extends Noun>(noun: N, next: Things[N], before?: Things[N]): Promise<Things[N]> {
  if (!before) {
    const { id: _, ...body } = next
    const made = strip(await data(api.POST(`/config/${noun}` as '/config/types', { body: body as never }))) as unknown as Things[N]
    await renew()
    say(t('common.saved'))
    return made
  }
  const after = await put(noun, next, before.version ?? 0)
  say(t('common.saved'), { undo: () => put(noun, before, after.version ?? 0).then(renew).then(() => say(t('common.undone')), complain) })
  await renew()
  return after
}

export type Kind = Body<'/config/order'>['kind']

/** Puts things into this order, categories below a parent; the screen shows it at once. */
export async function arrange(kind: Kind, ids: ID[], back: { ids: ID[]; parent?: ID }, parent?: ID): Promise<void> {
  const send = (list: ID[], above?: ID) => data(api.POST('/config/order', { body: { kind, ids: list, ...(above ? { parent_id: above } : {}) } }))
  const before = queries.getQueryData<Config>(configQuery.queryKey)
  if (before) queries.setQueryData(configQuery.queryKey, placed(before, kind, ids, parent))
  try {
    await send(ids, parent)
    say(t('cfg.ordered'), { undo: () => send(back.ids, back.parent).then(renew).then(() => say(t('common.undone')), complain) })
  } catch (error) {
    if (before) queries.setQueryData(configQuery.queryKey, before)
    complain(error)
  }
  await renew()
}

/** The set-up as it will be once the order is written. */
export function placed(config: Config, kind: Kind, ids: ID[], parent?: ID): Config {
  const by = <T extends { id?: string; position: number }>(list: T[]): T[] => list.map((x) => { const at = ids.indexOf(x.id ?? ''); return at < 0 ? x : { ...x, position: at + 1 } }).sort((a, b) => a.position - b.position)
  switch (kind) {
    case 'type': return { ...config, types: by(config.types) }
    case 'field': return { ...config, fields: by(config.fields) }
    case 'substatus': return { ...config, substatuses: by(config.substatuses) }
    case 'category': {
      const moved = config.categories.map((c) => { if (!ids.includes(c.id)) return c; const { parent_id: _, ...rest } = c; return parent ? { ...rest, parent_id: parent } : rest })
      return { ...config, categories: by(moved) }
    }
    case 'code': return { ...config, resolution_codes: by(config.resolution_codes), causes: by(config.causes), responsibilities: by(config.responsibilities), hold_reasons: by(config.hold_reasons), cancel_reasons: by(config.cancel_reasons) }
  }
}

export async function saveRules(next: Rules, before: Rules): Promise<Rules> {
  const send = async (r: Rules, version: number) => strip(await data(api.PUT('/config/rules', { body: r, headers: ifMatch(version) })))
  const after = await send(next, before.version ?? 0)
  say(t('common.saved'), { undo: () => send(before, after.version ?? 0).then(renew).then(() => say(t('common.undone')), complain) })
  await renew()
  return after
}

/** A category goes into another one, with its tickets; there is no way back. */
export async function mergeCategory(from: ID, into: ID): Promise<boolean> {
  try {
    await data(api.POST('/config/categories/{id}/merge', { params: { path: { id: from } }, body: { into } }))
    await renew()
    say(t('cfg.category.merged'))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

/** How many tickets a condition finds: what a change concerns. */
export const concernedQuery = (filter: string) => queryOptions({ queryKey: keys.tickets.count({ filter }), staleTime: 30_000, retry: false, enabled: filter !== '', queryFn: ({ signal }) => data(api.GET('/tickets/count', { params: { query: { filter } }, signal })) })
