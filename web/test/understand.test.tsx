import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest'
import { Fake } from './fake/fake'
import { choices, toClassify } from '../src/actions/triage'
import { allowed, context } from '../src/actions/action'
import { action, actions } from '../src/actions/registry'
import type { Decision, Ticket } from '../src/api/types'
import { setLocale } from '../src/i18n'
import { csv } from '../src/scenes/intelligence/frame'
import { matcher } from '../src/scenes/intelligence/pattern'
import { pieces } from '../src/scenes/intelligence/pieces'
import { since } from '../src/scenes/intelligence/Corrections'
import { column, decode, parseCSV, readTable, TableError } from '../src/scenes/intelligence/table'
import { around, rangeOf, units } from '../src/scenes/ticket/understand/light'
import { entityValue, said } from '../src/scenes/ticket/understand/Insight'
import { entityWhy, matterWhy } from '../src/scenes/ticket/understand/reasons'
import { reasonText, riskKinds, sureness } from '../src/scenes/ticket/understand/values'
import { queries } from '../src/stores/query'
import { known, ticketQuery } from '../src/stores/ticket'
import { toasts, undoLast } from '../src/stores/toast'
import { listing } from '../src/stores/ui'
import { afterVerdict, judge, may, waiting } from '../src/stores/understanding'

let fake: Fake
beforeEach(() => {
  fake = new Fake()
  vi.stubGlobal('fetch', (r: Request) => fake.handle(r))
  queries.clear()
  toasts.set([])
  listing.set({ view: '', ids: [] })
  setLocale('zh-CN')
})
afterEach(() => vi.unstubAllGlobals())
const open = (id: string) => queries.fetchQuery(ticketQuery(id)) as Promise<Ticket>
const unsure = () => fake.tickets.find((t) => t.to_classify)!.id

describe('judging', () => {
  it('shows what a verdict brings before the server has answered', async () => {
    const t = await open(unsure())
    expect(waiting(t).map((d) => d.field)).toEqual(['type'])
    expect(afterVerdict(t, 'type', 'correct', 'refund', undefined)).toMatchObject({ type: 'refund', to_classify: false })
    expect(afterVerdict(t, 'category', 'undo', undefined, undefined)).toMatchObject({ category_id: undefined, to_classify: true })
    expect(afterVerdict(t, 'risk', 'correct', '0', undefined)).toMatchObject({ risk: 0 })
  })
  it('corrects, and z gives the former value back', async () => {
    const t = await open('480000000')
    expect(await judge(t, 'category', 'correct', 'g3')).toBe(true)
    expect(fake.find(t.id).category_id).toBe('g3')
    expect(known(t.id)!.decisions.find((d) => d.field === 'category')).toMatchObject({ state: 'corrected', after: 'g3' })
    expect(undoLast()).toBe(true)
    await vi.waitFor(() => expect(fake.find(t.id).category_id).toBe('g2'))
  })
  it('rolls back when the server refuses', async () => {
    const t = await open('480000000')
    fake.failNext = [409, 'decision.not_set']
    expect(await judge(t, 'type', 'undo')).toBe(false)
    expect(known(t.id)).toMatchObject({ type: 'repair' })
    expect(known(t.id)!.decisions.find((d) => d.field === 'type')!.state).toBe('set')
    expect(toasts.get().at(-1)).toMatchObject({ bad: true, text: '只有 AI 写入的值才能撤销' })
  })
})

describe('the fast lane', () => {
  it('owns its keys in its view only', async () => {
    const id = unsure()
    await open(id)
    const first = (keys: string) => actions.find((a) => a.keys === keys && allowed(a, context()))?.id
    listing.set({ view: 'v4', ids: [id], cursor: id })
    expect(first('a')).toBe('ticket.assign')
    expect(first('1')).toBeUndefined()
    listing.set({ view: '16', ids: [id], cursor: id })
    expect([first('a'), first('c'), first('1')]).toEqual(['triage.accept', 'triage.other', 'triage.1'])
  })
  it('accepts with one key and opens the next', async () => {
    const ids = fake.tickets.filter((t) => t.to_classify).map((t) => t.id)
    const t = await open(ids[0]!)
    expect(toClassify(t)).toBe('type')
    expect(choices(t).length).toBeGreaterThan(0)
    listing.set({ view: '16', ids, cursor: ids[0] })
    const go = vi.fn()
    await action('triage.accept').perform({ ...context(), go })
    expect(go).toHaveBeenCalledWith(`/inbox/16/${ids[1]}`)
    await vi.waitFor(() => expect(fake.find(ids[0]!).to_classify).toBe(false))
  })
  it('takes a runner-up by its number', async () => {
    const id = unsure()
    const t = await open(id)
    listing.set({ view: '16', ids: [id], cursor: id })
    await action('triage.2').perform(context())
    await vi.waitFor(() => expect(fake.find(id).type).toBe(choices(t)[1]!.value))
  })
})

describe('words about a judgement', () => {
  const d = (part: Partial<Decision>) => ({ field: 'risk', value: '3', state: 'set', confidence: 0.9, model: 'rules/1', at: '', ...part }) as Decision
  it('say how sure, why and which danger first', () => {
    expect([0.99, 0.9, 0.75, 0.55, 0.2].map(sureness)).toEqual(['几乎确定', '很有把握', '较有把握', '不太确定', '仅供参考'])
    expect(riskKinds(d({ reason: 'anger,safety' }))).toEqual(['safety', 'anger'])
    expect(reasonText(d({ field: 'priority', reason: 'impact 2, urgency 3' }))).toBe('影响中，紧急度高')
    expect(reasonText(d({ field: 'priority', reason: 'risk: regulator' }))).toBe('原因：监管投诉')
    expect(reasonText(d({ field: 'type', reason: undefined }))).toBe('')
  })
  it('show values as people write them', () => {
    expect(entityValue({ type: 'amount', text: '1299块', value: '1299.00 CNY' })).toBe('¥1,299')
    expect(entityValue({ type: 'order', text: 'dd 1', value: 'DD1' })).toBe('DD1')
    expect(entityValue({ type: 'duration', text: '30天', value: 'P30D' })).toBe('30天')
    expect(entityValue({ type: 'date', text: '上个月', value: '2026-10', from: '2026-10-01T00:00:00+08:00', to: '2026-11-01T00:00:00+08:00', parts: { grain: 'month' } })).toContain('2026')
  })
  it('say why something was found in the language of the reader, and nothing rather than a word of the program', () => {
    expect(entityWhy('cue: 订单; checksum fails')).toBe('旁边有「订单」，校验码不符')
    expect(entityWhy('checksum GB 11643')).toBe('校验码正确（GB 11643）')
    expect(entityWhy('grain: hour')).toBe('精确到小时')
    expect(entityWhy('something new')).toBe('')
    expect(matterWhy('said')).not.toBe('')
    expect(matterWhy('single')).toBe('')
  })
  it('are not said twice: a summary like the title is left out', () => {
    expect(said('冰箱不制冷', ['冰箱不制冷。'])).toEqual([])
    expect(said('冰箱不制冷', ['冰箱不制冷。', '明天能来吗'])).toHaveLength(2)
  })
  it('are shown to who may see them', () => {
    expect(may(undefined, 'understand.read')).toBe(false)
    expect(may({ permissions: { 'understand.manage': 'all' } } as never, 'understand.read')).toBe(true)
    expect(may({ permissions: { 'understand.read': 'all' } } as never, 'understand.manage')).toBe(false)
  })
})

describe('places in a text', () => {
  it('are counted in characters, not in UTF-16', () => {
    expect(units('😀冰箱', 1, 3)).toEqual([2, 4])
    expect(units('abc', 3, 3)).toEqual([3, 3])
    expect(around({ text: '😀我家冰箱不制冷' }, { in: 'body', start: 3, end: 5 }, 2)).toEqual(['…我家', '冰箱', '不制…'])
    expect(around({ text: '短' }, { in: 'body', start: 3, end: 5 })).toBeUndefined()
  })
  it('are found across nodes, and by their words where offsets do not fit', () => {
    document.body.innerHTML = '<div id="m"><p>面板 <b>报</b> E4</p><p>谢谢</p></div>'
    const root = document.getElementById('m')!
    expect(rangeOf(root, { in: 'body', start: 3, end: 6 })?.toString()).toBe('报 E')
    expect(rangeOf(root, { in: 'body', start: 0, end: 2, text: 'E4' })?.toString()).toBe('E4')
    expect(rangeOf(root, { in: 'body', start: 0, end: 2, text: '没有' })).toBeUndefined()
  })
  it('may overlap in the playground', () => {
    const r = { entities: [{ in: 'body', start: 2, end: 6 }], risks: [{ in: 'body', start: 4, end: 8, kind: 'legal' }] } as never
    const cut = pieces('一二三四五六七八九十', r, { evidence: [{ in: 'body', start: 5, end: 7, weight: 1 }] })
    expect(cut.map((p) => p.text).join('')).toBe('一二三四五六七八九十')
    expect(cut.map((p) => [p.text, p.entity, p.risk, p.evidence])).toEqual([['一二', undefined, undefined, undefined], ['三四', 0, undefined, undefined], ['五', 0, 'legal', undefined], ['六', 0, 'legal', true], ['七', undefined, 'legal', true], ['八', undefined, 'legal', undefined], ['九十', undefined, undefined, undefined]])
  })
})

describe('tables that people bring', () => {
  it('are read with quotes, line breaks, semicolons and Chinese encodings', async () => {
    expect(parseCSV('a,"b ""x""\n,y",c\r\n1,2,3')).toEqual([['a', 'b "x"\n,y', 'c'], ['1', '2', '3']])
    expect(parseCSV('内容;分类\n冰箱;报修')).toEqual([['内容', '分类'], ['冰箱', '报修']])
    expect(decode(new Uint8Array([0xb1, 0xf9, 0xcf, 0xe4]))).toBe('冰箱')
    expect([column('A1'), column('AB7'), column('7')]).toEqual([0, 27, undefined])
    await expect(readTable(new File(['only one row'], 'x.csv'))).rejects.toThrow(TableError)
    await expect(readTable(new File([new Uint8Array([0x50, 0x4b, 3, 4, 0, 0])], 'x.xlsx'))).rejects.toThrow(TableError)
  })
  it('leave without formulas', () => {
    expect(csv([['=1+1', 'a,b', 3, -2]])).toBe(`'=1+1,"a,b",3,-2`)
  })
})

describe('patterns', () => {
  it('are tried as the server means them', () => {
    const m = matcher('SO-\\d{4}-[A-Z]{2}|\\d{3,5}X?')!
    expect([m('单号 so-1234-ab 谢谢'), m('SO-12-AB'), m('1234x'), m('12'), m('9123456')]).toEqual([true, false, true, false, false])
    expect(matcher('(a+)+$')).toBeUndefined()
    expect(matcher('')).toBeUndefined()
  })
})

describe('the review', () => {
  it('begins at midnight of yesterday', () => {
    expect(new Date(since('yesterday', new Date(2026, 10, 1, 9)))).toEqual(new Date(2026, 9, 31))
    expect(new Date(since('week', new Date(2026, 10, 21, 9)))).toEqual(new Date(2026, 10, 14))
  })
})
