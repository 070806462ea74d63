// An in-memory stand-in for the server, for development and tests only. It
// keeps the contract's shapes, not its rules.
import type { Bulk, Draft, Entry, LiveTicket, Message, Status, Ticket, View } from '../../src/api/types.ts'
import { acts } from './acts.ts'
import { cel } from './cel.ts'
import { judgeAll, Mind } from './mind.ts'
import { config, customers } from './people.ts'
import { makeTickets } from './tickets.ts'

export type Handler = (m: string[], body: Record<string, unknown>, url: URL, request: Request) => unknown
class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, readonly errors: object[] = []) { super(code) }
}
const views: [string, string, string, View['scope'], string, string?][] = [
  ['v1', '我处理的', 'Assigned to me', 'shipped', 'assignee == me() && status in ["new","open","pending","on_hold"]'],
  ['v2', '我关注的', 'Watched', 'shipped', 'watching'],
  ['v3', '未分配', 'Unassigned', 'shipped', 'assignee == "" && status in ["new","open"]'],
  ['v4', '全部处理中', 'All in progress', 'team', 'status in ["new","open","pending","on_hold"]', 't1'],
  ['v5', '待受理', 'New', 'team', 'status == "new"', 't1'],
  ['v6', '待客户反馈', 'Pending customer', 'team', 'status == "pending"', 't1'],
  ['v7', '紧急与高', 'Urgent and high', 'team', 'priority in ["urgent","high"] && status in ["new","open"]', 't1'],
  ['v8', '冰箱制冷类', 'Cooling', 'own', 'category in ["g1","g2","g3"]'],
  ['16', '待分类', 'To be classified', 'shipped', 'to_classify && status in ["new","open","pending","on_hold"]'],
  ['17', '有风险', 'At risk', 'shipped', 'at_risk && status in ["new","open","pending","on_hold"]'],
  ['v9', '今日已解决', 'Solved', 'own', 'status == "solved"'],
]

export class Fake {
  me = { id: 'u1', name: '李晓雯', email: 'demo@example.com', locale: '', role_names: ['坐席'], permissions: { 'understand.read': 'all', 'understand.manage': 'all' } as Record<string, string>, teams: [{ id: 't1', name: '华东一线组' }], department: { id: 'd1', name: '客服部' }, tenant: { id: 'x', name: '示例家电', locale: 'zh-CN', time_zone: 'Asia/Shanghai' }, version: 'dev', preferences: {} }
  signedIn = true
  setupNeeded = false
  tickets: Ticket[]
  mind: Mind
  timelines: Map<string, Entry[]>
  views: View[] = views.map(([id, zh, en, scope, filter, team_id], position) => ({ id, name: { zh, en }, scope, filter, sort: '-updated', position, seen_by: team_id ? [team_id] : [], retired: false, columns: [], version: 1 }))
  drafts = new Map<string, Draft>()
  bulks = new Map<string, Bulk>()
  undos = new Map<string, Ticket[]>()
  seen: Request[] = []
  /** Set to make the next write fail with this status and code. */
  failNext?: [number, string]
  listeners = new Set<(event: string, data: object) => void>()
  private next = 1

  constructor(readonly now = Date.now()) {
    const made = makeTickets(now)
    this.tickets = made.tickets
    this.timelines = made.timelines
    judgeAll(this)
    this.mind = new Mind(this)
    this.routes = [...this.mind.routes(), ...this.routes]
  }

  id(prefix: string): string {
    return `${prefix}${1000 + this.next++}`
  }

  make(b: Record<string, unknown>): Ticket {
    return acts.create(this, b)
  }

  order(ids: string[], action: string, input: object): Bulk {
    return acts.bulk(this, { ids, action, input })
  }

  find(id: string): Ticket {
    const found = this.tickets.find((t) => t.id === id)
    if (!found) throw new Refusal(404, 'ticket.missing')
    return found
  }

  touch(ticket: Ticket, name: string, changes: { field: string; from?: unknown; to?: unknown }[] = [], reason?: string): void {
    ticket.version++
    ticket.updated_at = new Date().toISOString()
    this.timelines.get(ticket.id)?.push({ seq: ticket.version, at: ticket.updated_at, actor: { kind: 'staff', id: this.me.id, name: this.me.name }, kind: 'event', event: { name, changes, reason } })
    this.tell(ticket, [name])
  }

  tell(ticket: Ticket, kinds: string[]): void {
    const event: LiveTicket = { id: ticket.id, number: ticket.number, seq: ticket.version, kinds, status: ticket.status }
    for (const l of this.listeners) l('ticket', event)
  }

  private select(url: URL): Ticket[] {
    const view = this.views.find((v) => v.id === url.searchParams.get('view'))
    const filter = url.searchParams.get('filter')
    const q = url.searchParams.get('q')?.toLowerCase()
    let list = this.tickets.filter((t) => (!view || cel(view.filter, t, this.me.id)) && (!filter || cel(filter, t, this.me.id)))
    if (q) {
      list = list.filter((t) => [t.subject, t.number, t.requester?.name, t.last_message?.excerpt].some((s) => s?.toLowerCase().includes(q)))
      const escape = (s: string) => s.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)
      const mark = (s = '') => { const i = s.toLowerCase().indexOf(q); return i < 0 ? undefined : `${escape(s.slice(0, i))}<mark>${escape(s.slice(i, i + q.length))}</mark>${escape(s.slice(i + q.length))}` }
      list = list.map((t) => ({ ...t, highlight: { subject: mark(t.subject), excerpt: mark(t.last_message?.excerpt) } }))
    }
    const sort = url.searchParams.get('sort') ?? '-updated'
    const rank = { low: 0, normal: 1, high: 2, urgent: 3 }
    const value = (t: Ticket) => (sort.endsWith('priority') ? rank[t.priority] : Date.parse(sort.endsWith('created') ? t.created_at : t.updated_at))
    return list.toSorted((a, b) => (value(a) - value(b)) * (sort.startsWith('-') ? -1 : 1))
  }

  message(ticket: Ticket, body: Record<string, unknown>): Message {
    const kind = body.kind as 'reply' | 'note'
    const at = new Date().toISOString()
    const actor = { kind: 'staff' as const, id: this.me.id, name: this.me.name }
    const message: Message = { id: this.id('m'), kind, author: actor, channel: ticket.channel, text: String(body.body), html: body.html as string | undefined, at, attachments: [], ...(kind === 'reply' ? { undo_until: new Date(Date.now() + config.rules.undo_send_seconds * 1000).toISOString() } : {}) }
    ticket.version++
    ticket.updated_at = at
    ticket.last_message = { kind, excerpt: message.text.slice(0, 80), at, from_customer: false }
    if (body.status) ticket.status = body.status as Status
    this.timelines.get(ticket.id)!.push({ seq: ticket.version, at, actor, kind: 'message', message })
    this.drafts.delete(ticket.id)
    this.tell(ticket, [kind])
    return message
  }

  private routes: [string, RegExp, Handler][] = [
    ['GET', /^\/setup$/, () => ({ needed: this.setupNeeded, demo: true })],
    ['POST', /^\/setup$/, (_, body) => { if (body.token !== '123456') throw new Refusal(422, 'setup.token', [{ field: 'token', code: 'invalid', message: 'wrong code' }]); this.setupNeeded = false; this.signedIn = true; return this.me }],
    ['POST', /^\/session$/, (_, body) => { if (body.password === 'wrong') throw new Refusal(401, 'auth.bad_credentials'); this.signedIn = true; return this.me }],
    ['DELETE', /^\/session$/, () => void (this.signedIn = false)],
    ['GET', /^\/me$/, () => this.me],
    ['PATCH', /^\/me$/, (_, body) => Object.assign(this.me, body)],
    ['GET', /^\/config$/, () => config],
    ['GET', /^\/views$/, () => this.views],
    ['POST', /^\/views$/, (_, body) => { const v = { ...body, id: this.id('v'), position: 99, seen_by: [], retired: false } as unknown as View; this.views.push(v); return v }],
    ['DELETE', /^\/views\/(\w+)$/, ([id]) => void (this.views = this.views.filter((v) => v.id !== id))],
    ['GET', /^\/views\/counts$/, () => Object.fromEntries(this.views.map((v) => [v.id, { count: this.tickets.filter((t) => cel(v.filter, t, this.me.id)).length, capped: false }]))],
    ['GET', /^\/tickets$/, (_m, _b, url) => {
      const all = this.select(url)
      const limit = Number(url.searchParams.get('limit') ?? 50)
      const from = Number(url.searchParams.get('cursor') ?? 0)
      return { items: all.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : undefined }
    }],
    ['POST', /^\/tickets$/, (_, body) => acts.create(this, body)],
    ['GET', /^\/tickets\/(\w+)$/, ([id]) => this.find(id!)],
    ['PATCH', /^\/tickets\/(\w+)$/, ([id], body, _u, request) => {
      const t = this.find(id!)
      const match = request.headers.get('If-Match')
      if (match && match !== `"${t.version}"`) throw new Refusal(412, 'version.stale')
      const { fields, ...rest } = body
      Object.assign(t, rest)
      if (fields) t.fields = { ...t.fields, ...(fields as object) }
      this.touch(t, 'fields', Object.keys({ ...rest, ...(fields as object) }).map((field) => ({ field })))
      return t
    }],
    ['GET', /^\/tickets\/(\w+)\/timeline$/, ([id], _b, url) => {
      const all = this.timelines.get(id!) ?? []
      const limit = Number(url.searchParams.get('limit') ?? 50)
      const end = Number(url.searchParams.get('cursor') ?? all.length)
      return { items: all.slice(Math.max(0, end - limit), end), next_cursor: end > limit ? String(end - limit) : undefined }
    }],
    ['POST', /^\/tickets\/(\w+)\/messages$/, ([id], body) => this.message(this.find(id!), body)],
    ['POST', /^\/tickets\/(\w+)\/messages\/(\S+)\/withdraw$/, ([id, mid]) => {
      const entry = this.timelines.get(id!)!.find((e) => e.message?.id === mid)
      if (entry?.message) { entry.message.withdrawn = true; entry.message.undo_until = undefined }
      this.tell(this.find(id!), ['withdraw'])
    }],
    ['GET', /^\/tickets\/(\w+)\/draft$/, ([id]) => { const d = this.drafts.get(id!); if (!d) throw new Refusal(404, 'draft.missing'); return d }],
    ['PUT', /^\/tickets\/(\w+)\/draft$/, ([id], body) => { const d = { ...body, updated_at: new Date().toISOString() } as unknown as Draft; this.drafts.set(id!, d); return d }],
    ['DELETE', /^\/tickets\/(\w+)\/draft$/, ([id]) => void this.drafts.delete(id!)],
    ['POST', /^\/tickets\/(\w+)\/(\w+)$/, ([id, name], body) => acts.one(this, this.find(id!), name!, body)],
    ['POST', /^\/bulk$/, (_, body) => acts.bulk(this, body)],
    ['GET', /^\/bulk\/(\w+)$/, ([id]) => this.bulks.get(id!)],
    ['POST', /^\/undo\/(\w+)$/, ([id]) => {
      const before = this.undos.get(id!) ?? []
      for (const old of before) { const t = this.find(old.id); Object.assign(t, old, { version: t.version + 1 }); this.tell(t, ['undo']) }
      return { tickets: before.map((t) => this.find(t.id)) }
    }],
    ['GET', /^\/customers$/, (_m, _b, url) => { const q = (url.searchParams.get('q') ?? '').toLowerCase(); return { items: customers.filter((c) => c.name.toLowerCase().includes(q) || (/^\d{4,}$/.test(q) && c.identities.some((i) => i.display.endsWith(q.slice(-4))))).slice(0, 10) } }],
    ['GET', /^\/customers\/(\w+)$/, ([id]) => customers.find((c) => c.id === id)],
    ['GET', /^\/customers\/(\w+)\/tickets$/, ([id]) => ({ items: this.tickets.filter((t) => t.requester?.id === id) })],
    ['POST', /^\/customers\/\w+\/identities\/(\w+)\/reveal$/, () => ({ value: '138 0000 5678' })],
    ['POST', /^\/attachments$/, (_m, _b, url, r) => ({ id: this.id('a'), name: url.searchParams.get('name'), type: r.headers.get('Content-Type'), size: 1024, url: '#', image: false, inline: false })],
  ]

  async handle(request: Request): Promise<Response> {
    this.seen.push(request.clone())
    const url = new URL(request.url)
    const path = url.pathname.replace(/^\/api\/v1/, '')
    const json = (status: number, body: unknown, type = 'application/json') => new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { 'Content-Type': type } })
    const refuse = (status: number, code: string, errors: object[] = []) => json(status, { status, code, detail: code, errors }, 'application/problem+json')
    const writes = request.method !== 'GET'
    if (!this.signedIn && !['/session', '/setup'].includes(path)) return refuse(401, 'auth.required')
    if (writes && request.headers.get('X-Zhidan') !== '1') return refuse(403, 'csrf')
    if (writes && this.failNext) { const [status, code] = this.failNext; this.failNext = undefined; return refuse(status, code) }
    for (const [method, pattern, handler] of this.routes) {
      const match = method === request.method && pattern.exec(path)
      if (!match) continue
      try {
        const body = writes && request.headers.get('Content-Type')?.includes('json') ? ((await request.json()) as Record<string, unknown>) : {}
        const answer = handler(match.slice(1), body, url, request)
        return answer === undefined ? json(204, undefined) : json(200, structuredClone(answer))
      } catch (error) {
        if (error instanceof Refusal) return refuse(error.status, error.code, error.errors)
        throw error
      }
    }
    return refuse(404, 'http.404')
  }
}
