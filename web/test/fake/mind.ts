// Understanding as the fake has it: plausible answers in the contract's shapes.
import type { Accuracy, Brief, Check, Correction, Decision, Descriptions, Example, Incident, LanguageModels, ModelInfo, Overview, Patterns, Reading, RiskLists, Run, Ticket, Understanding } from '../../src/api/types.ts'
import { fieldPatch } from './patch.ts'
import { config } from './people.ts'
import type { Fake, Handler } from './fake.ts'

const runes = (s: string) => [...s].length
const brief = (t: Ticket): Brief => ({ id: t.id, number: t.number, subject: t.subject, status: t.status, ...(t.assignee ? { assignee: { id: t.assignee.id, name: t.assignee.name } } : {}) })

/** Where words stand in the first message of a ticket. */
function spot(text: string, words: string, message_id?: string) {
  const at = text.indexOf(words)
  const start = runes(text.slice(0, Math.max(0, at)))
  return { in: 'body' as const, ...(message_id ? { message_id } : {}), start, end: start + runes(words), text: words }
}

export function firstMessage(fake: Fake, t: Ticket) {
  return fake.timelines.get(t.id)?.find((e) => e.message?.kind === 'customer')?.message
}

/** Gives some tickets judgements, some of them waiting for a person. */
export function judgeAll(fake: Fake): void {
  const at = new Date(fake.now - 600_000).toISOString()
  const base = { state: 'set' as const, model: 'rules/1', at }
  fake.tickets.forEach((t, i) => {
    const m = firstMessage(fake, t)
    const text = m?.text ?? ''
    const on = (words: string, weight: number) => (text.includes(words) ? [{ ...spot(text, words, m?.id), weight }] : [])
    const evidence = [...on('冷藏室不制冷', 0.6), ...on('报 E4', 0.3), ...on('漏水', 0.7), ...on('refund', 0.6), ...on('退款', 0.6), ...on('焦糊味', 0.8)]
    const runners = [{ value: 'enquiry', confidence: 0.14 }, { value: 'complaint', confidence: 0.08 }, { value: 'refund', confidence: 0.05 }].filter((r) => r.value !== t.type)
    const unsure = i % 5 === 3 && !['solved', 'closed', 'cancelled'].includes(t.status)
    t.decisions = [
      { ...base, field: 'type', value: t.type, before: 'enquiry', confidence: unsure ? 0.56 : 0.97, state: unsure ? 'suggested' : 'set', model: 'type-7', evidence, runners },
      ...(t.category_id ? [{ ...base, field: 'category', value: t.category_id, before: '', confidence: 0.93, model: 'category-4', evidence, runners: [{ value: 'g3', confidence: 0.04 }, { value: 'g1', confidence: 0.02 }].filter((r) => r.value !== t.category_id) }] : []),
      { ...base, field: 'priority', value: t.priority, before: 'normal', confidence: 0.81, reason: 'impact 2, urgency 3' },
      { ...base, field: 'language', value: t.language ?? 'zh', confidence: 0.99 },
      { ...base, field: 'sentiment', value: String(i === 2 ? -2 : i < 5 ? -1 : 0), confidence: 0.74 },
    ] as Decision[]
    t.sentiment = i === 2 ? -2 : i < 5 ? -1 : 0
    t.to_classify = unsure
    if (i === 2) risk(t, 2, 'regulator,anger', [...on('12315', 0.9)])
    if (i === 4) risk(t, 3, 'safety', [...on('焦糊味', 0.9)])
    if (i === 1) t.decisions[1] = { ...t.decisions[1]!, state: 'accepted', by: 'u1', judged_at: at }
    t.actions = ['reply', 'note', 'status', 'assign', 'claim', 'transfer', 'priority', 'type', 'category', 'tags', 'fields', 'snooze', 'merge', 'split', 'link', 'parent', 'collaborator', 'watch', 'decide', 'reopen']
  })
  function risk(t: Ticket, level: number, reason: string, evidence: Decision['evidence']) {
    t.risk = level
    t.decisions.push({ ...base, field: 'risk', value: String(level), before: '0', confidence: 0.9, reason, evidence })
  }
}

export class Mind {
  incidents: Incident[]
  overview: Overview
  riskLists: RiskLists = { version: 1, lists: [
    { kind: 'safety', cues: ['起火', '触电', '漏电', '煤气味', '轻生', 'electric shock'].map((text) => ({ text, severity: 3, own: false, off: false })) },
    { kind: 'regulator', cues: [{ text: '12315', severity: 2, own: false, off: false }, { text: '黑猫', severity: 2, own: false, off: false }, { text: '消协', severity: 2, own: true, off: false }] },
    { kind: 'legal', cues: ['律师函', '起诉', 'lawyer'].map((text) => ({ text, severity: 2, own: false, off: false })) },
    { kind: 'media', cues: ['曝光', '发到网上'].map((text) => ({ text, severity: 2, own: false, off: false })) },
    { kind: 'churn', cues: ['再也不买', 'cancel my account'].map((text) => ({ text, severity: 1, own: false, off: false })) },
    { kind: 'anger', cues: ['骗子', '太差了', 'unacceptable'].map((text) => ({ text, severity: 1, own: false, off: text === '太差了' })) },
  ] }
  patterns: Patterns = { version: 1, patterns: [
    { name: '订单号', type: 'order', expr: '\\d{4}-\\d{4}', examples: ['2291-7756', '1043-0098'], off: false },
    { name: '整机编号', type: 'serial', expr: '[A-Z]{2}\\d{8}', examples: ['SN20260412', 'YL20251107'], off: false },
  ] }
  descriptions: Descriptions = { version: 1, labels: config.categories.map((c) => ({ field: 'category' as const, value: c.id, zh: c.id === 'g2' ? '冷藏室温度高、不冷，冷冻正常' : '', en: '' })) }
  models: ModelInfo[]
  runs: Run[] = []
  examples: Example[]
  llm: LanguageModels = { on: true, allow_abroad: false, daily_budget_micros: 50_000_000, task_budgets: { translate: 10_000_000 }, version: 1,
    providers: [
      { name: 'deepseek', kind: 'openai', base_url: 'https://api.example.com/v1', key_set: true, model: 'chat-large', region: 'home', price_in: 1000, price_out: 4000 },
      { name: 'local', kind: 'openai', base_url: 'http://127.0.0.1:11434/v1', key_set: false, model: 'small-7b', region: 'home', price_in: 0, price_out: 0 },
    ], tasks: { classify: ['deepseek', 'local'], entities: [], title_summary: ['local'], translate: ['deepseek'], vision: [], transcribe: [] } }

  constructor(readonly fake: Fake) {
    const at = (m: number) => new Date(fake.now - m * 60_000).toISOString()
    const open = fake.tickets.filter((t) => t.type === 'repair')
    const incident = (id: string, state: Incident['state'], title: string, words: string[], count: number, expected: number, minutes: number, tickets: Ticket[]): Incident => ({ id, state, title, words, count, customers: Math.max(1, count - 2), expected, hung: 0, score: 9, since: at(minutes), created_at: at(minutes - 5), updated_at: at(1), tickets: tickets.map(brief) })
    this.incidents = [
      incident('i1', 'proposed', '冰箱面板报 E4，冷藏室不制冷', ['E4', '冷藏室', '不制冷'], 34, 1.4, 38, open.slice(0, 14)),
      incident('i2', 'proposed', 'App 无法登录', ['App', '登录', '验证码'], 21, 3.2, 55, fake.tickets.slice(8, 18)),
      incident('i3', 'dismissed', '催发货', ['发货', '催'], 18, 9, 600, fake.tickets.slice(20, 26)),
      { ...incident('i4', 'accepted', '华东仓物流延误', ['物流', '延误'], 46, 6, 2880, fake.tickets.slice(30, 40)), parent: brief(fake.tickets[5]!) },
    ]
    const model = (id: string, field: 'type' | 'category', state: ModelInfo['state'], accuracy: number, days: number, by: string): ModelInfo => ({ id, field, state, examples: 4200 - days * 30, labels: field === 'type' ? 5 : 10, accuracy, macro_f1: accuracy - 0.04, ece: 0.031, bytes: 3_400_000, created_at: at(days * 1440), ...(by ? { created_by: by } : {}) })
    this.models = [model('m7', 'type', 'active', 0.934, 2, '李晓雯'), model('m6', 'type', 'old', 0.921, 16, ''), model('m5', 'type', 'rejected', 0.902, 20, '陈立'), model('m4', 'category', 'active', 0.887, 3, ''), model('m3', 'category', 'old', 0.861, 30, '')]
    const rules = { type: [0.7, 0.3], category: [0.75, 0.25], priority: [0.6, 0.4], language: [0.5, 0.5], sentiment: [0.3, 0.3], risk: [0.3, 0.3] }
    this.overview = { version: 1, retrain: { off: false, after: 200, days: 7 }, language_model: { configured: true, on: true }, memory_bytes: 14_600_000, fields: (Object.keys(rules) as (keyof typeof rules)[]).map((field) => ({ field, off: false, threshold: rules[field][0]!, suggest: rules[field][1]!, examples: ['type', 'category'].includes(field) ? 414 : 0, corrections: ['type', 'category'].includes(field) ? 17 : 0, learned: ['type', 'category', 'priority'].includes(field), ready: true, ...(['type', 'category'].includes(field) ? { model: this.models.find((m) => m.field === field)! } : {}) })) }
    this.examples = fake.tickets.slice(0, 40).map((t, i) => ({ id: `e${i}`, label: t.category_id ?? 'g1', source: (['correction', 'import'] as const)[i % 2]!, ...(i % 2 === 0 ? { ticket: brief(t) } : {}), text: t.subject, at: at(i * 300) }))
    const report = { accuracy: 0.887, macro_f1: 0.843, ece: 0.028, train_seconds: 2.4, examples: 3360, held: 840, labels: 10, model_bytes: 3_400_000, cells: [], compared: { Better: true, Chance: 0.01, Lost: 12, Won: 34, New: 0.887, NewF1: 0.843, Old: 0.861, OldF1: 0.812, examples: 840 },
      per_label: ['g2', 'g3', 'g5', 'g6', 'g8', 'g9', 'g10'].map((label, i) => ({ label, precision: 0.95 - i * 0.03, recall: 0.93 - i * 0.04, f1: 0.94 - i * 0.035, support: 160 - i * 17 })),
      confusion: [['g2', 'g2', 148], ['g2', 'g3', 9], ['g3', 'g3', 121], ['g3', 'g2', 11], ['g5', 'g5', 117], ['g5', 'g6', 4], ['g6', 'g6', 92], ['g6', 'g5', 6], ['g8', 'g8', 78], ['g8', 'g10', 7], ['g9', 'g9', 66], ['g9', 'g8', 3], ['g10', 'g10', 51], ['g10', 'g8', 5]].map(([actual, predicted, n]) => ({ actual: String(actual), predicted: String(predicted), n: Number(n) })) }
    this.runs = [
      { id: 'r2', field: 'category', state: 'done', done: 4200, total: 4200, started_at: at(4320), ended_at: at(4319), report, model_id: 'm4', promoted: true },
      { id: 'r1', field: 'type', state: 'failed', done: 120, total: 4200, started_at: at(9000), ended_at: at(8999), error: 'training.too_few', promoted: false },
    ]
  }

  read(t: Ticket, text: string, message?: string): Understanding {
    const found = [['order', /\d{4}-\d{4}/, ''], ['error_code', /E\d+/, ''], ['model', /[A-Z]{3}-\w+/, ''], ['phone', /1[3-9]\d{9}/, '手机号段'], ['date', /昨晚|周六/, '']] as const
    const entities = found.flatMap(([type, re, why]) => { const m = re.exec(text); return m ? [{ type, ...spot(text, m[0], message), value: m[0], confidence: 0.97, why, ...(type === 'date' ? { from: new Date(this.fake.now).toISOString() } : {}) }] : [] })
    const open = (x: Ticket) => !['solved', 'closed', 'cancelled'].includes(x.status)
    const others = this.fake.tickets.filter((x) => x.id !== t.id)
    return {
      title: t.subject.slice(0, 20), summary: [text.slice(0, 60)], language: { tag: t.language ?? 'zh', confidence: 0.99 }, entities,
      matters: t.id === '480000003' ? [{ title: 'Refund not received', text: 'I returned the kettle three weeks ago.', why: 'refund' }, { title: 'Damaged parcel', text: 'And the second parcel arrived with a dent.', why: 'delivery' }] : [{ title: t.subject, text, why: '' }],
      risks: [], urgency: { impact: 2, urgency: 2 },
      similar: others.filter((x) => !open(x)).slice(0, 3).map((x, i) => ({ ticket: brief(x), score: 0.94 - i * 0.07, resolution_code: 'fixed' })),
      duplicates: others.filter((x) => open(x) && x.requester?.id === t.requester?.id).slice(0, 1).map((x) => ({ ticket: brief(x), score: 0.88 })),
      ...(t.id === '480000000' ? { incident: this.incidents[0]! } : {}),
      extras: t.id === '480000000' ? [{ kind: 'attachment', ref: 'a1', name: '面板.jpg', text: 'E4', model: 'vision-1', at: new Date(this.fake.now).toISOString() }] : [], can_translate: true, ...(message ? { message_id: message } : {}),
      took_micros: 840, read_at: new Date(this.fake.now).toISOString(),
    }
  }

  routes(): [string, RegExp, Handler][] {
    const f = this.fake
    const page = (items: unknown[], url: URL) => { const limit = Number(url.searchParams.get('limit') ?? 50); const from = Number(url.searchParams.get('cursor') ?? 0); return { items: items.slice(from, from + limit), ...(from + limit < items.length ? { next_cursor: String(from + limit) } : {}) } }
    return [
      ['GET', /^\/tickets\/(\w+)\/understanding$/, ([id]) => { const t = f.find(id!); const m = firstMessage(f, t); return this.read(t, m?.text ?? t.subject, m?.id) }],
      ['POST', /^\/tickets\/(\w+)\/translate$/, ([id], b) => ({ to: b.to, title: `译：${f.find(id!).subject}`, text: '三周前我退回了水壶，至今没有任何消息。', model: 'chat-large' })],
      ['POST', /^\/tickets\/(\w+)\/split-matters$/, ([id], b) => { const t = f.find(id!); return { tickets: (b.matters as number[]).map((i) => f.make({ subject: `${t.subject} ${i}`, body: 'x', requester: { id: t.requester?.id } })) } }],
      ['POST', /^\/tickets\/(\w+)\/reply-children$/, ([id]) => f.order(f.tickets.filter((t) => t.parent?.id === id || t.id === '480000014').map((t) => t.id), 'tags', { add: [] })],
      ['POST', /^\/tickets\/check$/, (_, b): Check => {
        const words = String(b.body)
        const mine = f.tickets.filter((t) => t.requester?.id === (b.requester as { id?: string }).id && !['solved', 'closed', 'cancelled'].includes(t.status))
        const type = /漏水|不制冷|E\d|坏/.test(words) ? 'repair' : /退款|退货/.test(words) ? 'refund' : undefined
        const decisions = type ? [{ field: 'type', value: type, state: 'set' as const, confidence: 0.94, model: 'type-7', at: '' }, { field: 'category', value: type === 'repair' ? 'g2' : 'g8', state: 'suggested' as const, confidence: 0.61, model: 'category-4', at: '' }, { field: 'priority', value: 'high', state: 'set' as const, confidence: 0.78, model: 'rules/1', at: '' }] : []
        return { risks: [], duplicates: mine.slice(0, 2).map((t, i) => ({ ticket: brief(t), score: 0.91 - i * 0.2 })), decisions, matters: /另外|还有/.test(words) ? 2 : 1, title: words.slice(0, 16) }
      }],
      ['POST', /^\/tickets\/(\w+)\/decide$/, ([id], b) => {
        const t = f.find(id!)
        const d = t.decisions.find((x) => x.field === b.field)
        const value = b.verdict === 'accept' ? d?.value : b.verdict === 'undo' ? d?.before : String(b.value)
        Object.assign(t, fieldPatch(String(b.field), value ?? ''))
        if (d) Object.assign(d, { state: { accept: 'accepted', undo: 'undone', correct: 'corrected' }[String(b.verdict)], by: f.me.id, judged_at: new Date().toISOString(), ...(b.verdict === 'correct' ? { after: value } : {}) })
        t.to_classify = t.decisions.some((x) => ['type', 'category'].includes(x.field) && x.state === 'suggested')
        f.touch(t, 'change', [{ field: String(b.field), to: value }])
        return { ticket: t }
      }],
      ['GET', /^\/incidents$/, (_m, _b, url) => page(this.incidents.filter((i) => !url.searchParams.get('state') || i.state === url.searchParams.get('state')), url)],
      ['POST', /^\/incidents\/(\w+)\/accept$/, ([id], b) => { const i = this.incidents.find((x) => x.id === id)!; const parent = f.make({ subject: b.subject ?? i.title, body: i.title, requester: { name: '客服部' } }); parent.child_count = parent.open_child_count = i.count; i.state = 'accepted'; i.parent = brief(parent); return { incident: i, ticket: parent } }],
      ['POST', /^\/incidents\/(\w+)\/dismiss$/, ([id]) => { const i = this.incidents.find((x) => x.id === id)!; i.state = 'dismissed'; return i }],
      ['GET', /^\/understanding$/, () => this.overview],
      ['PUT', /^\/understanding\/fields\/(\w+)$/, ([field], b) => { Object.assign(this.overview.fields.find((x) => x.field === field)!, b); return b }],
      ['GET', /^\/understanding\/risk-lists$/, () => this.riskLists],
      ['PUT', /^\/understanding\/risk-lists$/, (_, b) => (this.riskLists = { ...(b as unknown as RiskLists), version: this.riskLists.version + 1 })],
      ['GET', /^\/understanding\/patterns$/, () => this.patterns],
      ['PUT', /^\/understanding\/patterns$/, (_, b) => (this.patterns = { ...(b as unknown as Patterns), version: this.patterns.version + 1 })],
      ['POST', /^\/understanding\/patterns\/learn$/, (_, b) => { const ex = b.examples as string[]; const expression = ex[0]!.replace(/\d+/g, (d) => `9{${d.length}}`).replace(/[A-Z]+/g, (a) => `A{${a.length}}`); return { pattern: { name: '', type: '', expr: expression } } }],
      ['GET', /^\/understanding\/descriptions$/, () => this.descriptions],
      ['PUT', /^\/understanding\/descriptions$/, (_, b) => (this.descriptions = { ...(b as typeof this.descriptions), version: this.descriptions.version + 1 })],
      ['POST', /^\/understanding\/read$/, (_, b): Reading => {
        const text = String(b.text)
        const t = f.tickets[0]!
        const on = (w: string, weight: number) => (text.includes(w) ? [{ ...spot(text, w), weight }] : [])
        const evidence = [...on('冷藏室不制冷', 0.62), ...on('E4', 0.27), ...on('菜全坏', 0.08), ...on('refund', 0.7)]
        const at = new Date(f.now).toISOString()
        const { title: _t, summary, language, entities, urgency, took_micros } = this.read(t, text)
        return { summary, language, entities, urgency, took_micros, title: text.slice(0, 18), matters: /还有|另外/.test(text) ? [{ title: '报修', text: text.slice(0, 20), why: '' }, { title: '赔偿', text: text.slice(-20), why: '' }] : [],
          risks: [...on('12315', 1), ...on('胰岛素', 1)].map((e, i) => ({ kind: i ? ('safety' as const) : ('regulator' as const), severity: 2 + i, text: e.text!, start: e.start, end: e.end, in: 'body' as const })),
          decisions: [
            { field: 'type', value: 'repair', state: 'set', confidence: 0.97, model: 'type-7', at, evidence, runners: [{ value: 'complaint', confidence: 0.02 }] },
            { field: 'category', value: 'g2', state: 'set', confidence: 0.93, model: 'category-4', at, evidence, runners: [{ value: 'g3', confidence: 0.05 }, { value: 'g1', confidence: 0.01 }] },
            { field: 'priority', value: 'urgent', state: 'set', confidence: 0.91, model: 'rules/1', at, reason: 'impact 3, urgency 3' },
            { field: 'sentiment', value: '-1', state: 'set', confidence: 0.84, model: 'rules/1', at },
            { field: 'risk', value: '3', state: 'set', confidence: 0.9, model: 'rules/1', at, reason: 'safety,regulator' },
            { field: 'language', value: 'zh', state: 'set', confidence: 0.998, model: 'rules/1', at },
          ], timings: [['prepare', 50], ['risk', 60], ['sentiment', 60], ['urgency', 20], ['type', 110], ['category', 110], ['title, summary', 80], ['matters', 30], ['entities', 270]].map(([part, micros]) => ({ part: String(part), micros: Number(micros) })) }
      }],
      ['GET', /^\/understanding\/models$/, (_m, _b, url) => ({ items: this.models.filter((m) => !url.searchParams.get('field') || m.field === url.searchParams.get('field')) })],
      ['POST', /^\/understanding\/models\/(\w+)\/activate$/, ([id]) => { const m = this.models.find((x) => x.id === id)!; for (const x of this.models) if (x.field === m.field && x.state === 'active') x.state = 'old'; m.state = 'active' }],
      ['GET', /^\/understanding\/runs$/, () => ({ items: this.runs })],
      ['POST', /^\/understanding\/runs$/, (_, b) => {
        const run: Run = { id: f.id('r'), field: String(b.field), state: 'running', done: 0, total: 4200, started_at: new Date().toISOString(), promoted: false }
        this.runs.unshift(run)
        const step = () => {
          if (run.state !== 'running') return
          run.done = Math.min(run.total, run.done + 700)
          if (run.done < run.total) setTimeout(step, 300)
          else Object.assign(run, { state: 'done', ended_at: new Date().toISOString(), report: this.runs.find((r) => r.report)?.report, promoted: true })
        }
        setTimeout(step, 300)
        return run
      }],
      ['GET', /^\/understanding\/runs\/(\w+)$/, ([id]) => this.runs.find((r) => r.id === id)],
      ['POST', /^\/understanding\/runs\/(\w+)\/cancel$/, ([id]) => Object.assign(this.runs.find((r) => r.id === id)!, { state: 'cancelled' })],
      ['GET', /^\/understanding\/runs\/(\w+)\/cell$/, () => ({ items: f.tickets.slice(0, 6).map(brief) })],
      ['GET', /^\/understanding\/examples$/, (_m, _b, url) => page(url.searchParams.get('field') === 'category' ? this.examples : [], url)],
      ['POST', /^\/understanding\/examples$/, (_, b) => ({ added: (b.items as unknown[]).length, errors: [] })],
      ['DELETE', /^\/understanding\/examples\/(\w+)$/, ([id]) => void (this.examples = this.examples.filter((e) => e.id !== id))],
      ['GET', /^\/understanding\/corrections$/, (_m, _b, url) => page(f.tickets.filter((t) => t.category_id).slice(0, 12).map((t, i): Correction => ({ id: `k${i}`, ticket: brief(t), field: i % 3 ? 'category' : 'type', from: i % 3 ? 'g1' : 'enquiry', to: i % 3 ? t.category_id! : t.type, confidence: 0.4 + (i % 5) * 0.11, by: { id: 'u1', name: '李晓雯' }, at: new Date(f.now - i * 3_600_000).toISOString(), text: t.last_message?.excerpt ?? '' })), url)],
      ['GET', /^\/understanding\/accuracy$/, (_m, _b, url): Accuracy => {
        const keys = { field: ['type', 'category', 'priority'], week: ['2026-W41', '2026-W42', '2026-W43', '2026-W44', '2026-W45', '2026-W46', '2026-W47'], category: ['g2', 'g3', 'g5', 'g8'], channel: ['email', 'phone', 'wechat', 'chat'], language: ['zh', 'en'], tier: ['normal', 'gold', 'vip'] }[url.searchParams.get('by') ?? 'field'] ?? []
        return { rows: keys.map((key, i) => ({ key, n: 900 - i * 110, set: 720 - i * 90, right: 840 - i * 122, judged: 860 - i * 124, agreed: 840 - i * 122, kept: 0, uncertain: 0.012 + i * 0.004, accuracy: 0.933 - i * 0.014, coverage: 0.8 - i * 0.02, ece: 0.02 + i * 0.004 })), bins: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((low, i) => ({ low, confidence: low + 0.05, n: 20 + i * 70, judged: 5 + i * 30, agreed: Math.round((5 + i * 30) * Math.min(0.98, low + 0.03)) })), drift: [{ field: 'category', now: 0.84, before: 0.89, p: 0.004, alarm: true }, { field: 'type', now: 0.93, before: 0.934, p: 0.41, alarm: false }] }
      }],
      ['GET', /^\/understanding\/llm$/, () => this.llm],
      ['PUT', /^\/understanding\/llm$/, (_, b) => { const next = b as unknown as LanguageModels; this.llm = { ...next, version: this.llm.version + 1, providers: next.providers.map(({ key, ...p }) => ({ ...p, key_set: !!key || (this.llm.providers.find((x) => x.name === p.name)?.key_set ?? false) })) }; return this.llm }],
      ['POST', /^\/understanding\/llm\/test$/, (_, b) => (b.provider === 'local' ? { ok: false, latency_ms: 12, error: 'connection refused' } : { ok: true, latency_ms: 640 })],
      ['GET', /^\/understanding\/llm\/calls$/, (_m, _b, url) => page(Array.from({ length: 70 }, (_, i) => ({ at: new Date(f.now - i * 95_000).toISOString(), task: ['classify', 'title_summary', 'translate'][i % 3], provider: 'deepseek', model: 'chat-large', tokens_in: 640 + i, tokens_out: 90 + i, cost_micros: 940 + i * 7, latency_ms: 800 + (i * 37) % 900, id: `c${i}`, prompt_hash: '', outcome: i % 9 === 4 ? 'timeout' : i % 13 === 7 ? 'refused' : 'ok' })), url)],
    ]
  }
}
