// Quick judging: one key for a suggestion. In the view "To be classified" the
// keys a, c and 1…5 belong to it, and the next ticket opens by itself.
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { queries } from '~/stores/query'
import { known, ticketQuery } from '~/stores/ticket'
import { say } from '~/stores/toast'
import { listing, show, type Listing } from '~/stores/ui'
import { decisionOn, judge, waiting } from '~/stores/understanding'
import type { Action, Context } from './action'

export const TO_CLASSIFY = '16'
export const inTriage = (place: Pick<Listing, 'view'>): boolean => place.view === TO_CLASSIFY

/** The field that waits first; a ticket may also wait without a suggestion. */
export function toClassify(ticket: Ticket): 'type' | 'category' | undefined {
  const first = waiting(ticket).find((d) => d.field === 'type' || d.field === 'category')
  if (first) return first.field as 'type' | 'category'
  return ticket.to_classify ? (decisionOn(ticket, 'type') ? 'category' : 'type') : undefined
}

/** The runners-up that the keys 1…5 stand for. */
export function choices(ticket: Ticket): { value: string; confidence: number }[] {
  const field = toClassify(ticket)
  return field ? (decisionOn(ticket, field)?.runners ?? []).slice(0, 5) : []
}

let navigate: Context['go'] | undefined

/** Judges the waiting field; when nothing waits any more the next ticket opens, without waiting for the server. */
export function decide(ticket: Ticket, field: string, value?: string, go = navigate): void {
  const d = decisionOn(ticket, field)
  const accepts = d && (value === undefined || (value === d.value && d.state === 'suggested'))
  const more = waiting(ticket).some((x) => x.field !== field && (x.field === 'type' || x.field === 'category'))
  const { ids, view } = listing.get()
  const next = ids[ids.indexOf(ticket.id) + 1]
  void judge(ticket, field, accepts ? 'accept' : 'correct', accepts ? undefined : value)
  if (!more && next && inTriage({ view })) go?.(`/inbox/${view}/${next}`)
}

/** The ticket with its judgements: a list shows them only after it was opened. */
async function whole(ctx: Context): Promise<Ticket | undefined> {
  const id = ctx.ids[0]
  if (!id) return undefined
  const at = known(id)
  if (at?.decisions.length || at?.actions) return at
  return queries.ensureQueryData(ticketQuery(id)).catch(() => undefined)
}

const lane = (ctx: Context): boolean => inTriage(listing.get()) && ctx.ids.length === 1 && !ctx.selected

async function take(ctx: Context, n?: number): Promise<void> {
  navigate = ctx.go
  const ticket = await whole(ctx)
  const field = ticket && toClassify(ticket)
  if (!ticket || !field) return
  const value = n === undefined ? undefined : choices(ticket)[n]?.value
  if (n !== undefined && value === undefined) return
  if (n === undefined && !decisionOn(ticket, field)) return void say(t('triage.nothing'))
  decide(ticket, field, value, ctx.go)
}

export const triageActions: Action[] = [
  { id: 'triage.accept', name: 'action.triageAccept', group: 'triage', keys: 'a', needs: 'decide', when: lane, perform: (ctx) => take(ctx), silent: true },
  { id: 'triage.other', name: 'action.triageOther', group: 'triage', keys: 'c', needs: 'decide', when: lane, perform: (ctx) => { navigate = ctx.go; show({ picker: 'decide' }) }, silent: true },
  ...[1, 2, 3, 4, 5].map((n): Action => ({ id: `triage.${n}`, name: 'action.triageRunner', group: 'triage', keys: String(n), needs: 'decide', when: lane, perform: (ctx) => take(ctx, n - 1), silent: true })),
]

export const judgeActions: Action[] = [
  {
    id: 'ticket.accept', name: 'action.acceptAI', group: 'ticket', icon: 'check', keys: 'y', needs: 'decide', when: (c) => c.ticket !== undefined && waiting(c.ticket).length > 0,
    perform: ({ ticket }) => { const first = ticket && waiting(ticket)[0]; return first && judge(ticket, first.field, 'accept') },
  },
  {
    id: 'ticket.judgements', name: 'action.judgements', group: 'ticket', icon: 'diamond', keys: 'i', when: (c) => c.ticket !== undefined,
    perform: () => {
      const focus = () => (document.querySelector<HTMLElement>('.jr.suggested .mark') ?? document.querySelector<HTMLElement>('.jr .mark'))?.focus()
      if (document.querySelector('.judgments')) return focus()
      show({ side: true })
      setTimeout(focus, 250)
    },
  },
]
