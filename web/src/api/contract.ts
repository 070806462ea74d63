// Endpoints of understanding that the generated schema does not hold yet, as
// agreed with the server. Once `npm run api` brings one, its lines go.
import type { components } from './schema'

type Schemas = components['schemas']
export type Brief = { id: string; number: string; subject?: string; status: Schemas['TicketJSON']['status']; assignee?: { id?: string; name: string } }
export type Decision = Schemas['Decision']
export type DecisionField = Schemas['DecideInput']['field']
export type RiskKind = 'anger' | 'churn' | 'legal' | 'media' | 'regulator' | 'safety'
export interface Place { in: 'subject' | 'body'; message_id?: string; start: number; end: number }

export interface Entity extends Place {
  type: string; text: string; value: string; parts?: Record<string, string>; from?: string; to?: string; confidence: number; why?: string
}
export interface RiskSignal { kind: RiskKind; severity: number; text: string; start: number; end: number; in: 'subject' | 'body'; message_id?: string }
export interface Matter { title: string; text: string; why: string }
export interface Similar { ticket: Brief; score: number; resolution_code?: string }
export interface ReadFile { id: string; name: string; kind: string; text: string; truncated: boolean }
export interface Translation { to: string; title: string; text: string; model: string }
export interface Incident {
  id: string; state: 'proposed' | 'accepted' | 'dismissed'; title: string; words: string[]; count: number; customers: number; expected: number; score: number
  since: string; created_at: string; parent?: Brief; tickets: Brief[]
}
export interface Understanding {
  title: string; summary: string[]; language: { tag: string; confidence: number }; entities: Entity[]; matters: Matter[]; risks: RiskSignal[]
  urgency: { impact: number; urgency: number }; similar: Similar[]; duplicates: Similar[]; incident?: Incident; attachments: ReadFile[]
  translation?: Translation; can_translate?: boolean; model: string; took_micros: number; read_at: string
}
export interface Playground extends Understanding { decisions: Decision[]; timings: { part: string; micros: number }[] }
export interface Check { duplicates: Similar[]; decisions: Decision[]; matters: number; title: string }

export interface ModelInfo {
  id: string; field: string; state: 'active' | 'old' | 'rejected'; examples: number; labels: number; accuracy: number; macro_f1: number; ece: number; bytes: number
  created_at: string; created_by: string; note?: string
}
export interface FieldRule { on: boolean; threshold: number; suggest: number }
export interface FieldState extends FieldRule {
  field: DecisionField; model?: ModelInfo; examples: number; learned_at?: string; today: { n: number; set: number; suggested: number; corrected: number }
}
export interface Overview { fields: FieldState[]; ready: boolean; language_model: { configured: boolean; on: boolean }; memory_bytes: number }
export interface Cue { text: string; severity: number; own: boolean; off: boolean }
export interface RiskLists { lists: { kind: RiskKind; cues: Cue[] }[]; version: number }
export interface Pattern { name: string; type: string; expression: string; examples: string[]; on: boolean }
export interface Patterns { patterns: Pattern[]; version: number }
export interface LearnedPattern { expression: string; matches: string[]; misses: string[] }
export interface LabelWords { field: 'type' | 'category'; value: string; zh: string; en: string }
export interface Descriptions { labels: LabelWords[]; version: number }
export interface Report {
  accuracy: number; macro_f1: number; ece: number; train_seconds: number; examples: number; holdout: number
  per_label: { value: string; precision: number; recall: number; f1: number; support: number }[]
  confusion: { actual: string; predicted: string; n: number }[]
  before?: { accuracy: number; macro_f1: number }
}
export interface Run {
  id: string; field: string; state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'; done: number; total: number; started_at?: string; ended_at?: string
  error?: string; report?: Report; model_id?: string; promoted: boolean
}
export interface Example { id: string; field: string; label: string; source: 'correction' | 'closed' | 'import' | 'starter'; ticket?: Brief; text: string; at: string }
export interface RowError { row: number; code: string; message: string }
export interface Imported { rows: number; added: number; unknown_labels: string[]; errors: RowError[]; preview: { text: string; label: string }[] }
export interface Correction { ticket: Brief; field: string; from: string; to: string; confidence: number; by?: { id?: string; name: string }; at: string; text: string }
export interface AccuracyRow { key: string; n: number; set: number; suggested: number; right: number; accuracy: number; coverage: number; ece: number }
export interface Accuracy {
  rows: AccuracyRow[]; bins: { low: number; high: number; n: number; right: number }[]; drift: { field: string; now: number; before: number; p: number; alarm: boolean }[]
}
export interface Provider {
  name: string; kind: 'openai' | 'anthropic'; base_url: string; key_set: boolean; key?: string; model: string; region: 'home' | 'abroad'; price_in: number; price_out: number
}
export interface LanguageModels {
  on: boolean; providers: Provider[]; tasks: Record<string, string[]>; allow_abroad: boolean; daily_budget_micros: number; task_budgets: Record<string, number>; version: number
}
export interface ProviderTest { ok: boolean; latency_ms: number; error?: string }
export interface Call {
  at: string; task: string; provider: string; model: string; tokens_in: number; tokens_out: number; cost_micros: number; latency_ms: number; outcome: string
}
export type AccuracyBy = 'field' | 'week' | 'category' | 'channel' | 'language' | 'tier'

type List<T> = { items: T[]; next_cursor?: string }
type Op<Res, Path = never, Query = never, Req = never> = {
  parameters: { query?: [Query] extends [never] ? never : Query; header?: Record<string, string>; path: Path; cookie?: never }
  requestBody: [Req] extends [never] ? undefined : { content: { 'application/json': Req } }
  responses: { 200: { headers: Record<string, unknown>; content: { 'application/json': Res } } }
}
type Get<Res, Path = Record<never, never>, Query = never> = Omit<Op<Res, Path, Query>, 'requestBody'> & { requestBody?: never }
type Send<Res, Path = Record<never, never>, Req = never, Query = never> = [Req] extends [never] ? Get<Res, Path, Query> : Op<Res, Path, Query, Req>
type At = { id: string }
type Page = { cursor?: string; limit?: number }

export interface Contract {
  '/tickets/{id}/understanding': { get: Get<Understanding, At>; post: Send<Understanding, At> }
  '/tickets/{id}/translate': { post: Send<Translation, At, { to: string }> }
  '/tickets/{id}/split-matters': { post: Send<{ tickets: Schemas['TicketJSON'][] }, At, { matters: number[] }> }
  '/tickets/{id}/reply-children': { post: Send<Schemas['BulkJSON'], At, { body: string; html?: string; status?: { status: string; resolution?: { code: string } } }> }
  '/tickets/check': { post: Send<Check, Record<never, never>, { subject?: string; body: string; requester: { id?: string; name?: string; email?: string; phone?: string } }> }
  '/incidents': { get: Get<List<Incident>, Record<never, never>, Page & { state?: Incident['state'] }> }
  '/incidents/{id}/accept': { post: Send<{ incident: Incident; ticket: Schemas['TicketJSON'] }, At, { subject?: string }> }
  '/incidents/{id}/dismiss': { post: Send<Incident, At, { reason?: string }> }
  '/understanding': { get: Get<Overview> }
  '/understanding/fields/{field}': { put: Send<FieldState, { field: string }, FieldRule> }
  '/understanding/risk-lists': { get: Get<RiskLists>; put: Send<RiskLists, Record<never, never>, RiskLists> }
  '/understanding/patterns': { get: Get<Patterns>; put: Send<Patterns, Record<never, never>, Patterns> }
  '/understanding/patterns/learn': { post: Send<LearnedPattern, Record<never, never>, { examples: string[]; counter?: string[] }> }
  '/understanding/descriptions': { get: Get<Descriptions>; put: Send<Descriptions, Record<never, never>, Descriptions> }
  '/understanding/read': { post: Send<Playground, Record<never, never>, { subject?: string; text: string }> }
  '/understanding/models': { get: Get<List<ModelInfo>, Record<never, never>, { field?: string }> }
  '/understanding/models/{id}/activate': { post: Send<ModelInfo, At> }
  '/understanding/runs': { get: Get<List<Run>>; post: Send<Run, Record<never, never>, { field: string }> }
  '/understanding/runs/{id}': { get: Get<Run, At> }
  '/understanding/runs/{id}/cancel': { post: Send<Run, At> }
  '/understanding/runs/{id}/cell': { get: Get<List<Brief>, At, { actual: string; predicted: string }> }
  '/understanding/examples': { get: Get<List<Example>, Record<never, never>, Page & { field?: string }>; post: Send<{ added: number; errors: RowError[] }, Record<never, never>, { field: string; items: { text: string; title?: string; label: string }[] }> }
  '/understanding/examples/{id}': { delete: Send<undefined, At> }
  '/understanding/corrections': { get: Get<List<Correction>, Record<never, never>, Page & { since?: string; field?: string }> }
  '/understanding/accuracy': { get: Get<Accuracy, Record<never, never>, { weeks?: number; by?: AccuracyBy; field?: string }> }
  '/understanding/llm': { get: Get<LanguageModels>; put: Send<LanguageModels, Record<never, never>, LanguageModels> }
  '/understanding/llm/test': { post: Send<ProviderTest, Record<never, never>, { provider: string }> }
  '/understanding/llm/calls': { get: Get<List<Call>, Record<never, never>, Page> }
}
