// Push from the server: ticket events patch what is on screen, gently.
import { createStore } from '~/stores/store'
import { queries } from '~/stores/query'
import { exchanged } from '~/stores/exchange'
import { reportChanged } from '~/stores/report'
import { ring, type Rung } from '~/stores/ring'
import { routingChanged } from '~/stores/routing'
import { guess, known, place } from '~/stores/ticket'
import { viewingEvent, type Viewer } from '~/stores/viewing'
import { api, BASE, data } from './client'
import { keys } from './keys'
import { Problem } from './problem'
import type { ID, LiveTicket } from './types'

export type Link = 'connecting' | 'live' | 'lost'
export const link = createStore<Link>('connecting')
/** Grows whenever something happened to a ticket: lists then look for new rows. */
export const tick = createStore(0)

let source: EventSource | undefined
let retry = 1000
let timer: ReturnType<typeof setTimeout> | undefined
const dirty = new Set<ID>()
let flush: ReturnType<typeof setTimeout> | undefined
let flushed = 0
let looked = 0
/** How long events are gathered while more of them come. */
const GATHER = 250
/** Tickets that changed while they could not be read. */
const missed = new Set<ID>()

export function startLive(): () => void {
  connect()
  const wake = () => {
    if (link.get() === 'lost') connect()
    readMissed()
  }
  // the machine knows it before the stream does
  const gone = () => link.set('lost')
  window.addEventListener('online', wake)
  window.addEventListener('offline', gone)
  return () => {
    window.removeEventListener('online', wake)
    window.removeEventListener('offline', gone)
    clearTimeout(timer)
    source?.close()
    source = undefined
  }
}

function connect(): void {
  clearTimeout(timer)
  source?.close()
  const es = new EventSource(`${BASE}/live`)
  source = es
  es.addEventListener('hello', () => {
    // after a gap that Last-Event-ID did not bridge, what is shown may be old
    if (link.get() === 'lost') resync()
    link.set('live')
    readMissed()
    // the connection itself makes its reader be online
    for (const ms of [0, 1000]) setTimeout(() => void queries.invalidateQueries({ queryKey: keys.roster('state') }), ms)
    retry = 1000
  })
  es.addEventListener('ticket', (e) => ticketEvent(JSON.parse((e as MessageEvent<string>).data) as LiveTicket))
  es.addEventListener('viewing', (e) => viewingEvent(JSON.parse((e as MessageEvent<string>).data) as { id: ID; people: Viewer[] }))
  es.addEventListener('read', (e) => {
    const { id, unread } = JSON.parse((e as MessageEvent<string>).data) as { id: ID; unread: boolean }
    if (known(id)?.unread !== unread) void queries.invalidateQueries({ queryKey: keys.views.counts })
    guess(id, { unread, ...(unread ? {} : { mentioned: false }) })
  })
  es.addEventListener('config', () => void queries.invalidateQueries({ queryKey: keys.config }))
  es.addEventListener('incident', () => void queries.invalidateQueries({ queryKey: keys.incidents() }))
  es.addEventListener('routing', routingChanged)
  es.addEventListener('report', reportChanged)
  es.addEventListener('offer', () => void queries.invalidateQueries({ queryKey: keys.routing('offers') }))
  es.addEventListener('state', () => { void queries.invalidateQueries({ queryKey: keys.roster('state') }); void queries.invalidateQueries({ queryKey: keys.roster('states') }); routingChanged(); reportChanged() })
  es.addEventListener('notification', (e) => {
    const told = JSON.parse((e as MessageEvent<string>).data) as Rung
    if (told.event === 'serious_ticket') void queries.invalidateQueries({ queryKey: keys.routing('alerts') })
    void ring(told)
  })
  for (const kind of ['export', 'import'] as const) es.addEventListener(kind, (e) => exchanged(kind, JSON.parse((e as MessageEvent<string>).data) as { id: ID }))
  es.addEventListener('resync', resync)
  es.onerror = () => {
    if (es !== source) return
    // the browser reconnects by itself (with Last-Event-ID) unless it gave up
    if (es.readyState !== EventSource.CLOSED) return void setTimeout(() => es === source && es.readyState !== EventSource.OPEN && link.set('lost'), 3000)
    link.set('lost')
    timer = setTimeout(connect, retry * (0.75 + Math.random() / 2))
    retry = Math.min(30_000, retry * 2)
  }
}

function resync(): void {
  void queries.invalidateQueries({ queryKey: keys.tickets.all })
  void queries.invalidateQueries({ queryKey: keys.incidents() })
  void queries.invalidateQueries({ queryKey: keys.views.counts })
  void queries.invalidateQueries({ queryKey: keys.routing() })
  reportChanged()
  void queries.invalidateQueries({ queryKey: keys.roster() })
  void queries.invalidateQueries({ queryKey: keys.notices() })
}

/** Somebody looks at the ticket: its conversation is on the screen. */
const looking = (id: ID): boolean => queries.getQueryCache().find({ queryKey: keys.tickets.timeline(id) })?.isActive() === true

function ticketEvent(event: LiveTicket): void {
  // what is being looked at does not wait for the lists
  if (looking(event.id) && Date.now() - looked > GATHER) {
    looked = Date.now()
    void refresh(event.id)
  } else dirty.add(event.id)
  flush ??= setTimeout(() => {
    flush = undefined
    flushed = Date.now()
    const ids = [...dirty]
    dirty.clear()
    tick.set((n) => n + 1)
    void queries.invalidateQueries({ queryKey: keys.views.counts })
    for (const id of ids) void refresh(id)
    // a single event shows at once, a stream of them four times a second
  }, Date.now() - flushed > 1000 ? 20 : GATHER)
}

/** Reads a ticket again only where it is on screen. */
async function refresh(id: ID): Promise<void> {
  if (!known(id)) return
  void queries.invalidateQueries({ queryKey: keys.tickets.timeline(id) })
  void queries.invalidateQueries({ queryKey: keys.tickets.scheduled(id) })
  void queries.invalidateQueries({ queryKey: keys.tickets.files(id) })
  void queries.invalidateQueries({ queryKey: keys.routing('ticket', id) })
  try {
    place(await data(api.GET('/tickets/{id}', { params: { path: { id } } })))
  } catch (error) {
    if (error instanceof Problem && error.code === 'net.offline') missed.add(id)
  }
}

/** The connection is back: what changed meanwhile is read now. */
function readMissed(): void {
  const ids = [...missed]
  missed.clear()
  for (const id of ids) void refresh(id)
}
