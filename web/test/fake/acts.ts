import type { Bulk, Priority, Status, Ticket } from '../../src/api/types.ts'
import type { Fake } from './fake.ts'
import { config, customers } from './people.ts'

type Body = Record<string, unknown>
const person = (id: unknown) => { const s = config.staff.find((x) => x.id === id); return s && { id: s.id, name: s.name } }
const ref = (t: Ticket) => ({ id: t.id, number: t.number, subject: t.subject, status: t.status })

function apply(fake: Fake, t: Ticket, name: string, b: Body): void {
  const change = (field: string, from: unknown, to: unknown) => fake.touch(t, name, [{ field, from, to }], b.reason as string | undefined)
  switch (name) {
    case 'status': { const from = t.status; t.status = b.status as Status; t.hold_reason = b.reason as string; if (b.resolution) t.resolution = b.resolution as Ticket['resolution']; return change('status', from, t.status) }
    case 'reopen': { const from = t.status; t.status = 'open'; t.reopen_count++; return change('status', from, 'open') }
    case 'assign': { const from = t.assignee?.id; t.assignee = person(b.assignee_id); return change('assignee', from, t.assignee?.id) }
    case 'claim': { const from = t.assignee?.id; t.assignee = person(fake.me.id); return change('assignee', from, fake.me.id) }
    case 'transfer': { const from = t.assignee?.id; t.assignee = person(b.assignee_id); const team = config.teams.find((x) => x.id === b.team_id); if (team) t.team = team; return change('assignee', from, t.assignee?.id) }
    case 'priority': { const from = t.priority; t.priority = b.priority as Priority; return change('priority', from, t.priority) }
    case 'type': { const from = t.type; t.type = String(b.type); return change('type', from, t.type) }
    case 'category': { const from = t.category_id; t.category_id = b.category_id as string; return change('category', from, t.category_id) }
    case 'tags': { t.tags = [...new Set([...t.tags, ...((b.add as string[]) ?? [])])].filter((x) => !((b.remove as string[]) ?? []).includes(x)); return change('tags', undefined, t.tags) }
    case 'snooze': { t.snoozed_until = (b.until as string) ?? undefined; return change('snoozed_until', undefined, b.until) }
    case 'watch': { const me = { id: fake.me.id, name: fake.me.name }; t.watchers = b.on ? [...(t.watchers ?? []), me] : t.watchers?.filter((w) => w.id !== me.id); return change('watchers', undefined, undefined) }
    case 'collaborator': { t.collaborators = [...(t.collaborators ?? []), ...((b.add as string[]) ?? []).map((x) => person(x)!)].filter((c) => !((b.remove as string[]) ?? []).includes(c.id)); return change('collaborators', undefined, undefined) }
    case 'link': { const other = fake.find(String(b.ticket_id)); t.links = [...(t.links ?? []), { kind: b.kind as 'related', direction: 'out', ticket: ref(other) }]; return change('links', undefined, other.number) }
    case 'unlink': { t.links = t.links?.filter((l) => l.ticket.id !== b.ticket_id); return change('links', undefined, undefined) }
    case 'parent': { t.parent = b.parent_id ? ref(fake.find(String(b.parent_id))) : undefined; return change('parent', undefined, t.parent?.number) }
    case 'merge': { const into = fake.find(String(b.into)); t.status = 'closed'; t.merged_into = ref(into); return change('merged_into', undefined, into.number) }
    case 'subject': { t.subject = String(b.subject); return change('subject', undefined, t.subject) }
    default: return change(name, undefined, undefined)
  }
}

export const acts = {
  one(fake: Fake, t: Ticket, name: string, body: Body): unknown {
    const before = structuredClone(t)
    if (name === 'split') {
      const made = acts.create(fake, { subject: body.subject, body: String(body.subject), requester: { id: t.requester?.id } })
      return { ticket: made }
    }
    apply(fake, t, name, body)
    if (name !== 'merge') return { ticket: t }
    const id = fake.id('undo')
    fake.undos.set(id, [before])
    return { ticket: t, undo: { id, expires_at: new Date(Date.now() + 600_000).toISOString() } }
  },

  create(fake: Fake, b: Body): Ticket {
    const who = b.requester as { id?: string; name?: string; phone?: string }
    const customer = customers.find((c) => c.id === who.id)
    const at = new Date().toISOString()
    const requester = customer ? { id: customer.id, name: customer.name, tier: customer.tier } : { id: 'cnew', name: who.name || who.phone || '?', tier: 'normal' }
    const ticket: Ticket = {
      id: fake.id('48'), number: String(48213 + fake.tickets.length), subject: String(b.subject || b.body).slice(0, 60), status: 'open', priority: (b.priority as Priority) ?? 'normal',
      type: String(b.type ?? 'enquiry'), category_id: b.category_id as string, channel: String(b.channel ?? 'phone'), requester, creator: { kind: 'staff', id: fake.me.id, name: fake.me.name },
      assignee: { id: fake.me.id, name: fake.me.name }, team: { id: 't1', name: '华东一线组' }, tags: (b.tags as string[]) ?? [], fields: (b.fields as Record<string, unknown>) ?? {},
      reopen_count: 0, return_count: 0, repeat_count: 0, message_count: 1, child_count: 0, open_child_count: 0, unread: false, mentioned: false, created_at: at, updated_at: at,
      last_message: { kind: 'customer', excerpt: String(b.body), at, from_customer: true }, version: 1, risk: 0, to_classify: false, sla: 'none', decisions: [], collaborators: [], watchers: [], links: [], children: [],
    }
    fake.tickets.unshift(ticket)
    const author = { kind: 'customer' as const, id: requester.id, name: requester.name }
    fake.timelines.set(ticket.id, [{ seq: 1, at, actor: author, kind: 'message', message: { id: fake.id('m'), kind: 'customer', author, channel: ticket.channel, text: String(b.body), at, attachments: [] } }])
    fake.tell(ticket, ['create'])
    return ticket
  },

  bulk(fake: Fake, b: Body): Bulk {
    const ids = b.ids as string[]
    const id = fake.id('b')
    const undo = fake.id('undo')
    fake.undos.set(undo, ids.map((x) => structuredClone(fake.find(x))))
    const bulk: Bulk = { id, action: String(b.action), created_at: new Date().toISOString(), state: 'running', total: ids.length, done: 0, failed: 0, errors: [] }
    fake.bulks.set(id, bulk)
    const step = () => {
      for (let i = 0; i < 3 && bulk.done < ids.length; i++) apply(fake, fake.find(ids[bulk.done++]!), String(b.action), b.input as Body)
      if (bulk.done < ids.length) setTimeout(step, 60)
      else Object.assign(bulk, { state: 'done', undo_id: undo })
    }
    setTimeout(step, 60)
    return bulk
  },
}
