// Assignment on screen: a serious matter is told to a supervisor until one
// acknowledges, an offer goes on when its agent goes, rules are tried before
// they are switched on, all tickets of one who falls ill move in one act and
// back, and a rush overflows and drains.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, lead, wang, zhao, api, asWang, asZhao
let customers = 0
before(async () => {
  house = await House.open()
  lead = await house.person('主管周宁')
  wang = await house.person('王磊')
  zhao = await house.person('赵敏')
  api = await house.program(lead)
  asWang = await house.program(wang)
  asZhao = await house.program(zhao)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})
const ticket = (body, more = {}) => api('POST', '/tickets', { subject: body, body, requester: { name: `客户 ${++customers}`, email: `r${customers}@example.com` }, channel: 'web', ...more })
const read = (id) => api('GET', `/tickets/${id}`)
const rules = async (list, more = {}) => {
  const made = await api('POST', '/routing/sets', { name: '演练', rules: list, ...more })
  await api('POST', `/routing/sets/${made.version}/state`, { state: 'active' })
  return made.version
}
// somebody made beside the server is known to it a moment later
const person = async (name) => {
  const p = await house.person(name)
  await until(async () => (await api('GET', '/config')).staff.some((s) => s.id === p.id), `${name} is known`)
  return p
}
const state = (as, name) => as('PUT', '/me/state', { state: name })

journey('VIP 投诉立刻通知主管，确认后不再往下通知', async (open) => {
  await rules([{ name: '所有人', mode: 'pull', rules: [{ name: 'VIP 投诉', when: 'type == "complaint" && tier == "vip"', response: 'serious', within_minutes: 5, supervisor_ids: [lead.id, wang.id] }] }])
  const page = await open(browser, house)
  await signIn(page, lead, '/queue')
  await page.locator('.qsheet').waitFor()
  await api('POST', '/customers', { name: '演示贵宾', tier: 'vip', identities: [{ kind: 'email', value: 'vip@example.com' }] })
  const plain = await ticket('对处理结果不满意', { type: 'complaint' })
  const t = await ticket('两次上门都没有修好，我要投诉', { type: 'complaint', requester: { name: '演示贵宾', email: 'vip@example.com' } })
  const alarm = page.locator('.alarm')
  await alarm.waitFor()
  assert.match(await alarm.innerText(), /\d\d:\d\d/, 'it counts down')
  await page.locator('.qalert', { hasText: t.number }).waitFor()
  await page.locator('.rail .badge.unread').waitFor()
  await shot(page, 'routing-1-serious')
  await page.keyboard.press('Shift+K')
  await alarm.waitFor({ state: 'detached' })
  await until(async () => (await api('GET', `/tickets/${t.id}/routing`)).response?.acknowledged_by === lead.id, 'it was acknowledged')
  // nobody else was told, and the complaint of somebody else told nobody
  assert.deepEqual((await api('GET', `/tickets/${t.id}/routing`)).response.told.map((x) => x.user_id), [lead.id])
  assert.equal((await api('GET', `/tickets/${plain.id}/routing`)).response, undefined)
  await page.locator('.qalert', { hasText: '主管周宁已确认' }).or(page.locator('.qsheet:not(:has(.qalert))')).first().waitFor()
})

journey('坐席离线，派单交给下一位', async (open) => {
  await rules([{ name: '派单', mode: 'offer', offer_seconds: 300, agent_ids: [wang.id, zhao.id] }])
  await state(asZhao, 'offline')
  const mine = await open(browser, house)
  await signIn(mine, wang, '/inbox/10')
  await mine.locator('.profile-button .sdot.online').waitFor()
  const t = await ticket('热水器不出热水')
  const card = mine.locator('.offer')
  await card.getByText('热水器不出热水').waitFor()
  await shot(mine, 'routing-2-offer')
  await state(asZhao, 'online')
  await mine.keyboard.press('Shift+S')
  await mine.locator('.statemenu [role=option]', { hasText: '离线' }).waitFor()
  await until(() => mine.evaluate(() => !!document.activeElement?.closest('.statemenu')), 'the list listens')
  await mine.keyboard.press('7')
  await mine.locator('.profile-button .sdot.offline').waitFor()
  await card.waitFor({ state: 'detached' })
  await until(async () => (await asZhao('GET', '/routing/offers')).items.some((o) => o.ticket_id === t.id), 'the next one has the offer')
  const other = await open(browser, house)
  await signIn(other, zhao, '/inbox/10')
  await other.locator('.offer').getByText('热水器不出热水').waitFor()
  await other.keyboard.press('Shift+Y')
  await other.locator('.offer').waitFor({ state: 'detached' })
  await until(async () => (await read(t.id)).assignee?.id === zhao.id, 'it is theirs')
  // why this agent: by key on the ticket that opened
  await other.locator('.conv h1').waitFor()
  await other.keyboard.press('Shift+W')
  const why = other.getByRole('dialog', { name: '为什么是这位处理人' })
  await why.getByText('赵敏').first().waitFor()
  await shot(other, 'routing-3-why')
})

journey('模拟出更好的规则再启用，排队的工单随即派出', async (open) => {
  for (const as of [asWang, asZhao]) await state(as, 'online')
  const before = await rules([{ name: '所有人', mode: 'direct', strategy: 'balanced', agent_ids: [wang.id, zhao.id] }], { capacity: 200 })
  const made = []
  for (let i = 0; i < 12; i++) {
    const t = await ticket(`模拟用的工单 ${i}`)
    made.push(t.id)
    if (i % 2) await api('POST', `/tickets/${t.id}/messages`, { kind: 'reply', body: '已处理' })
  }
  const waiting = async () => (await Promise.all(made.map(read))).filter((t) => !t.assignee).length
  assert.ok((await waiting()) >= 8, 'two people with room for two each')
  const page = await open(browser, house)
  await signIn(page, lead, '/admin/routing')
  await page.locator('.rnode', { hasText: '所有人' }).click()
  await page.locator('.rform .field', { hasText: '策略' }).locator('.select').first().click()
  await page.locator('.menu:visible').getByRole('option', { name: '轮流' }).first().click()
  await page.getByText('有改动').first().waitFor()
  // a condition that is wrong is said where it stands
  const when = page.getByRole('textbox', { name: '条件' })
  await when.fill('priority = "urgent"')
  await page.locator('.rform .er').first().waitFor()
  await page.locator('.rnode .red').waitFor()
  await shot(page, 'routing-4-problem')
  await when.fill('')
  await page.locator('.rform .er').first().waitFor({ state: 'detached' })
  await page.getByText('整体设置').click()
  await page.getByRole('spinbutton', { name: '默认接待上限' }).fill('10')
  await page.getByRole('radio', { name: '模拟' }).click()
  await page.getByRole('button', { name: '保存并模拟' }).click()
  await page.locator('.simtab').waitFor({ timeout: 60_000 })
  assert.match(await page.locator('.simtab').innerText(), /等待中位数[\s\S]*SLA 达成/)
  const left = page.locator('.simtab tr', { hasText: '仍在等待' })
  await left.locator('.green', { hasText: '改善' }).waitFor()
  const [now, then] = (await left.locator('td').allInnerTexts()).map(Number)
  assert.ok(now > 0 && then === 0, `nobody waits any more: ${now}, ${then}`)
  await shot(page, 'routing-5-simulated')
  await page.getByRole('button', { name: /^启用第 \d+ 版$/ }).click()
  await until(async () => (await api('GET', '/routing/sets')).active > before, 'the new set is on')
  await until(async () => (await waiting()) === 0, 'those that waited are given away', 20_000)
  // and back by z
  await page.getByText(/已启用/).waitFor()
  await page.keyboard.press('z')
  await until(async () => (await api('GET', '/routing/sets')).active === before, 'the old one is on again')
})

journey('坐席病倒，五十张工单一次移交，也能一次撤回', async (open) => {
  const sick = await person('何佳')
  const ids = []
  for (let i = 0; i < 50; i++) ids.push((await ticket(`待移交 ${i}`)).id)
  for (const id of ids) await api('POST', `/tickets/${id}/assign`, { assignee_id: sick.id })
  for (const as of [asWang, asZhao]) await state(as, 'online')
  await rules([{ name: '所有人', mode: 'direct', agent_ids: [wang.id, zhao.id] }], { capacity: 20000 })
  const page = await open(browser, house)
  await signIn(page, lead, '/queue')
  const row = page.locator('.ag', { hasText: '何佳' })
  await row.waitFor()
  await row.getByRole('button', { name: '何佳的操作' }).click()
  await page.locator('.menu:visible').getByRole('option', { name: '移交全部 50 张工单' }).click()
  const panel = page.getByRole('dialog', { name: '病假交接' })
  await panel.waitFor()
  await shot(page, 'routing-6-leave')
  await panel.getByRole('button', { name: /移交 50 张/ }).click()
  await page.locator('.movebar', { hasText: '50 / 50' }).getByRole('button', { name: '撤销移交' }).waitFor({ timeout: 60_000 })
  await shot(page, 'routing-7-moved')
  for (const id of [ids[0], ids[49]]) assert.ok([wang.id, zhao.id].includes((await read(id)).assignee?.id), 'somebody else has it')
  await page.locator('.movebar').getByRole('button', { name: '撤销移交' }).click()
  await page.locator('.movebar', { hasText: '已撤销移交' }).waitFor({ timeout: 60_000 })
  for (const id of [ids[0], ids[49]]) assert.equal((await read(id)).assignee?.id, sick.id)
})

journey('午后高峰溢出到另一组，再排空；拖动与键盘派单', async (open) => {
  const [one, two, three] = [await person('前台甲'), await person('后援乙'), await person('机动丙')]
  const [asOne, asTwo, asThree] = [await house.program(one), await house.program(two), await house.program(three)]
  const first = await api('POST', '/staff/teams', { name: '一线组', members: [{ user_id: one.id }, { user_id: three.id }] })
  const second = await api('POST', '/staff/teams', { name: '后援组', members: [{ user_id: two.id }] })
  await rules([{ name: '一线', when: '"高峰" in tags', mode: 'direct', team_id: first.id, overflow: [{ after_seconds: 2, team_id: second.id }] }, { name: '其他', mode: 'pull' }], { capacity: 200 })
  await state(asOne, 'online')
  await state(asTwo, 'online')
  await state(asThree, 'offline')
  const page = await open(browser, house)
  await signIn(page, lead, '/queue')
  await page.locator('.qsheet').waitFor()
  await page.goto(`/queue/${first.id}`)
  const rush = []
  for (let i = 0; i < 7; i++) rush.push(await ticket(`高峰 ${i}`, { tags: ['高峰'] }))
  await page.locator('.qi').first().waitFor()
  // overflow: the other team's agent has taken what fits
  await until(async () => (await Promise.all(rush.map((t) => read(t.id)))).filter((t) => t.assignee?.id === two.id).length === 2, 'it overflowed', 20_000)
  await until(async () => (await page.locator('.qi').count()) === 3, 'three wait')
  await shot(page, 'routing-8-rush')
  // by keys: choose, a, name
  await page.keyboard.press('j')
  await page.locator('.qi.on').waitFor()
  await page.keyboard.press('a')
  await page.locator('.menu:visible input').fill('赵敏')
  await page.keyboard.press('Enter')
  await until(async () => (await page.locator('.qi').count()) === 2, 'given by keys')
  // it stands among what was given last, with the hand that gave it
  const given = page.locator('.qrecent .gv', { hasText: '赵敏' }).first()
  await given.getByText('主管周宁派').waitFor()
  await given.getByRole('button', { name: /为什么派给赵敏/ }).click()
  await page.getByRole('dialog', { name: '为什么是这位处理人' }).getByText('主管周宁手动派给了赵敏。').waitFor()
  await shot(page, 'routing-9-given')
  await page.keyboard.press('Escape')
  // by dragging onto a person
  const from = await page.locator('.qi').first().boundingBox()
  const to = await page.locator('.ag', { hasText: '机动丙' }).boundingBox()
  await page.mouse.move(from.x + 120, from.y + 20)
  await page.mouse.down()
  await page.mouse.move(from.x + 200, from.y + 30, { steps: 4 })
  await page.mouse.move(to.x + 160, to.y + 20, { steps: 8 })
  await page.locator('.ag.drop', { hasText: '机动丙' }).waitFor()
  await page.mouse.up()
  await until(async () => (await page.locator('.qi').count()) === 1, 'given by dragging')
  // somebody comes online: it drains
  await state(asThree, 'online')
  await page.getByText('没有等待分配的工单').waitFor({ timeout: 20_000 })
  assert.ok((await Promise.all(rush.map((t) => read(t.id)))).every((t) => t.assignee), 'none was forgotten')
})
