import { keys } from '~/api/keys'
import type { Ticket, Understanding } from '~/api/types'
import { t } from '~/i18n'
import { clearSelection, selection, stretch, toggle, wide } from '~/stores/bulk'
import { queries } from '~/stores/query'
import { markUnread } from '~/stores/read'
import { prefer, prefs } from '~/stores/prefs'
import { can } from '~/stores/session'
import { hurry } from '~/stores/sla'
import { act } from '~/stores/ticket'
import { say } from '~/stores/toast'
import { compose, listBase, listing, show, ui, type PanelName, type PickerName } from '~/stores/ui'
import type { Action, Context } from './action'

const one = (ctx: Context): boolean => ctx.ticket !== undefined
const done = (ctx: Context): boolean => ['solved', 'closed', 'cancelled'].includes(ctx.ticket?.status ?? '')
const pick = (picker: PickerName) => () => {
  // where the side is folded away its pickers open with it
  const folded = !selection.get().size && ['assign', 'type', 'tags', 'category'].includes(picker) && innerWidth < 1100
  show(folded ? { picker, side: true } : { picker })
}
const panel = (name: PanelName) => () => show({ panel: name })

const severalMatters = (ticket: Ticket): boolean => queries.getQueriesData<Understanding>({ queryKey: keys.understanding(ticket.id) }).some(([, u]) => (u?.matters.length ?? 0) > 1)

function step(by: number): (ctx: Context) => void {
  return (ctx) => {
    const { ids, cursor, table } = listing.get()
    if (!ids.length) return
    const at = cursor ? ids.indexOf(cursor) : -1
    const next = ids[Math.min(ids.length - 1, Math.max(0, at < 0 ? 0 : at + by))]
    if (!next) return
    if (table && by) listing.set((old) => ({ ...old, cursor: next }))
    else if (table || next !== cursor) ctx.go(`${listBase()}/${next}`)
  }
}

export const ticketActions: Action[] = [
  { id: 'list.next', name: 'action.next', group: 'list', keys: 'j', perform: step(1), silent: true },
  { id: 'list.previous', name: 'action.previous', group: 'list', keys: 'k', perform: step(-1), silent: true },
  { id: 'list.open', name: 'action.open', group: 'list', keys: 'o', perform: step(0), silent: true },
  { id: 'list.preview', name: 'action.preview', group: 'list', icon: 'eye', keys: 'Space', when: () => listing.get().table === true, perform: () => show({ preview: !ui.get().preview }), silent: true },
  { id: 'list.all', name: 'action.selectAll', group: 'list', keys: 'Mod+a', when: () => listing.get().ids.length > 0 && (listing.get().table === true || !!document.activeElement?.closest('.list')), perform: () => { wide.set(undefined); selection.set(new Set(listing.get().ids)) } },
  {
    id: 'list.table', name: 'action.table', group: 'list', icon: 'table', keys: 'v', when: () => prefs.get().layout === 'list',
    perform: (ctx) => { prefer({ layout: 'table' }); if (listing.get().cursor) ctx.go(listBase()) },
  },
  { id: 'list.rows', name: 'action.rows', group: 'list', icon: 'list', keys: 'v', when: () => prefs.get().layout === 'table' && listing.get().table === true, perform: () => prefer({ layout: 'list' }) },
  {
    id: 'list.select', name: 'action.select', group: 'list', row: true, keys: 'x', silent: true,
    perform: (ctx) => {
      const id = ctx.selected ? listing.get().cursor : ctx.ids[0]
      if (id) toggle(id)
    },
  },
  {
    id: 'list.stretch', name: 'action.stretch', group: 'list', keys: 'Shift+X', silent: true,
    perform: () => {
      const { cursor, ids } = listing.get()
      if (cursor) stretch(cursor, ids)
    },
  },
  { id: 'list.clear', name: 'action.clearSelection', group: 'list', keys: 'Escape', when: (c) => c.selected, perform: clearSelection },
  {
    id: 'list.back', name: 'action.toTable', group: 'list', icon: 'table', keys: 'Escape', silent: true,
    when: () => prefs.get().layout === 'table' && !listing.get().table && listing.get().cursor !== undefined, perform: (ctx) => ctx.go(listBase()),
  },

  { id: 'ticket.reply', name: 'action.reply', group: 'ticket', opens: true, row: true, icon: 'reply', keys: 'r', when: one, needs: 'reply', perform: () => compose('reply') },
  { id: 'ticket.note', name: 'action.note', group: 'ticket', opens: true, row: true, icon: 'lock', keys: 'n', when: one, needs: 'note', perform: () => compose('note') },
  { id: 'ticket.solve', name: 'action.solve', group: 'ticket', opens: true, row: true, icon: 'check', keys: 'e', needs: 'status', when: (c) => c.selected || !done(c), perform: panel('resolve') },
  {
    id: 'ticket.reopen', name: 'action.reopen', group: 'ticket', row: true, icon: 'history', needs: 'reopen', when: (c) => one(c) && done(c),
    perform: ({ ticket }) => ticket && act(ticket.id, 'reopen', {}, { status: 'open' }, { text: t('said.reopened') }),
  },
  { id: 'ticket.status', name: 'action.status', group: 'ticket', opens: true, row: true, icon: 'info', keys: 's', needs: 'status', perform: pick('status') },
  { id: 'ticket.priority', name: 'action.priority', group: 'ticket', opens: true, row: true, icon: 'flag', keys: 'p', needs: 'priority', perform: pick('priority') },
  { id: 'ticket.assign', name: 'action.assign', group: 'ticket', opens: true, row: true, icon: 'person', keys: 'a', needs: 'assign', perform: pick('assign') },
  {
    id: 'ticket.claim', name: 'action.claim', group: 'ticket', row: true, icon: 'hand', keys: 'c', needs: 'claim', when: (c) => one(c) && !c.ticket?.assignee,
    perform: ({ ticket, me }) => ticket && me && act(ticket.id, 'claim', {}, { assignee: { id: me.id, name: me.name } }, {
      text: t('said.claimed'), back: { action: 'assign', input: { ...(ticket.assignee ? { assignee_id: ticket.assignee.id } : {}), ...(ticket.team ? { team_id: ticket.team.id } : {}) } },
    }),
  },
  { id: 'ticket.whyAgent', name: 'action.whyAgent', group: 'ticket', opens: true, icon: 'route', keys: 'Shift+W', when: one, perform: () => show(innerWidth < 1100 ? { whyAgent: true, side: true } : { whyAgent: true }) },
  { id: 'ticket.transfer', name: 'action.transfer', group: 'ticket', opens: true, row: true, icon: 'transfer', keys: 'Shift+A', needs: 'transfer', when: one, perform: panel('transfer') },
  { id: 'ticket.return', name: 'action.return', group: 'ticket', opens: true, row: true, icon: 'undo', keys: 'Shift+R', needs: 'return', when: one, perform: panel('return') },
  { id: 'ticket.ruling', name: 'action.ruling', group: 'ticket', opens: true, row: true, icon: 'gavel', keys: 'Shift+G', needs: 'ruling', when: one, perform: panel('ruling') },
  { id: 'ticket.lift', name: 'action.lift', group: 'ticket', opens: true, icon: 'unlock', needs: 'lift', when: one, perform: panel('lift') },
  { id: 'ticket.type', name: 'action.type', group: 'ticket', opens: true, row: true, icon: 'type', keys: 't', needs: 'type', when: one, perform: pick('type') },
  { id: 'ticket.category', name: 'action.category', group: 'ticket', opens: true, icon: 'tree', needs: 'category', when: one, perform: pick('category') },
  { id: 'ticket.tags', name: 'action.tags', group: 'ticket', opens: true, row: true, icon: 'tag', keys: 'l', needs: 'tags', perform: pick('tags') },
  { id: 'ticket.snooze', name: 'action.snooze', group: 'ticket', opens: true, row: true, icon: 'clock', keys: 'h', needs: 'snooze', when: one, perform: pick('snooze') },
  { id: 'ticket.clock', name: 'action.clock', group: 'ticket', opens: true, icon: 'clock', keys: 'd', when: (c) => one(c) && c.ticket!.sla !== 'none', perform: pick('clock') },
  { id: 'ticket.extend', name: 'action.extend', group: 'ticket', opens: true, icon: 'clock', keys: 'Shift+E', when: (c) => one(c) && can(c.me, 'ticket.update') && c.ticket!.sla === 'running', perform: panel('extend') },
  { id: 'ticket.supervise', name: 'action.supervise', group: 'ticket', opens: true, icon: 'flag', keys: 'Shift+D', when: (c) => one(c) && can(c.me, 'sla.supervise') && !done(c), perform: panel('supervise') },
  { id: 'ticket.chase', name: 'action.chase', group: 'ticket', icon: 'bell', when: (c) => one(c) && can(c.me, 'ticket.note') && !done(c), perform: ({ ticket }) => ticket && hurry(ticket.id, 'chase') },
  { id: 'ticket.urge', name: 'action.urge', group: 'ticket', icon: 'bell', when: (c) => one(c) && can(c.me, 'ticket.note') && !done(c), perform: ({ ticket }) => ticket && hurry(ticket.id, 'urge') },
  { id: 'ticket.merge', name: 'action.merge', group: 'ticket', opens: true, row: true, icon: 'merge', keys: 'm', needs: 'merge', when: one, perform: panel('merge') },
  { id: 'ticket.split', name: 'action.split', group: 'ticket', opens: true, icon: 'split', needs: 'split', when: one, perform: panel('split') },
  { id: 'ticket.link', name: 'action.link', group: 'ticket', opens: true, icon: 'link', needs: 'link', when: one, perform: panel('link') },
  { id: 'ticket.parent', name: 'action.parent', group: 'ticket', opens: true, icon: 'tree', needs: 'parent', when: one, perform: panel('parent') },
  { id: 'ticket.people', name: 'action.people', group: 'ticket', opens: true, icon: 'people', needs: 'collaborator', when: one, perform: panel('people') },
  { id: 'ticket.assisted', name: 'action.assisted', group: 'ticket', opens: true, row: true, icon: 'check', keys: 'Shift+F', needs: 'assisted', when: one, perform: panel('assisted') },
  { id: 'ticket.matters', name: 'action.matters', group: 'ticket', opens: true, icon: 'split', needs: 'split', when: (c) => one(c) && severalMatters(c.ticket!), perform: panel('matters') },
  { id: 'ticket.children', name: 'action.children', group: 'ticket', opens: true, icon: 'reply', needs: 'reply', when: (c) => (c.ticket?.child_count ?? 0) > 0, perform: panel('children') },
  {
    id: 'ticket.watch', name: 'action.watch', group: 'ticket', row: true, icon: 'eye', keys: 'w', needs: 'watch', when: (c) => one(c) && !c.ticket?.watchers?.some((w) => w.id === c.me?.id),
    perform: ({ ticket, me }) => ticket && me && act(ticket.id, 'watch', { on: true }, { watchers: [...(ticket.watchers ?? []), { id: me.id, name: me.name }] }, { text: t('said.watching'), back: { action: 'watch', input: { on: false } } }),
  },
  {
    id: 'ticket.unwatch', name: 'action.unwatch', group: 'ticket', row: true, icon: 'eye', keys: 'w', needs: 'watch', when: (c) => one(c) && (c.ticket?.watchers?.some((w) => w.id === c.me?.id) ?? false),
    perform: ({ ticket, me }) => ticket && me && act(ticket.id, 'watch', { on: false }, { watchers: ticket.watchers?.filter((w) => w.id !== me.id) }, { text: t('said.unwatched'), back: { action: 'watch', input: { on: true } } }),
  },
  {
    id: 'ticket.copy', name: 'action.copy', group: 'ticket', row: true, icon: 'link', when: one,
    perform: async ({ ticket }) => {
      await navigator.clipboard?.writeText(`${location.origin}/inbox/all/${ticket?.id}`)
      say(t('said.copied'))
    },
  },
  {
    id: 'ticket.copyNumber', name: 'action.copyNumber', group: 'ticket', icon: 'copy', keys: 'Shift+M', when: one,
    perform: async ({ ticket }) => {
      await navigator.clipboard?.writeText(ticket!.number)
      say(t('said.copiedNumber', { number: ticket!.number }))
    },
  },
  { id: 'ticket.unread', name: 'action.unread', group: 'ticket', icon: 'mail', keys: 'u', when: one, perform: ({ ticket }) => ticket && markUnread(ticket) },
  { id: 'ticket.print', name: 'action.print', group: 'ticket', icon: 'print', keys: 'Shift+P', when: one, perform: (c) => window.open(`/print/${c.ticket!.id}`, '_blank', 'noopener') },
  { id: 'ticket.newest', name: 'action.newest', group: 'ticket', icon: 'down', keys: 'Shift+J', when: one, perform: () => { const el = document.querySelector('.tl'); el?.scrollTo({ top: el.scrollHeight }) } },
]
