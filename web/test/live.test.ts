import { InfiniteQueryObserver, QueryObserver } from '@tanstack/react-query'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Fake } from './fake/fake'
import { keys } from '../src/api/keys'
import { startLive } from '../src/api/live'
import { KEPT, queries } from '../src/stores/query'
import { known, ticketQuery } from '../src/stores/ticket'
import { entriesOf, send, timelineQuery } from '../src/stores/message'
import type { Me } from '../src/api/types'

/** The browser's stream, fed by the stand-in for the server. */
class Stream extends EventTarget {
  static CLOSED = 2
  static open: Stream
  readyState = 1
  onerror?: () => void
  constructor() { super(); Stream.open = this }
  say = (event: string, data: object) => this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) }))
  close() { this.readyState = 2 }
}

let fake: Fake
let away = false
let stop = () => {}
const leave: (() => void)[] = []
const id = '480000000'
const words = () => entriesOf(queries.getQueryData(keys.tickets.timeline(id))).map((e) => e.message?.text)
const reads = (path: string) => fake.seen.filter((r) => r.method === 'GET' && new URL(r.url).pathname.endsWith(path)).length

beforeEach(async () => {
  fake = new Fake()
  away = false
  vi.stubGlobal('EventSource', Stream)
  vi.stubGlobal('fetch', async (r: Request) => {
    if (away) throw new TypeError('network')
    return fake.handle(r)
  })
  queries.clear()
  stop = startLive()
  fake.listeners.add(Stream.open.say)
  Stream.open.say('hello', {})
  // the conversation is on the screen
  leave.push(new InfiniteQueryObserver(queries, timelineQuery(id)).subscribe(() => {}), new QueryObserver(queries, ticketQuery(id)).subscribe(() => {}))
  await vi.waitFor(() => { expect(words().length).toBeGreaterThan(0); expect(known(id)).toBeDefined() })
})
afterEach(() => {
  stop()
  for (const f of leave.splice(0)) f()
  vi.unstubAllGlobals()
})

describe('push', () => {
  it('reads the ticket that is looked at without waiting for what else happens', async () => {
    const other = fake.tickets.find((t) => t.id !== id)!
    vi.useFakeTimers()
    try {
      vi.setSystemTime(Date.now() + 60_000)
      fake.touch(other, 'priority')
      await vi.advanceTimersByTimeAsync(30) // from now on lists are gathered
      fake.touch(other, 'priority')
      fake.message(fake.find(id), { kind: 'note', body: '他人的备注' })
      await vi.advanceTimersByTimeAsync(30)
      expect(words()).toContain('他人的备注')
      expect(known(id)!.version).toBe(fake.find(id).version)
      // a storm on the same ticket is gathered, and its end is shown
      const before = reads('/timeline')
      for (let i = 0; i < 20; i++) fake.message(fake.find(id), { kind: 'note', body: `第 ${i} 条` })
      await vi.advanceTimersByTimeAsync(300)
      expect(reads('/timeline') - before).toBeLessThan(4)
      expect(words()).toContain('第 19 条')
    } finally {
      vi.useRealTimers()
    }
  })

  it('shows what was said while a message that could not be sent was on its way', async () => {
    away = true
    const sending = send(known(id)!, fake.me as unknown as Me, { kind: 'reply', body: '您好' }, [])
    fake.message(fake.find(id), { kind: 'note', body: '断线期间的备注' })
    expect(await sending).toMatchObject({ code: 'net.offline' })
    expect(words()).not.toContain('断线期间的备注')
    away = false
    window.dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(words()).toContain('断线期间的备注'))
    expect(known(id)!.version).toBe(fake.find(id).version)
    expect(words()).not.toContain('您好')
  })

  it('does not let an answer that was on its way take the place of a newer one', async () => {
    const old = structuredClone(fake.find(id))
    fake.touch(fake.find(id), 'priority')
    await vi.waitFor(() => expect(known(id)!.version).toBe(old.version + 1))
    vi.stubGlobal('fetch', async () => Response.json(old))
    await queries.refetchQueries({ queryKey: keys.tickets.one(id) })
    expect(known(id)!.version).toBe(old.version + 1)
  })
})

describe('what is kept', () => {
  it('is bounded, the longest unseen goes first, and what is looked at stays', async () => {
    for (let i = 0; i < KEPT * 2; i++) {
      queries.setQueryData(keys.tickets.draft(String(i)), null)
      if (i === KEPT) leave.push(new QueryObserver(queries, { queryKey: keys.tickets.draft('10'), queryFn: () => null }).subscribe(() => {}))
    }
    const has = (i: number) => queries.getQueryState(keys.tickets.draft(String(i))) !== undefined
    expect([has(10), has(11), has(KEPT - 1), has(KEPT * 2 - 1)]).toEqual([true, false, false, true])
    expect(words().length).toBeGreaterThan(0)
    expect(queries.getQueryCache().getAll().length).toBeLessThan(KEPT + 20)
  })
})
