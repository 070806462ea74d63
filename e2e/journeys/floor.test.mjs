// The floor on screen: a rotation is made and fills the table, rules of the
// roster are set and hold after a reload, what is open is handed over between
// shifts, and the balance opens the tickets behind a figure.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, claimedByHand, House, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, lead, wang, zhao, api
before(async () => {
  house = await House.open()
  lead = await house.person('主管周宁')
  wang = await house.person('王磊')
  zhao = await house.person('赵敏')
  api = await house.program(lead)
  await until(async () => { const { staff } = await api('GET', '/config'); return [wang, zhao].every((p) => staff.some((s) => s.id === p.id)) }, 'people are known')
  await claimedByHand(api)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})
const day = (n) => new Date(Date.now() + 8 * 3_600_000 + n * 86_400_000).toISOString().slice(0, 10)

journey('轮班：新建循环、填充、发布；排班设置保存后仍在', async (open) => {
  const page = await open(browser, house)
  await signIn(page, lead, '/roster/plan')
  for (const name of ['早班', '晚班']) {
    await page.getByRole('button', { name: '新建班次' }).click()
    const form = page.getByRole('dialog', { name: '新建班次' })
    await form.getByRole('textbox', { name: '名称' }).fill(name)
    await form.getByRole('button', { name: /保存/ }).click()
    await page.locator('.pal .shift', { hasText: name }).waitFor()
  }
  await page.getByRole('button', { name: '轮班填充' }).click()
  const fill = page.getByRole('dialog', { name: '轮班填充' })
  await fill.getByRole('textbox', { name: '名称' }).fill('早晚休')
  for (const step of ['+ 早班', '+ 晚班', '+ 休']) await fill.getByRole('button', { name: step }).first().click()
  await fill.getByRole('button', { name: '保存轮班' }).click()
  const go = fill.getByRole('button', { name: /^填充 [1-9]\d* 天/ })
  await until(() => go.isEnabled(), 'the rotation was tried')
  await shot(page, 'floor-1-rotation')
  await go.click()
  const row = page.locator('.rr', { hasText: '王磊' })
  await row.locator('.shift', { hasText: '晚班' }).first().waitFor()
  const publish = page.getByRole('button', { name: /^发布 [1-9]\d* 处改动/ })
  await publish.click()
  await until(async () => (await api('GET', `/roster/plan?from=${day(-8)}&to=${day(8)}`)).cells.filter((c) => c.user_id === wang.id && c.items.length && !c.drafted).length >= 3, 'the plan counts')
  await shot(page, 'floor-2-filled')

  await page.goto('/roster/settings')
  const rest = page.getByRole('textbox', { name: /两班最短间隔/ })
  await rest.fill('9')
  await page.getByRole('switch', { name: '双方同意的换班还需主管批准' }).click()
  await page.getByRole('button', { name: '保存' }).click()
  await until(async () => { const s = await api('GET', '/roster/settings'); return s.min_rest_minutes === 540 && s.swap_needs_approval === false }, 'it is saved')
  await page.reload()
  await until(async () => (await rest.inputValue()) === '9', 'it holds after a reload')
  await shot(page, 'floor-3-settings')
})

journey('交接班：交出未结工单，接手后归对方；均衡度打开背后的工单', async (open) => {
  const asWang = await house.program(wang)
  const made = []
  for (const subject of ['洗衣机漏水', '发票抬头要改']) {
    const t = await api('POST', '/tickets', { subject, body: subject, requester: { name: '演示客户', email: `f${made.length}@example.com` }, channel: 'web' })
    await api('POST', `/tickets/${t.id}/assign`, { assignee_id: wang.id })
    made.push(t)
  }
  const mine = await open(browser, house)
  await signIn(mine, wang, '/roster/handovers')
  await mine.getByRole('button', { name: '新建交接' }).first().click()
  const form = mine.getByRole('dialog', { name: '新建交接' })
  await form.locator('.hopick', { hasText: '洗衣机漏水' }).waitFor()
  await form.locator('.select').first().click()
  await mine.locator('.menu:visible').getByRole('option', { name: '赵敏' }).click()
  await form.locator('textarea').fill('漏水那单约了明早九点上门')
  await shot(mine, 'floor-4-hand-over')
  await form.getByRole('button', { name: '交出 2 张工单' }).click()
  await mine.locator('.handover', { hasText: '王磊 交给 赵敏' }).waitFor()
  const other = await open(browser, house)
  await signIn(other, zhao, '/notices')
  // the notice leads to what is handed over
  await other.locator('.nrow', { hasText: '王磊 的工单交接给您' }).locator('.nmain').click()
  const line = other.locator('.handover', { hasText: '王磊 交给 赵敏' })
  await line.getByRole('button', { name: '2 张工单' }).click()
  await line.locator('.hotickets', { hasText: '发票抬头要改' }).waitFor()
  await shot(other, 'floor-5-handed-over')
  await line.getByRole('button', { name: '接手' }).click()
  await until(async () => (await Promise.all(made.map((t) => api('GET', `/tickets/${t.id}`)))).every((t) => t.assignee?.id === zhao.id), 'they are hers')
  assert.equal((await asWang('GET', '/roster/handovers')).items[0].state, 'taken')

  const page = await open(browser, house)
  await signIn(page, lead, '/roster/balance')
  const figure = page.getByRole('link', { name: '打开赵敏的 2 张工单' })
  await figure.waitFor()
  await shot(page, 'floor-6-balance')
  await figure.click()
  await page.waitForURL(/\/search/)
  for (const t of made) await page.locator('.list', { hasText: t.number }).waitFor()
  await until(async () => (await page.locator('.list [id^=row-]').count()) === 2, 'these and no others')
  await shot(page, 'floor-7-behind')
})
