// What the models do and what people make of it: judging, teaching, incidents,
// several matters, reviewing, and trying a text.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, li, api
let customers = 0
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  api = await house.program(li)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})
const ticket = (body, more = {}) => api('POST', '/tickets', { body, requester: { name: `客户 ${++customers}`, email: `u${customers}@example.com` }, channel: 'web', ...more })
const read = (id) => api('GET', `/tickets/${id}`)
const decision = (t, field) => t.decisions.find((d) => d.field === field)
const openTicket = async (page, id, view = '10') => {
  await signIn(page, li, `/inbox/${view}/${id}`)
  await page.locator('.conv h1').waitFor()
  await page.locator('.judgments').waitFor()
}

journey('改正一次分类，下一张相似的工单就对了', async (open) => {
  const to = await api('POST', '/config/categories', { name: { zh: '会员日', en: 'Members day' }, position: 98, retired: false })
  const page = await open(browser, house)
  const first = await ticket('会员日的积分翻倍没有到账，我的会员积分怎么没加')
  await openTicket(page, first.id)
  const words = '会员日'
  // by the property, like any correction of a person
  await page.locator('.pr', { hasText: '业务分类' }).getByRole('button').first().click()
  await page.getByRole('combobox').fill(words)
  await page.locator('.menu').getByRole('option', { name: words }).first().click()
  await until(async () => (await read(first.id)).category_id === to.id, 'the category was corrected')
  for (const body of ['会员日积分翻倍为什么没到账', '积分翻倍没有加上，会员积分不对']) {
    const t = await ticket(body)
    await api('PATCH', `/tickets/${t.id}`, { category_id: to.id })
  }
  let next
  await until(async () => {
    next = await ticket('会员积分翻倍没到账，积分没加上')
    return decision(await read(next.id), 'category')?.value === to.id
  }, 'the next one was placed alike', 20_000)
  await page.goto(`/inbox/10/${next.id}`)
  const row = page.locator('.jr', { hasText: '业务分类' })
  await row.waitFor()
  assert.match(await row.innerText(), new RegExp(words))
  // why: confidence, evidence, the model and what to do
  await row.locator('.mark').click()
  const why = page.getByRole('dialog', { name: /业务分类/ })
  await why.waitFor()
  assert.match(await why.innerText(), /\d+%/)
  await shot(page, 'understand-1-why')
  await why.getByRole('button', { name: '确认' }).click()
  await until(async () => decision(await read(next.id), 'category').state === 'accepted', 'accepted')
  await page.locator('.jr.accepted', { hasText: '业务分类' }).waitFor()
})

journey('撤销与改正 AI 的判断，键盘确认', async (open) => {
  const page = await open(browser, house)
  const t = await ticket('洗衣机脱水时剧烈抖动还漏水，请安排师傅上门维修')
  const type = decision(await read(t.id), 'type')
  assert.ok(type, 'the type was judged')
  await openTicket(page, t.id)
  const row = page.locator('.jr', { hasText: '工单类型' })
  if (type.state === 'set') {
    await row.locator('.mark').click()
    await page.getByRole('dialog', { name: /工单类型/ }).getByRole('button', { name: /撤销/ }).click()
    await page.locator('.jr.undone', { hasText: '工单类型' }).waitFor()
    assert.equal((await read(t.id)).type, type.before)
    await page.keyboard.press('Escape')
  }
  await row.locator('.mark').click()
  await page.getByRole('dialog', { name: /工单类型/ }).getByRole('button', { name: '改正' }).click()
  await page.getByRole('option', { name: '投诉' }).click()
  await until(async () => (await read(t.id)).type === 'complaint', 'the type was corrected')
  await page.locator('.jr.corrected', { hasText: '工单类型' }).waitFor()
})

journey('危险的话马上提醒，也可以说不是', async (open) => {
  const page = await open(browser, house)
  const t = await ticket('热水器插头冒火花，刚才我被电了一下，现在不敢碰')
  assert.ok((await read(t.id)).risk >= 2, 'it was seen')
  await openTicket(page, t.id)
  const alert = page.getByRole('alert').filter({ hasText: '人身安全' })
  await alert.waitFor()
  await shot(page, 'understand-2-danger')
  await alert.getByRole('button', { name: '不是风险' }).click()
  await alert.waitFor({ state: 'detached' })
  await until(async () => (await read(t.id)).risk === 0, 'no risk any more')
})

journey('两件事，两张工单', async (open) => {
  const page = await open(browser, house)
  const t = await ticket('我家冰箱冷藏室不制冷了，麻烦派人来修。另外上个月那张发票的抬头开错了，请重新开一张。')
  await openTicket(page, t.id)
  await page.getByText('提到 2 件事').waitFor()
  await page.locator('.matters').getByRole('button', { name: '拆分' }).click()
  const form = page.getByRole('dialog', { name: '按事项拆分' })
  await form.getByRole('checkbox').nth(1).waitFor()
  await shot(page, 'understand-3-matters')
  await form.getByRole('button', { name: /拆出 1 张/ }).click()
  await page.getByText('已拆出 1 张工单').waitFor()
  const links = (await read(t.id)).links
  assert.equal(links.length, 1)
  const made = await read(links[0].ticket.id)
  assert.equal(made.requester.id, t.requester.id)
  assert.match(`${made.subject}${made.last_message.excerpt}`, /发票/)
})

journey('三十张相似的工单成为共性事件，一次回复全部', async (open) => {
  const page = await open(browser, house)
  await signIn(page, li, '/inbox/10')
  // what comes on any day: against it the burst stands out
  for (const words of ['请问净水器滤芯多久换一次？', '发票抬头开错了，麻烦重开', 'I would like to change my delivery address', '洗衣机脱水时声音很大', '电视遥控器没反应', '优惠券为什么不能用', 'Where can I find the warranty card?',
    '扫地机器人连不上手机', '想预约空调移机', '积分什么时候到账', '油烟机不吸油了怎么办', '账号登录不上，收不到验证码', '订单一直没有发货', '电饭煲内胆涂层掉了', 'Can I cancel my subscription?', '师傅服务态度很好，表扬一下']) await ticket(words)
  const say = ['APP打不开了，一直显示系统维护中', '我的APP打不开了，一直显示系统维护中，怎么办']
  for (let i = 0; i < 30; i++) await ticket(`${say[i % say.length]}（${i}）`)
  const banner = page.locator('.banner.incident', { hasText: 'APP' })
  await banner.waitFor({ timeout: 20_000 })
  await banner.getByRole('link', { name: '查看' }).click()
  await page.getByRole('button', { name: /建父工单/ }).waitFor()
  await shot(page, 'understand-4-incident')
  await page.getByRole('button', { name: /建父工单/ }).click()
  await page.waitForURL(/\/inbox\/all\/\d+/)
  const parent = page.url().match(/(\d+)$/)[1]
  await until(async () => (await read(parent)).child_count >= 20, 'the tickets hang under it')
  await page.reload()
  await page.locator('.conv h1').waitFor()
  await page.getByRole('button', { name: '更多操作' }).click()
  await page.getByRole('option', { name: '回复全部子工单' }).click()
  const form = page.getByRole('dialog', { name: '回复全部子工单' })
  await form.getByRole('textbox').fill('已经修复，请重新打开 APP 试试。')
  await form.getByRole('button', { name: /发给 \d+ 张/ }).click()
  await page.getByText(/已回复 \d+ 张子工单/).waitFor({ timeout: 30_000 })
  const { items } = await api('GET', `/tickets?limit=100&filter=${encodeURIComponent(`parent == "${parent}"`)}`)
  assert.ok(items.length >= 20)
  for (const child of items) assert.match(child.last_message.excerpt, /已经修复/)
})

journey('新活动的分类，二十个例子就能用', async (open) => {
  const made = await api('POST', '/config/categories', { name: { zh: '双旦活动', en: 'Winter promotion' }, position: 99, retired: false })
  const page = await open(browser, house)
  await signIn(page, li, '/intelligence/examples')
  await page.getByRole('button', { name: '导入例子' }).click()
  const say = ['满三千减五百的券领了没法用', '年末立减活动怎么参加', '活动页显示已抢光是真的吗', '晒单返现什么时候到', '双十二下单能补领跨年红包吗']
  const rows = Array.from({ length: 20 }, (_, i) => `"${say[i % 5]}，第${i}次问",双旦活动`)
  await page.locator('[data-import]').setInputFiles({ name: 'examples.csv', mimeType: 'text/csv', buffer: Buffer.from(`内容,分类\n${rows.join('\n')}\n"随便说说",没有这个分类\n`) })
  await page.getByText(/20 \/ 21 行可以导入/).waitFor()
  await page.getByText('没有这个分类').first().waitFor()
  await shot(page, 'understand-5-import')
  await page.getByRole('button', { name: /导入 20 个例子/ }).click()
  await page.getByText('已导入 20 个例子').waitFor()
  let right = 0
  await until(async () => {
    right = 0
    for (const s of ['跨年红包没有领到', '立减券用不了，满三千减五百那个', '晒单返现还没到账', '年末活动怎么报名参加']) if (decision(await read((await ticket(s)).id), 'category')?.value === made.id) right++
    return right >= 3
  }, 'three of four in the new category', 20_000)
})

journey('主管复核昨天的纠正：只用键盘', async (open) => {
  for (let i = 0; i < 6; i++) {
    const t = await ticket(`空调外机滴水，麻烦安排维修，第 ${i} 台`)
    const d = decision(await read(t.id), 'type')
    if (d) await api('POST', `/tickets/${t.id}/decide`, { field: 'type', verdict: 'correct', value: d.value === 'complaint' ? 'enquiry' : 'complaint' })
  }
  const page = await open(browser, house)
  await signIn(page, li, '/intelligence/corrections')
  const list = page.getByRole('listbox', { name: '纠正复核' })
  await list.waitFor()
  const n = await list.getByRole('option').count()
  assert.ok(n >= 6, `${n} corrections`)
  await until(() => page.evaluate(() => document.activeElement?.getAttribute('role') === 'listbox'), 'the list has the focus')
  for (let i = 0; i < 5; i++) await page.keyboard.press('x')
  await page.getByText(new RegExp(`已看 5 / ${n}`)).waitFor()
  await shot(page, 'understand-6-corrections')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/inbox\/all\//)
  await page.locator('.conv h1').waitFor()
})

journey('试验场：粘贴一段话，看到一切', async (open) => {
  const page = await open(browser, house)
  await signIn(page, li, '/intelligence/playground')
  await page.getByRole('textbox').first().fill('手机 13812345678，订单 DD20260412-7731 的冰箱不制冷，明天下午四点以后能上门吗？再拖我就打 12315 了。')
  await page.keyboard.press('Control+Enter')
  await page.getByText(/全程 [\d.]+ ms/).waitFor()
  assert.ok((await page.locator('.txt .e').count()) >= 2, 'entities are marked')
  await page.locator('.txt .rk').first().waitFor()
  assert.ok((await page.locator('.fd').count()) >= 4, 'fields are shown')
  await shot(page, 'understand-7-playground')
})

journey('待分类：一键一张', async (open) => {
  const { items } = await api('GET', '/tickets?view=16&limit=10')
  if (items.length < 2) for (const s of ['嗯那个之前说的怎么样了', '你好在吗', '关于上次的事情', '请问一下']) await ticket(s)
  const page = await open(browser, house)
  await signIn(page, li, '/inbox/16')
  await page.getByRole('option').first().waitFor()
  const all = await page.getByRole('option').count()
  assert.ok(all >= 2, `${all} wait`)
  await page.keyboard.press('j')
  await page.locator('.triage').waitFor()
  const first = page.url()
  await shot(page, 'understand-8-triage')
  await page.keyboard.press('a')
  await until(async () => page.url() !== first || (await page.locator('.triage').innerText()).includes('业务分类'), 'the next thing to judge')
  const id = first.match(/(\d+)$/)[1]
  await until(async () => (await read(id)).decisions.some((d) => d.state === 'accepted'), 'accepted by one key')
})

journey('边写边提醒：同一位客户已有类似工单', async (open) => {
  const who = `w${Date.now()}@example.com`
  const had = await api('POST', '/tickets', { body: '冰箱冷藏室不制冷，面板报 E4', requester: { name: '演示客户', email: who }, channel: 'web' })
  const page = await open(browser, house)
  await signIn(page, li, '/create')
  await page.locator('.phone input').fill(who)
  await page.locator('.found').first().click()
  await page.locator('textarea').first().fill('冰箱冷藏室还是不制冷，面板一直报 E4')
  const found = page.locator('.tk', { hasText: '与本次所说相同' })
  await found.first().waitFor()
  await shot(page, 'understand-9-check')
  await found.getByRole('button', { name: /并入此工单/ }).first().click()
  await page.waitForURL(new RegExp(`/${had.id}`))
  await until(async () => (await read(had.id)).message_count === 2, 'it was added')
})
