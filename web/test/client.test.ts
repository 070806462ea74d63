import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Fake } from './fake/fake'
import { api, data, ifMatch, onSignedOut } from '../src/api/client'
import { keys } from '../src/api/keys'
import { Problem } from '../src/api/problem'
import { setLocale } from '../src/i18n'
import { queries } from '../src/stores/query'
import { act, edit, known, refused, ticketQuery } from '../src/stores/ticket'
import { draftQuery, entriesOf, send, timelineQuery } from '../src/stores/message'
import { toasts, undoLast } from '../src/stores/toast'
import type { Me } from '../src/api/types'

let fake: Fake
/** Holds every answer back until it is let go. */
let gate: Promise<void> | undefined
function hold(): () => void {
  let go = () => {}
  gate = new Promise((r) => (go = r))
  return go
}
const id = '480000000'
beforeEach(() => {
  fake = new Fake()
  gate = undefined
  vi.stubGlobal('fetch', async (r: Request) => {
    await gate
    return fake.handle(r)
  })
  queries.clear()
  toasts.set([])
  setLocale('zh-CN')
})
afterEach(() => vi.unstubAllGlobals())
const ticket = () => queries.fetchQuery(ticketQuery(id))

describe('client', () => {
  it('marks writes against forgery and names each one once', async () => {
    await data(api.POST('/views', { body: { name: { zh: 'x', en: 'x' }, scope: 'own', filter: '', sort: '-updated' } }))
    await data(api.POST('/views', { body: { name: { zh: 'x', en: 'x' }, scope: 'own', filter: '', sort: '-updated' } }))
    const [a, b] = fake.seen.map((r) => r.headers)
    expect(a!.get('X-Zhidan')).toBe('1')
    expect(a!.get('Idempotency-Key')).toMatch(/^[0-9a-f]{32}$/)
    expect(a!.get('Idempotency-Key')).not.toBe(b!.get('Idempotency-Key'))
  })

  it('speaks of a problem in the reader’s language, by its code, else as the server put it', async () => {
    fake.failNext = [412, 'version.stale']
    const stale = await data(api.PATCH('/me', { body: { name: 'x' } })).catch((e: unknown) => e)
    expect(stale).toBeInstanceOf(Problem)
    expect((stale as Problem).text).toContain('他人修改')
    setLocale('en')
    expect((stale as Problem).text).toContain('somebody else')
    expect(new Problem(418, { code: 'odd.code', detail: 'Only the server knows' }).text).toBe('Only the server knows')
    expect(new Problem(422, { errors: [{ field: 'body.subject', code: 'required', message: 'x' }] }).field('subject')).toBe('Required')
  })

  it('waits for a new sign-in and then does what was asked, with the same key', async () => {
    fake.signedIn = false
    onSignedOut(async () => void (fake.signedIn = true))
    const view = await data(api.POST('/views', { body: { name: { zh: '仍在', en: '仍在' }, scope: 'own', filter: '', sort: '-updated' } }))
    expect(view.name.zh).toBe('仍在')
    const tries = fake.seen.filter((r) => r.url.endsWith('/views'))
    expect(tries).toHaveLength(2)
    expect(tries[0]!.headers.get('Idempotency-Key')).toBe(tries[1]!.headers.get('Idempotency-Key'))
  })
})

describe('acts', () => {
  it('shows the guess at once, keeps the truth, and can be taken back', async () => {
    await ticket()
    const go = hold()
    const running = act(id, 'priority', { priority: 'low' }, { priority: 'low' }, { text: 'ok', back: { action: 'priority', input: { priority: 'urgent' } } })
    await vi.waitFor(() => expect(known(id)!.priority).toBe('low'))
    expect(fake.find(id).priority).toBe('urgent')
    go()
    await running
    expect(fake.find(id).priority).toBe('low')
    expect(undoLast()).toBe(true)
    await vi.waitFor(() => expect(fake.find(id).priority).toBe('urgent'))
  })

  it('rolls back what the server refuses, says so and marks the row', async () => {
    await ticket()
    fake.failNext = [403, 'http.403']
    await act(id, 'priority', { priority: 'low' }, { priority: 'low' })
    expect(known(id)!.priority).toBe('urgent')
    expect(refused.get().has(`${id}:priority`)).toBe(true)
    expect(toasts.get().at(-1)).toMatchObject({ bad: true, text: '您没有权限执行此操作' })
  })

  it('does not overwrite what somebody else wrote meanwhile', async () => {
    const mine = await ticket()
    fake.touch(fake.find(id), 'note')
    expect(await edit(mine, { fields: { fault_code: 'E9' } }, { fields: { ...mine.fields, fault_code: 'E9' } })).toBe(false)
    expect(fake.find(id).fields.fault_code).toBe('E4')
    expect(known(id)!.fields.fault_code).toBe('E4')
    expect(ifMatch(7)).toEqual({ 'If-Match': '"7"' })
  })
})

describe('messages', () => {
  it('appear at once, become the server’s own, and leave nothing behind when refused', async () => {
    const t = await ticket()
    const shown = () => entriesOf(queries.getQueryData(keys.tickets.timeline(id)))
    await queries.fetchInfiniteQuery(timelineQuery(id))
    const before = shown().length
    const go = hold()
    const sending = send(t, fake.me as unknown as Me, { kind: 'reply', body: '马上安排' }, [])
    await vi.waitFor(() => expect(shown().at(-1)!.message!.id).toMatch(/^pending-/))
    go()
    expect(await sending).toBeUndefined()
    expect(shown().at(-1)!.message).toMatchObject({ text: '马上安排', kind: 'reply' })
    expect(shown().at(-1)!.message!.id).not.toMatch(/^pending-/)
    fake.failNext = [503, 'http.503']
    expect(await send(t, fake.me as unknown as Me, { kind: 'reply', body: 'again' }, [])).toMatchObject({ status: 503 })
    expect(shown()).toHaveLength(before + 1)
  })

  it('takes a missing draft for none', async () => {
    expect(await queries.fetchQuery(draftQuery(id))).toBeNull()
  })
})
