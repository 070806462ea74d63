import { createServer } from 'node:http'

// What the demo has not: a wave of like tickets, trainings, calls of a language
// model (one that answers here), corrections and patterns.
export async function seed(house, demo) {
  const token = await house.cli(['token', 'create', '--user', demo.email, '--name', 'pictures'])
  const api = async (method, path, body) => {
    const answer = await fetch(`${house.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) console.error(`${method} ${path}: ${answer.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }
  const ticket = (body, n, more = {}) => api('POST', '/tickets', { body, requester: { name: `演示客户 ${n}`, email: `wave${n}@example.com` }, channel: 'web', ...more })
  const who = 'pictures@example.com'
  const same = { requester: { name: '演示客户', email: who } }
  await ticket('冰箱冷藏室不制冷，面板报 E4', 0, same)
  const rich = await ticket('你好，我上个月在你们店里买的冰箱，型号 BCD-520WK，订单 2291-7756，昨晚开始冷藏室不制冷，面板一直报 E4，里面六百多块钱的菜都坏了，插头还冒火花。明天下午四点以后能上门吗？地址是杭州市西湖区文三路 90 号 3 幢 502，电话 13812345678。另外上个月那张发票的抬头开错了，请重新开一张。再拖下去我就打 12315 了。', 0, same)
  const asks = ['APP打不开了，一直显示系统维护中', '我的APP打不开了，一直显示系统维护中，怎么办']
  for (let i = 0; i < 30; i++) await ticket(`${asks[i % 2]}（${i}）`, i + 1)
  const { items } = await api('GET', '/tickets?limit=60')
  for (const [i, x] of items.slice(20, 40).entries()) {
    const t = await api('GET', `/tickets/${x.id}`)
    const d = t.decisions.find((y) => y.field === 'type')
    if (d && i < 8) await api('POST', `/tickets/${x.id}/decide`, { field: 'type', verdict: 'correct', value: d.value === 'complaint' ? 'enquiry' : 'complaint' })
  }
  await api('PUT', '/understanding/patterns', { patterns: [{ name: '整机编号', type: 'serial', expr: '[A-Z]{2}\\d{8}', examples: ['SN20260412', 'YL20251107', 'YL20260101'], off: false }, { name: '旧订单号', type: 'order', expr: '\\d{4}-\\d{4}', examples: ['2291-7756', '1043-0098', '3320-4410'], off: true }], version: (await api('GET', '/understanding/patterns')).version })
  for (const field of ['category', 'type', 'priority']) await api('POST', '/understanding/runs', { field }) // one that already runs is as good
  const talk = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 'x', object: 'chat.completion', model: 'small-7b', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'OK' } }], usage: { prompt_tokens: 24, completion_tokens: 2, total_tokens: 26 } })))
  await new Promise((ready) => talk.listen(0, '127.0.0.1', ready))
  talk.unref()
  const now = await api('GET', '/understanding/llm')
  const provider = (name, url) => ({ name, kind: 'openai', base_url: url, model: 'small-7b', region: 'home', price_in: 1000, price_out: 4000 })
  await api('PUT', '/understanding/llm', { ...now, $schema: undefined, on: true, providers: [provider('local', `http://127.0.0.1:${talk.address().port}/v1`), provider('away', 'http://127.0.0.1:9/v1')], tasks: { ...now.tasks, translate: ['local', 'away'] }, daily_budget_micros: 50_000_000 })
  for (const p of ['local', 'away']) await api('POST', '/understanding/llm/test', { provider: p })
  for (let i = 0; i < 300; i++) {
    const runs = (await api('GET', '/understanding/runs')).items
    if (!runs.some((r) => ['waiting', 'running'].includes(r.state))) break
    await new Promise((r) => setTimeout(r, 200))
  }
  await api('POST', `/tickets/${rich.id}/scheduled`, { kind: 'reply', body: '您好，维修师傅明天下午四点到六点上门，请保持电话畅通。', at: new Date(Date.now() + 20 * 3_600_000).toISOString() }).catch(() => undefined)
  // an alarm would stand on every picture
  for (const a of (await api('GET', '/routing/alerts')).items) await api('POST', `/tickets/${a.ticket_id}/response/acknowledge`).catch(() => undefined)
  // customers of one name, as they are before somebody merges them
  const twins = []
  for (const [identities, more] of [[[{ kind: 'phone', value: '13812345678' }], { tier: 'vip', tags: ['老客户'], note: '偏好下午联系' }], [[{ kind: 'email', value: 'twin@example.com' }], { tags: ['保修期内'], note: '发票寄公司' }]]) twins.push(await api('POST', '/customers', { name: '演示客户（合并）', identities, ...more }))
  const file = async (what, name, text) => {
    const form = new FormData()
    form.set('file', new Blob([text], { type: 'text/csv' }), name)
    const up = await fetch(`${house.url}/api/v1/imports?what=${what}`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: form })
    if (!up.ok) console.error('import', up.status, await up.text())
    return up.ok ? (await up.json()).id : ''
  }
  return { rich: rich.id, who, twins: twins.map((x) => x?.id), number: rich.number }
}

