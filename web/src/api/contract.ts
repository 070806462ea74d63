// Endpoints that the generated schema does not hold yet, as agreed with the
// server. Once `npm run api` brings one, its lines go.
export interface Translation { to: string; title?: string; text: string; model: string }
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

type Op<Res, Path = never, Query = never, Req = never> = {
  parameters: { query?: [Query] extends [never] ? never : Query; header?: never; path?: Path; cookie?: never }
  requestBody?: [Req] extends [never] ? never : { content: { 'application/json': Req } }
  responses: { 200: { headers: Record<string, unknown>; content: { 'application/json': Res } } }
}

export interface Contract {
  '/tickets/{id}/translate': { post: Op<Translation, { id: string }, never, { to: string }> }
  '/understanding/llm': { get: Op<LanguageModels>; put: Op<LanguageModels, never, never, LanguageModels> }
  '/understanding/llm/test': { post: Op<ProviderTest, never, never, { provider: string }> }
  '/understanding/llm/calls': { get: Op<{ items: Call[]; next_cursor?: string }, never, { cursor?: string; limit?: number }> }
}
