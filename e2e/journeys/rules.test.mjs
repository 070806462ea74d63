// Rules on screen: a policy gets a limit for departments, its versions are
// compared and an old one comes back; a rule of assignment is tried on a ticket
// before it is saved.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, lead, wang, zhao, api
before(async () => {
  house = await House.open()
  lead = await house.person('主管周宁')
  wang = await house.person('王磊')
  zhao = await house.person('赵敏')
  api = await house.program(lead)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

journey('SLA 策略：部门时限，版本对比，恢复旧版', async (open) => {
  const p = { minutes: 60, calendar: 'always' }
  const policy = await api('POST', '/sla/policies', { name: '维修', position: 1, when: 'type == "repair"', targets: [{ metric: 'resolution', urgent: p, high: p, normal: p, low: p }] })
  const now = async () => (await api('GET', '/sla/policies')).items.find((x) => x.id === policy.id)
  const page = await open(browser, house)
  await signIn(page, lead, `/admin/sla/${policy.id}`)
  await page.getByRole('button', { name: '添加部门或班组时限' }).click()
  const amount = page.locator('.unitline').getByRole('textbox').first()
  await amount.fill('3')
  await amount.press('Enter')
  await page.locator('.policy input[maxlength="100"]').first().fill('维修与上门')
  await shot(page, 'rules-1-units')
  await page.getByRole('button', { name: '保存为第 2 版' }).click()
  await until(async () => { const x = await now(); return x.version === 2 && x.units?.[0]?.urgent?.minutes === 180 }, 'the second version')
  await page.getByRole('button', { name: '第 2 版' }).click()
  const panel = page.getByRole('dialog', { name: '历史版本' })
  await panel.getByText('第 1 版与现行第 2 版').waitFor()
  const table = panel.locator('.verdiff')
  assert.match(await table.innerText(), /名称\s+维修\s+维修与上门/)
  assert.match(await table.innerText(), /全部部门时限 紧急\s+–\s+3 小时/)
  await shot(page, 'rules-2-versions')
  await panel.getByRole('button', { name: '恢复为第 1 版的内容' }).click()
  await until(async () => { const x = await now(); return x.version === 3 && x.name === '维修' && !x.units?.length }, 'the first is back as the third')
})

journey('派单规则：保存前先试派一张工单', async (open) => {
  for (const p of [wang, zhao]) await (await house.program(p))('PUT', '/me/state', { state: 'online' })
  const made = await api('POST', '/routing/sets', { name: '演练', rules: [{ name: '全部', mode: 'direct', agent_ids: [wang.id] }] })
  await api('POST', `/routing/sets/${made.version}/state`, { state: 'active' })
  const t = await api('POST', '/tickets', { subject: '试派用的工单', body: '试派用的工单', requester: { name: '演示客户', email: 't1@example.com' }, channel: 'web' })
  await until(async () => (await api('GET', `/tickets?q=${encodeURIComponent(t.number)}`)).items.length === 1, 'it can be found')
  const page = await open(browser, house)
  await signIn(page, lead, '/admin/routing')
  await page.locator('.rnode', { hasText: '全部' }).click()
  await page.locator('.rform .field', { hasText: '策略' }).locator('.select').first().click()
  await page.locator('.menu:visible').getByRole('option', { name: '轮流' }).first().click()
  await page.getByText('有改动').first().waitFor()
  await page.getByRole('radio', { name: '试派一张' }).click()
  await page.locator('.try .find input').fill(t.number)
  await page.locator('.tfound', { hasText: '试派用的工单' }).click()
  const answer = page.getByRole('region', { name: '试派结果' })
  await answer.getByText('王磊').first().waitFor()
  await shot(page, 'rules-3-tried')
  assert.equal((await api('GET', '/routing/sets')).active, made.version, 'trying saves nothing')
})
