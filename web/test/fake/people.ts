// A plainly made-up company for unit tests: nobody here exists. It says only what
// the tests look at, hence the casts.
import type { Category, Config, Customer, Field } from '../../src/api/types.ts'

export const staff = ['李晓雯', '陈立', '周宁', '何一凡', '林小满', '高远', '赵磊', 'Grace Park'].map((name, i) => ({
  id: `u${i + 1}`, name, team_ids: [i < 4 ? 't1' : i < 7 ? 't2' : 't3'], department_id: i < 7 ? 'd1' : 'd2', active: true,
}))

const names: [string, string?][] = [
  ['王秀兰', 'vip'], ['刘建国'], ['陈思远'], ['Emily Carter'], ['孙丽华', 'vip'], ['吴桂芳'], ['赵敏'], ['徐浩然'], ['何雨桐'], ['马国强'],
  ['唐悦'], ['Daniel Müller'], ['胡志明'], ['郑佳怡', 'gold'], ['Sofia Rossi'], ['高建华'], ['邓丽萍'], ['James O’Neil', 'gold'],
]
export const customers = names.map(([name, tier], i) => ({
  id: `c${i + 1}`, name, tier: tier ?? 'normal', tags: i === 0 ? ['老客户'] : [], note: i === 0 ? '家中老人用药需要冷藏，请优先安排。' : '',
  company: i === 12 ? { id: 'co1', name: '示例酒店有限公司' } : undefined,
  identities: [
    { id: `i${i}a`, kind: 'phone', display: `138 **** ${String(5678 + i * 37).slice(-4)}`, verified: true },
    ...(i % 3 === 0 ? [{ id: `i${i}b`, kind: 'email', display: `${'abcdefghijklmnopqr'[i]}***@example.com`, verified: false }] : []),
  ],
  ticket_count: 0, open_ticket_count: 0, created_at: '2026-01-05T02:00:00Z', version: 1,
})) as unknown as Customer[]

const n = (zh: string, en: string) => ({ zh, en })
const category = (id: string, parent_id: string | undefined, zh: string, en: string): Category => ({ id, parent_id, name: n(zh, en), position: 1, retired: false })
const field = (id: string, key: string, zh: string, en: string, kind: Field['kind'], more: Partial<Field> = {}): Field => ({ id, key, name: n(zh, en), kind, position: 1, retired: false, indexed: false, personal: false, ...more })

export const config = {
  types: [
    { id: 'ty1', key: 'repair', name: n('报修', 'Repair'), position: 1, retired: false, form: { fields: [
      { field: 'model', on: 'create' }, { field: 'fault_code', on: 'always' }, { field: 'visit_on', on: 'always' },
      { field: 'in_warranty', on: 'always' }, { field: 'cost', show: 'fields.in_warranty == false', on: 'always' }] } },
    { id: 'ty2', key: 'enquiry', name: n('咨询', 'Enquiry'), position: 2, retired: false, form: { fields: [{ field: 'model', on: 'always' }] } },
    { id: 'ty3', key: 'complaint', name: n('投诉', 'Complaint'), position: 3, retired: false, form: { fields: [{ field: 'severity', require: 'true', on: 'create' }, { field: 'order_no', on: 'always' }] } },
    { id: 'ty4', key: 'refund', name: n('退换货', 'Return'), position: 4, retired: false, form: { fields: [{ field: 'order_no', require: 'true', on: 'create' }, { field: 'amount', on: 'always' }] } },
    { id: 'ty5', key: 'suggestion', name: n('建议', 'Suggestion'), position: 5, retired: false, form: { fields: [] } },
  ],
  fields: [
    field('f1', 'model', '产品型号', 'Model', 'text', { indexed: true }),
    field('f2', 'fault_code', '故障代码', 'Fault code', 'text'),
    field('f3', 'visit_on', '期望上门', 'Visit on', 'date'),
    field('f4', 'in_warranty', '在保', 'In warranty', 'boolean'),
    field('f5', 'cost', '预估费用', 'Estimate', 'money'),
    field('f6', 'severity', '投诉级别', 'Severity', 'choice', { options: [{ key: 'minor', name: n('一般', 'Minor') }, { key: 'major', name: n('重大', 'Major') }] }),
    field('f7', 'order_no', '订单编号', 'Order number', 'text', { indexed: true }),
    field('f8', 'amount', '退款金额', 'Refund', 'money'),
  ],
  categories: [
    category('g1', undefined, '制冷', 'Cooling'), category('g2', 'g1', '冷藏不制冷', 'Fridge not cold'), category('g3', 'g1', '冷冻不制冷', 'Freezer not cold'),
    category('g4', undefined, '洗护', 'Laundry'), category('g5', 'g4', '漏水', 'Leak'), category('g6', 'g4', '不脱水', 'No spin'),
    category('g7', undefined, '订单', 'Orders'), category('g8', 'g7', '退款', 'Refund'), category('g9', 'g7', '物流', 'Delivery'), category('g10', 'g7', '发票', 'Invoice'),
  ],
  substatuses: [{ id: 's1', status: 'pending', name: n('等待照片', 'Waiting for photos'), position: 1 }],
  hold_reasons: [{ key: 'parts', name: n('等待备件', 'Waiting for parts') }, { key: 'vendor', name: n('等待厂家', 'Waiting for the maker') }, { key: 'date', name: n('约定日期', 'Agreed date') }],
  resolution_codes: [{ key: 'fixed', name: n('已修复', 'Fixed') }, { key: 'answered', name: n('已解答', 'Answered') }, { key: 'refunded', name: n('已退款', 'Refunded') }, { key: 'no_fault', name: n('未发现故障', 'No fault found') }],
  causes: [{ key: 'part', name: n('部件故障', 'Faulty part') }, { key: 'use', name: n('使用问题', 'Usage') }, { key: 'delivery', name: n('物流', 'Delivery') }],
  responsibilities: [{ key: 'maker', name: n('厂家', 'Maker') }, { key: 'carrier', name: n('承运方', 'Carrier') }, { key: 'customer', name: n('客户', 'Customer') }, { key: 'us', name: n('我方', 'Us') }],
  teams: [{ id: 't1', name: '华东一线组', department_id: 'd1' }, { id: 't2', name: '维修二线', department_id: 'd1' }, { id: 't3', name: '英语组', department_id: 'd2' }],
  departments: [{ id: 'd1', name: '客服部', parent_id: null }, { id: 'd2', name: '国际部', parent_id: null }],
  staff,
  tiers: [{ key: 'normal', name: n('普通', 'Normal') }, { key: 'gold', name: n('金卡', 'Gold') }, { key: 'vip', name: n('VIP', 'VIP') }],
  rules: { number_pattern: '{type}{yymmdd}-{seq:4}', undo_send_seconds: 15, undo_hours: 24, auto_close_hours: 72, reopen_days: 7, repeat_days: 7, demands: [] },
} as unknown as Config
