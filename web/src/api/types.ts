// The nouns of the HTTP API under short names. All come from the generated
// schema; only what the schema leaves open is said here.
import type { Answer, Body, paths } from './paths'

export type ID = string
export type Stamp = string
export type LocalName = { zh: string; en: string } | string
export type Page<T> = { items: T[]; next_cursor?: string; partial?: boolean }

type Item<L extends { items: unknown[] }> = L['items'][number]
type Same<T, K extends keyof T, V> = Omit<T, K> & { [P in K]: V }

export type FieldProblem = { field: string; code: string; message: string; params?: Record<string, unknown> }
export interface ProblemBody {
  type?: string; title?: string; status?: number; detail?: string; code?: string
  params?: Record<string, string>; errors?: FieldProblem[]; request_id?: string
}

export type Me = Same<Answer<'/me'>, 'preferences', Record<string, unknown>>
export type Setup = Answer<'/setup'>
export type Session = Item<Answer<'/me/sessions'>>
export interface Named { id: ID; name: string }

// what a client makes of the catalogue; ids are always there when it is read
type Raw = Answer<'/config'>
type Kept<T> = T extends { id?: string } ? Same<T, 'id', ID> : T
export type Choice = NonNullable<Raw['fields'][number]['options']>[number]
export type Field = Kept<Raw['fields'][number]>
export type FieldKind = Field['kind']
export type TicketType = Kept<Raw['types'][number]>
export type FormField = TicketType['form']['fields'][number]
export type Category = Kept<Raw['categories'][number]>
export type Substatus = Kept<Raw['substatuses'][number]>
export type Scene = Kept<Raw['scenes'][number]>
export type Keyed = Raw['causes'][number]
export type Team = Raw['teams'][number]
export type Department = Raw['departments'][number]
export type StaffUser = Raw['staff'][number]
export type Config = Omit<Raw, 'fields' | 'types' | 'categories' | 'substatuses' | 'scenes' | '$schema'> & {
  fields: Field[]; types: TicketType[]; categories: Category[]; substatuses: Substatus[]; scenes: Scene[]
}

export type Ticket = Omit<Answer<'/tickets/{id}'>, '$schema'>
export type TicketPage = Answer<'/tickets'>
export type Status = Ticket['status']
export type Priority = Ticket['priority']
export type Actor = Ticket['creator']
export type TicketRef = NonNullable<Ticket['parent']>
export type Resolution = NonNullable<Ticket['resolution']>
export type Money = NonNullable<Resolution['compensation']>
export type Sort = 'updated' | '-updated' | 'created' | '-created' | 'priority' | '-priority' | 'due' | '-due'
export type LinkKind = Body<'/tickets/{id}/link'>['kind']
export type Count = Answer<'/tickets/count'>

export type Entry = Item<Answer<'/tickets/{id}/timeline'>>
export type Event = NonNullable<Entry['event']>
export type Change = NonNullable<Event['changes']>[number]
export type Message = Omit<Answer<'/tickets/{id}/messages', 'post'>, '$schema'>
export type Attachment = Message['attachments'][number]
export type NewMessage = Omit<Body<'/tickets/{id}/messages'>, '$schema'>
export type NewTicket = Body<'/tickets'>
export type TicketPatch = Body<'/tickets/{id}', 'patch'>
export type ActionAnswer = Answer<'/tickets/{id}/claim', 'post'>
export type Undo = NonNullable<ActionAnswer['undo']>
export type Draft = Omit<Answer<'/tickets/{id}/draft'>, '$schema'>

export type BulkOrder = Body<'/bulk'>
export type Bulk = Answer<'/bulk/{id}'>

export type View = Item<{ items: Answer<'/views'> }>
export type ViewScope = View['scope']
export type NewView = Omit<Body<'/views'>, '$schema'>

export type Customer = Omit<Answer<'/customers/{id}'>, '$schema'>
export type Identity = Customer['identities'][number]
export type CustomerPatch = Body<'/customers/{id}', 'patch'>
export type Contact = Item<Answer<'/customers/{id}/timeline'>>
export type NewCustomer = Omit<Body<'/customers'>, '$schema'>
export type Merged = Item<Answer<'/customers/{id}/merges'>>
export type MergeTake = NonNullable<Body<'/customers/{id}/merge'>['take']>[number]
export type Company = Omit<Answer<'/companies/{id}'>, '$schema'>
export type CompanyPatch = Omit<Body<'/companies/{id}', 'patch'>, '$schema'>
export type Caller = Answer<'/callers'>
export type Block = Item<Answer<'/blocklist'>>

export type Decision = Ticket['decisions'][number]
export type Evidence = NonNullable<Decision['evidence']>[number]
export type DecisionField = Body<'/tickets/{id}/decide'>['field']
export type Verdict = Body<'/tickets/{id}/decide'>['verdict']
export type Understanding = Answer<'/tickets/{id}/understanding'>
export type Entity = Understanding['entities'][number]
export type Like = Understanding['similar'][number]
export type Brief = Like['ticket']
export type RiskSignal = Understanding['risks'][number]
export type RiskKind = RiskSignal['kind']
export type Check = Answer<'/tickets/check', 'post'>
export type Incident = Item<Answer<'/incidents'>>
export type Overview = Answer<'/understanding'>
export type FieldState = Overview['fields'][number]
export type FieldRule = Body<'/understanding/fields/{field}', 'put'>
export type RiskLists = Answer<'/understanding/risk-lists'>
export type RiskList = RiskLists['lists'][number]
export type Cue = RiskList['cues'][number]
export type Patterns = Answer<'/understanding/patterns'>
export type Pattern = Patterns['patterns'][number]
export type Descriptions = Answer<'/understanding/descriptions'>
export type LabelWords = Descriptions['labels'][number]
export type Reading = Answer<'/understanding/read', 'post'>
export type ModelInfo = Item<Answer<'/understanding/models'>>
export type Run = Item<Answer<'/understanding/runs'>>
export type Report = NonNullable<Run['report']>
export type Example = Item<Answer<'/understanding/examples'>>
export type Correction = Item<Answer<'/understanding/corrections'>>
export type Accuracy = Answer<'/understanding/accuracy'>
export type LearnedField = Body<'/understanding/runs'>['field']
export type AccuracyBy = 'field' | 'week' | 'category' | 'channel' | 'language' | 'tier' | 'region'
export type LanguageModels = Answer<'/understanding/llm'>
export type Provider = LanguageModels['providers'][number]
export type ProviderTest = Answer<'/understanding/llm/test', 'post'>
export type Call = Item<Answer<'/understanding/llm/calls'>>

export type Calendar = Omit<Answer<'/calendars/{id}'>, '$schema'>
export type CalendarSettings = Omit<Body<'/calendars'>, '$schema'>
export type Range = Calendar['week'][number][number]
export type CalendarDay = NonNullable<Calendar['overrides']>[number]
export type YearPreview = Answer<'/calendars/{id}/year'>
export type DayInfo = YearPreview['days'][number]
export type HolidayTable = Item<Answer<'/calendars/tables'>>
export type HolidayImport = Omit<Body<'/calendars/tables/{table}/import'>, '$schema'>
export type Imported = Answer<'/calendars/tables/{table}/import', 'post'>
export type CalendarAssignment = Omit<Answer<'/calendars/assignment'>, '$schema'>
export type Tried = Answer<'/calendars/test', 'post'>

export type Clocks = Answer<'/tickets/{id}/sla'>
export type SLAClock = Clocks['items'][number]
export type SLAInterval = NonNullable<SLAClock['why']>[number]
export type SLAPolicy = Omit<Answer<'/sla/policies/{id}'>, '$schema'>
export type SLALink = NonNullable<SLAPolicy['chain']>[number]
export type SLATarget = SLAPolicy['targets'][number]
export type SLAPromise = NonNullable<SLATarget['urgent']>
export type SLAUnit = NonNullable<SLAPolicy['units']>[number]
export type SLAVersion = Item<Answer<'/sla/policies/{id}/versions'>>
export type SLAPause = NonNullable<SLAPolicy['pauses']>[number]
export type SLAWarning = NonNullable<SLAPolicy['warnings']>[number]
export type Metric = SLATarget['metric']
export type SLAExtension = Item<Answer<'/sla/extensions'>>
export type Supervision = Item<Answer<'/sla/supervisions'>>
export type SLAReport = Answer<'/sla/report'>
export type SLALine = SLAReport['items'][number]
export type ReportBy = NonNullable<paths['/sla/report']['get']['parameters']['query']['by']>
export type Soon = NonNullable<Answer<'/sla/soon'>['items']>[number]

/** Pushed by the server: not an answer, so not in the schema. */
export interface LiveTicket {
  id: ID; number: string; seq: number; kinds: string[]; actor_id?: ID; assignee_id?: ID; team_id?: ID; status: Status
}
