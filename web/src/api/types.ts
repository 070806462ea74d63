// The nouns of the HTTP API, by hand until they are generated from
// /openapi.json (`npm run api`). Same names, so that the swap is an import.

export type ID = string
export type Stamp = string
export type LocalName = { zh: string; en: string } | string
export type Page<T> = { items: T[]; next_cursor?: string; partial?: boolean }

export type Status = 'new' | 'open' | 'pending' | 'on_hold' | 'solved' | 'closed' | 'cancelled'
export type Priority = 'low' | 'normal' | 'high' | 'urgent'
export type Sort = 'updated' | '-updated' | 'created' | '-created' | 'priority' | '-priority'

export interface FieldProblem { field: string; code: string; message: string; params?: Record<string, unknown> }
export interface ProblemBody {
  type?: string; title?: string; status?: number; detail?: string; code?: string
  errors?: FieldProblem[]; request_id?: string
}

export interface Named { id: ID; name: string }
export interface Actor { kind: 'staff' | 'customer' | 'system' | 'ai'; id?: ID; name: string }
export interface Me {
  id: ID; name: string; email: string; locale: string; role_names: string[]
  permissions: Record<string, string>; teams: Named[]; department: Named | null
  tenant: { id: ID; name: string; locale: string; time_zone: string }
  version: string; preferences: Record<string, unknown>
}
export interface Setup { needed: boolean; demo: boolean }

export interface Choice { key: string; name: LocalName; children?: Choice[] }
export interface Keyed { key: string; name: LocalName }
export type FieldKind = 'text' | 'number' | 'money' | 'date' | 'choice' | 'cascade' | 'person' | 'attachment' | 'boolean'
export interface Field {
  id: ID; key: string; name: LocalName; kind: FieldKind; options?: Choice[]
  help?: LocalName; indexed: boolean; personal: boolean
}
export interface FormField { field: string; show?: string; require?: string; on: 'create' | 'always' | 'solve' }
export interface TicketType { id: ID; key: string; name: LocalName; position: number; retired: boolean; form: { fields: FormField[] } }
export interface Category { id: ID; parent_id: ID | null; name: LocalName; retired: boolean }
export interface Substatus { id: ID; status: Status; name: LocalName; position: number }
export interface Team { id: ID; name: string; department_id: ID | null }
export interface Department { id: ID; name: string; parent_id: ID | null }
export interface StaffUser { id: ID; name: string; team_ids: ID[]; department_id: ID | null; active: boolean }
export interface Config {
  types: TicketType[]; fields: Field[]; categories: Category[]; substatuses: Substatus[]
  hold_reasons: Keyed[]; resolution_codes: Keyed[]; causes: Keyed[]; responsibilities: Keyed[]
  teams: Team[]; departments: Department[]; staff: StaffUser[]; tiers: Keyed[]; tags: string[]; undo_seconds: number
}

export interface TicketRef { id: ID; number: string; subject: string; status: Status; assignee?: Named }
export interface Money { amount_minor: number; currency: string }
export interface Resolution { code: string; cause?: string; responsible?: string; compensation?: Money; note?: string }
export interface Ticket {
  id: ID; number: string; subject: string; status: Status; substatus_id?: ID; priority: Priority
  type: string; category_id?: ID; channel: string; language?: string
  requester?: { id: ID; name: string; tier?: string }; company?: Named; creator: Actor
  assignee?: Named; team?: Named; department?: Named
  tags: string[]; fields: Record<string, unknown>; hold_reason?: string; snoozed_until?: Stamp
  parent?: TicketRef; merged_into?: { id: ID; number: string }
  resolution?: Resolution; cancel_reason?: string
  reopen_count: number; repeat_count: number; message_count: number; child_count: number; open_child_count: number
  created_at: Stamp; updated_at: Stamp
  last_message?: { kind: string; excerpt: string; at: Stamp; from_customer: boolean }
  first_replied_at?: Stamp; solved_at?: Stamp; closed_at?: Stamp
  version: number; decisions?: unknown[]
  highlight?: { subject?: string; excerpt?: string }
  // single read only
  collaborators?: Named[]; watchers?: Named[]
  links?: { kind: LinkKind; ticket: TicketRef; direction: 'out' | 'in' }[]
  children?: TicketRef[]; actions?: string[]
}
export type LinkKind = 'related' | 'duplicate' | 'caused_by'
export type TicketPage = Page<Ticket> & { further?: string }
export interface Count { count: number; capped: boolean }

export interface Attachment { id: ID; name: string; type: string; size: number; url: string; image: boolean; inline: boolean }
export interface Message {
  id: ID; kind: 'customer' | 'reply' | 'note'; author: Actor; channel: string; text: string; html?: string
  at: Stamp; undo_until?: Stamp; withdrawn?: boolean; attachments: Attachment[]
  delivery?: { state: string; detail?: string }; from_email_masked?: string
}
export interface Change { field: string; from?: unknown; to?: unknown }
export interface Event { name: string; changes: Change[]; reason?: string; cause?: string }
export interface Entry { seq: number; at: Stamp; actor: Actor; kind: 'message' | 'event'; message?: Message; event?: Event }

export interface NewMessage {
  kind: 'reply' | 'note'; body: string; html?: string; attachment_ids?: ID[]
  status?: Status; resolution?: Resolution; mentions?: ID[]
}
export interface NewTicket {
  subject?: string; body: string
  requester: { id?: ID; name?: string; email?: string; phone?: string }
  type?: string; priority?: Priority; category_id?: ID; tags?: string[]; fields?: Record<string, unknown>
  assignee_id?: ID; team_id?: ID; channel?: string; attachment_ids?: ID[]; kind?: 'customer' | 'reply' | 'note'
}
export interface TicketPatch {
  subject?: string; priority?: Priority; type?: string; category_id?: ID | null
  tags?: string[]; fields?: Record<string, unknown>; requester_id?: ID; status?: Status
}
export interface Undo { id: ID; expires_at: Stamp }
export interface ActionAnswer { ticket: Ticket; undo?: Undo }
export interface Draft { kind: 'reply' | 'note'; html: string; text: string; updated_at?: Stamp }

export interface BulkOrder { action: string; input: Record<string, unknown>; ids?: ID[]; filter?: string; q?: string }
export interface Bulk {
  id: ID; state: 'running' | 'done' | 'cancelled'; total: number; done: number; failed: number
  errors: { ticket_id: ID; number: string; code: string; message: string }[]; undo?: Undo
}

export type ViewScope = 'shipped' | 'own' | 'team' | 'shared'
export interface View {
  id: ID; name: LocalName; scope: ViewScope; filter: string; sort: Sort; columns?: string[]; position: number
  owner_id?: ID; team_id?: ID; count?: Count
}
export interface NewView { name: string; scope: ViewScope; team_id?: ID; filter: string; sort: Sort }

export interface Identity { id: ID; kind: string; display: string; verified: boolean }
export interface Customer {
  id: ID; name: string; tier?: string; company?: Named; tags: string[]; note?: string; language?: string
  fields?: Record<string, unknown>; identities: Identity[]; ticket_count: number; open_ticket_count: number
  last_contact_at?: Stamp; created_at: Stamp; version: number; merged_into?: ID
}

export interface LiveTicket {
  id: ID; number: string; seq: number; kinds: string[]; actor_id?: ID; assignee_id?: ID; team_id?: ID; status: Status
}
