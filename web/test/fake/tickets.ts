import type { Entry, Priority, Status, Ticket } from '../../src/api/types.ts'
import { customers, staff } from './people.ts'

type Seed = [subject: string, customer: number, status: Status, priority: Priority, type: string, category: string | undefined, channel: string, minutes: number, assignee: number, words: string]
const seeds: Seed[] = [
  ['冰箱冷藏室不制冷，面板报 E4', 1, 'open', 'urgent', 'repair', 'g2', 'wechat', 0, 1, '断电试过了，没用。家里老人的胰岛素要冷藏，今天能来吗？'],
  ['洗衣机漏水，楼下邻居找上门', 2, 'new', 'high', 'repair', 'g5', 'phone', 2, 2, '阳台全是水，楼下已经上来敲门了。'],
  ['退货三周没退款，称要打 12315', 3, 'open', 'high', 'refund', 'g8', 'app', 6, 3, '再不退款我就投诉了，订单 2291-7756。'],
  ['Where is my refund for order 2291-7756?', 4, 'open', 'normal', 'refund', 'g8', 'email', 9, 8, 'I returned the kettle three weeks ago and have heard nothing since.'],
  ['热水器点火后有焦糊味，已关闭气阀', 5, 'open', 'high', 'repair', undefined, 'phone', 11, 4, '味道很大，我已经把气阀关了。'],
  ['空调安装想改约到周六上午', 7, 'on_hold', 'normal', 'enquiry', undefined, 'wechat', 18, 1, '周六上午九点以后都可以。'],
  ['物流显示已签收，本人没有收到货', 6, 'open', 'normal', 'complaint', 'g9', 'web', 24, 5, '快递柜和门卫都问过了，没有。'],
  ['发票抬头开错，申请作废重开', 13, 'open', 'normal', 'enquiry', 'g10', 'web', 31, 3, '抬头应为示例酒店有限公司。'],
  ['Dishwasher leaves a white film on the glasses', 12, 'open', 'low', 'repair', undefined, 'email', 42, 6, 'I already changed the salt. Photos are attached.'],
  ['扫地机器人回充后不断重启', 8, 'pending', 'normal', 'repair', undefined, 'chat', 56, 2, '好的，我晚上拍一段视频发过来。'],
  ['油烟机滤网在哪里可以买到原装的', 9, 'solved', 'low', 'enquiry', undefined, 'chat', 64, 6, '谢谢，已经下单了。'],
  ['电视保修期从哪一天开始算', 10, 'solved', 'low', 'enquiry', undefined, 'wechat', 71, 5, '明白了，谢谢。'],
  ['建议 App 增加上门进度推送', 11, 'closed', 'low', 'suggestion', undefined, 'app', 130, 1, '希望能看到工程师到哪里了。'],
]
const more: [string, string, string | undefined][] = [
  ['冰箱有异响，夜里声音很大', 'repair', 'g1'], ['洗衣机不脱水，显示 E10', 'repair', 'g6'], ['延保服务发票未收到', 'enquiry', 'g10'], ['Kettle arrived with a dent', 'complaint', 'g9'],
  ['空调外机滴水到楼下', 'repair', undefined], ['想把收货地址改到公司', 'enquiry', 'g9'], ['烤箱温度偏高，烤焦两次', 'repair', undefined], ['净水器滤芯更换后漏水', 'repair', 'g5'],
  ['Refund shows the wrong amount', 'refund', 'g8'], ['上门工程师迟到两小时', 'complaint', undefined], ['电饭煲内胆涂层脱落', 'refund', undefined], ['吸尘器充不进电', 'repair', undefined],
]
const statuses: Status[] = ['open', 'new', 'pending', 'open', 'solved', 'on_hold', 'open', 'closed', 'open', 'cancelled']
const priorities: Priority[] = ['normal', 'low', 'high', 'normal']
for (let i = 0; i < 49; i++) {
  const [subject, type, category] = more[i % more.length]!
  seeds.push([i < more.length ? subject : `${subject}（${Math.floor(i / more.length) + 1}）`, (i % customers.length) + 1, statuses[i % statuses.length]!, priorities[i % 4]!, type, category, ['wechat', 'phone', 'email', 'web', 'chat'][i % 5]!, 95 + i * 47, i % 9, '麻烦尽快处理，谢谢。'])
}

export function makeTickets(now: number): { tickets: Ticket[]; timelines: Map<string, Entry[]> } {
  const timelines = new Map<string, Entry[]>()
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString()
  const tickets = seeds.map((seed, i): Ticket => {
    const [subject, c, status, priority, type, category_id, channel, minutes, a, words] = seed
    const customer = customers[c - 1]!
    const assignee = status === 'new' ? undefined : staff[a - 1]
    const id = String(480_000_000 + i)
    const unhappy = ['solved', 'closed'].includes(status)
    const entries = timeline(i, seed, at)
    timelines.set(id, entries)
    customer.ticket_count++
    if (!['solved', 'closed', 'cancelled'].includes(status)) customer.open_ticket_count++
    customer.last_contact_at ??= at(minutes)
    return {
      id, number: String(48213 - i * 7 + (i % 3)), subject, status, priority, type, category_id, channel, language: /^[A-Z]/.test(subject) ? 'en' : 'zh',
      requester: { id: customer.id, name: customer.name, tier: customer.tier }, company: customer.company, creator: { kind: 'customer', id: customer.id, name: customer.name },
      assignee: assignee && { id: assignee.id, name: assignee.name }, team: { id: 't1', name: '华东一线组' },
      tags: i === 0 ? ['冰箱', '加急上门'] : i % 4 === 0 ? ['二次进线'] : [], fields: type === 'repair' ? { model: 'BCD-520WK', fault_code: i === 0 ? 'E4' : undefined, in_warranty: true } : {},
      hold_reason: status === 'on_hold' ? 'date' : undefined, reopen_count: i === 0 ? 1 : 0, return_count: 0, repeat_count: i === 0 ? 2 : 0, message_count: entries.filter((e) => e.message).length,
      child_count: i === 0 ? 1 : 0, open_child_count: i === 0 ? 1 : 0, created_at: at(minutes + 30), updated_at: at(minutes),
      last_message: { kind: 'customer', excerpt: words, at: at(minutes), from_customer: !unhappy }, version: entries.length, unread: false, mentioned: false, risk: 0, sla: 'none', to_classify: false, decisions: [],
      resolution: unhappy ? { code: 'answered' } : undefined, cancel_reason: status === 'cancelled' ? '重复提交' : undefined,
      collaborators: i === 0 ? [{ id: 'u7', name: '赵磊' }] : [], watchers: i === 0 ? [{ id: 'u2', name: '陈立' }] : [],
      links: i === 0 ? [{ kind: 'related', direction: 'out', ticket: { id: '480000010', number: '48143', subject: '油烟机滤网在哪里可以买到原装的', status: 'solved' } }] : [],
      children: i === 0 ? [{ id: '480000014', number: '48115', subject: '上门更换冷藏风机', status: 'open', assignee: { id: 'u7', name: '赵磊' } }] : [],
    }
  })
  return { tickets, timelines }
}

export const photo = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 424 320" width="424" height="320"><rect width="424" height="320" fill="#8d9499"/><rect x="210" y="40" width="150" height="200" rx="10" fill="#0d1114"/><path d="M280 96h-30v56h30M250 124h24M310 96v30h30M338 96v56" fill="none" stroke="#9fe8ff" stroke-width="9" stroke-linecap="round"/></svg>')}`

function timeline(i: number, seed: Seed, at: (m: number) => string): Entry[] {
  const [subject, c, status, , , , channel, minutes, a, words] = seed
  const customer = { kind: 'customer' as const, id: `c${c}`, name: customers[c - 1]!.name }
  const agent = { kind: 'staff' as const, id: `u${a || 1}`, name: staff[(a || 1) - 1]!.name }
  const system = { kind: 'system' as const, name: 'system' }
  let seq = 0
  const said = (m: number, text: string, more: object = {}): Entry => ({ seq: ++seq, at: at(m), actor: customer, kind: 'message', message: { id: `m${i}-${seq}`, kind: 'customer', author: customer, channel, text, at: at(m), attachments: [], ...more } })
  const event = (m: number, name: string, changes: { field: string; from?: unknown; to?: unknown }[], actor: Entry['actor'] = system): Entry => ({ seq: ++seq, at: at(m), actor, kind: 'event', event: { name, changes } })
  const base = minutes
  const list: Entry[] = [
    i === 0
      ? said(base + 17, '我家冰箱冷藏室不制冷了，冷冻室还好，昨晚开始的。面板一直报 E4，型号是 BCD-520WK，4 月份买的。', { attachments: [{ id: 'a1', name: '面板.jpg', type: 'image/svg+xml', size: 48_211, url: photo, image: true, inline: false }] })
      : said(base + 30, subject, channel === 'email' ? { html: `<p>Hello,</p><p>${subject}</p><ul><li>Order 2291-7756</li><li>Bought in April</li></ul><p><img src="https://tracker.example.com/pixel.png" alt="logo"> See <a href="https://example.com/orders">my order</a>.</p><blockquote>Earlier message</blockquote>`, attachments: [{ id: `a${i}`, name: 'invoice.pdf', type: 'application/pdf', size: 184_320, url: '#', image: false, inline: false }] } : {}),
    event(base + 17, 'create', []),
    event(base + 17, 'category', [{ field: 'category', to: seed[5] }]),
  ]
  if (status !== 'new') {
    list.push(event(base + 16, 'assign', [{ field: 'assignee', to: agent.id }]), event(base + 16, 'status', [{ field: 'status', from: 'new', to: 'open' }], agent))
    list.push(event(base + 15, 'priority', [{ field: 'priority', from: 'high', to: seed[3] }]))
    list.push({ seq: ++seq, at: at(base + 13), actor: agent, kind: 'message', message: { id: `m${i}-${seq}`, kind: 'reply', author: agent, channel, text: i === 0 ? '王女士您好，E4 多为冷藏风机停转。请先断电 10 分钟再试，仍报 E4 的话我马上为您约工程师，整机在保，不收费。' : '您好，已经收到，我先为您核实，稍后回复您。', at: at(base + 13), attachments: [] } })
  }
  if (i === 0) {
    const mate = { kind: 'staff' as const, id: 'u2', name: '陈立' }
    list.push({ seq: ++seq, at: at(base + 4), actor: mate, kind: 'message', message: { id: `m${i}-${seq}`, kind: 'note', author: mate, channel, text: '这一批次已有 6 起 E4，建议直接带风机组件上门。@李晓雯', at: at(base + 4), attachments: [] } })
  }
  list.push(said(base, words))
  return list
}
