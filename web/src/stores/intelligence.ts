// Administration of understanding: reading and changing what the models do.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { AccuracyBy, DecisionField, Descriptions, FieldRule, FieldState, ID, LanguageModels, LearnedField, Overview, Patterns, Retraining, RiskLists, Run } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export const overviewQuery = queryOptions({ queryKey: keys.mind('overview'), queryFn: ({ signal }) => data(api.GET('/understanding', { signal })), staleTime: 60_000, retry: false })
export const riskListsQuery = queryOptions({ queryKey: keys.mind('risk'), queryFn: ({ signal }) => data(api.GET('/understanding/risk-lists', { signal })) })
export const patternsQuery = queryOptions({ queryKey: keys.mind('patterns'), queryFn: ({ signal }) => data(api.GET('/understanding/patterns', { signal })) })
export const descriptionsQuery = queryOptions({ queryKey: keys.mind('descriptions'), queryFn: ({ signal }) => data(api.GET('/understanding/descriptions', { signal })) })
export const modelsQuery = (field?: LearnedField) => queryOptions({ queryKey: keys.mind('models', field), queryFn: ({ signal }) => data(api.GET('/understanding/models', { params: { query: field ? { field } : {} }, signal })) })
const busy = (r: Run) => r.state === 'running' || r.state === 'waiting'
export const runsQuery = queryOptions({
  queryKey: keys.mind('runs'),
  queryFn: ({ signal }) => data(api.GET('/understanding/runs', { signal })),
  refetchInterval: (q): number | false => (q.state.data?.items.some(busy) ? 1000 : false),
})
export const runQuery = (id: ID) => queryOptions({
  queryKey: keys.mind('runs', id), queryFn: ({ signal }) => data(api.GET('/understanding/runs/{id}', { params: { path: { id } }, signal })), enabled: id !== '',
  refetchInterval: (q): number | false => (q.state.data && busy(q.state.data) ? 1000 : false),
})
export const cellQuery = (id: ID, actual: string, predicted: string) => queryOptions({ queryKey: keys.mind('cell', id, actual, predicted), queryFn: ({ signal }) => data(api.GET('/understanding/runs/{id}/cell', { params: { path: { id }, query: { actual, predicted } }, signal })) })
const more = { initialPageParam: '', getNextPageParam: (page: { next_cursor?: string }) => page.next_cursor || undefined }
export const examplesQuery = (field: LearnedField) => infiniteQueryOptions({
  ...more, queryKey: keys.mind('examples', field),
  queryFn: ({ pageParam, signal }) => data(api.GET('/understanding/examples', { params: { query: { field, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
})
export const correctionsQuery = (since: string, field: DecisionField | '') => infiniteQueryOptions({
  ...more, queryKey: keys.mind('corrections', since, field),
  queryFn: ({ pageParam, signal }) => data(api.GET('/understanding/corrections', { params: { query: { since, limit: 50, ...(field ? { field } : {}), ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
})
export const accuracyQuery = (weeks: number, by: AccuracyBy, field: DecisionField | '') => queryOptions({
  queryKey: keys.mind('accuracy', weeks, by, field), placeholderData: keepPreviousData,
  queryFn: ({ signal }) => data(api.GET('/understanding/accuracy', { params: { query: { weeks, by, ...(field ? { field } : {}) } }, signal })),
})
export const llmQuery = queryOptions({ queryKey: keys.mind('llm'), queryFn: ({ signal }) => data(api.GET('/understanding/llm', { signal })) })
export const callsQuery = infiniteQueryOptions({
  ...more, queryKey: keys.mind('calls'),
  queryFn: ({ pageParam, signal }) => data(api.GET('/understanding/llm/calls', { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
})

/** A saved change with its way back: the former state is sent again. */
async function saved<T>(key: readonly unknown[], before: T | undefined, send: (value: T) => Promise<T>, value: T): Promise<boolean> {
  queries.setQueryData(key, value)
  try {
    queries.setQueryData(key, await send(value))
    say(t('common.saved'), before ? { undo: async () => saved(key, undefined, send, { ...before, ...versionOf(key) }) } : {})
    return true
  } catch (error) {
    if (before) queries.setQueryData(key, before)
    void queries.invalidateQueries({ queryKey: key })
    complain(error)
    return false
  }
}
/** What is there now: going back is a change of it, not of what it was. */
const versionOf = (key: readonly unknown[]): object => {
  const now = queries.getQueryData<{ version?: number }>(key)
  return now?.version === undefined ? {} : { version: now.version }
}

export const saveRiskLists = (lists: RiskLists, before?: RiskLists) => saved(riskListsQuery.queryKey, before, (body) => data(api.PUT('/understanding/risk-lists', { body })), lists)
export const savePatterns = (patterns: Patterns, before?: Patterns) => saved(patternsQuery.queryKey, before, (body) => data(api.PUT('/understanding/patterns', { body })), patterns)
export const saveDescriptions = (d: Descriptions, before?: Descriptions) => saved(descriptionsQuery.queryKey, before, (body) => data(api.PUT('/understanding/descriptions', { body })), d)
export const saveLLM = (m: LanguageModels, before?: LanguageModels) => saved(llmQuery.queryKey, before, (body) => data(api.PUT('/understanding/llm', { body })), m)

export async function saveRule(field: FieldState, rule: FieldRule): Promise<boolean> {
  const put = (r: FieldRule) => queries.setQueryData<Overview>(overviewQuery.queryKey, (old) => old && { ...old, fields: old.fields.map((f) => (f.field === field.field ? { ...f, ...r } : f)) })
  const before: FieldRule = { off: field.off, threshold: field.threshold, suggest: field.suggest }
  const send = (r: FieldRule) => data(api.PUT('/understanding/fields/{field}', { params: { path: { field: field.field } }, body: r }))
  put(rule)
  try {
    await send(rule)
    say(t('common.saved'), { undo: async () => { put(before); await send(before).catch(complain) } })
    return true
  } catch (error) {
    put(before)
    complain(error)
    return false
  }
}

/** Says when fields are trained anew; at once on the screen, and back again when it fails. */
export async function saveRetraining(next: Retraining, before: Retraining): Promise<boolean> {
  const put = (r: Retraining) => queries.setQueryData<Overview>(overviewQuery.queryKey, (old) => old && { ...old, retrain: r })
  const send = (body: Retraining) => data(api.PUT('/understanding/retraining', { body }))
  put(next)
  try {
    await send(next)
    say(t('common.saved'), { undo: async () => { put(before); await send(before).catch((error: unknown) => { put(next); complain(error) }) } })
    return true
  } catch (error) {
    put(before)
    complain(error)
    return false
  }
}

/** Does something and says when it fails; what it changed is read again. */
export async function attempt<T>(work: () => Promise<T>, touched: readonly unknown[][], text?: string): Promise<T | undefined> {
  try {
    const answer = await work()
    for (const key of touched) void queries.invalidateQueries({ queryKey: key })
    if (text) say(text)
    return answer
  } catch (error) {
    complain(error)
    return undefined
  }
}

export const startRun = (field: LearnedField) => attempt(() => data(api.POST('/understanding/runs', { body: { field } })), [[...keys.mind('runs')]])
export const cancelRun = (id: ID) => attempt(() => data(api.POST('/understanding/runs/{id}/cancel', { params: { path: { id } } })), [[...keys.mind('runs')]])
export const activate = (id: ID) => attempt(() => data(api.POST('/understanding/models/{id}/activate', { params: { path: { id } } })), [[...keys.mind('models')], [...keys.mind('overview')]], t('models.said.active'))
