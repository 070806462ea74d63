// A rule proposes who assists; whoever has the ticket accepts with one click,
// the other team finds it in its view and answers for its part, and the lead
// sees on solving who has not answered yet.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, li, sun, api
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  sun = await house.person('孙强', { role: 'agent' })
  api = await house.program(li)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

journey('规则建议协办，一键请协办，协办班组答复，解决时提示谁还没答复', async (open) => {
  const team = async (name, ...users) => (await api('POST', '/staff/teams', { name, members: users.map((user_id) => ({ user_id, lead: false })) })).id
  const repairs = await team('售后一组', li.id)
  const lorries = await team('物流配送组', sun.id)
  const stores = await team('仓储组')

  const made = await api('POST', '/routing/sets', { name: '协办', rules: [{ name: '全部', mode: 'pull', team_id: repairs, assist_team_ids: [lorries, stores] }] })
  await api('POST', `/routing/sets/${made.version}/state`, { state: 'active' })

  // the rule as its editor shows it
  const page = await open(browser, house)
  await signIn(page, li, '/admin/routing')
  await page.locator('.rnode', { hasText: '全部' }).click()
  const field = page.locator('.rform .field', { hasText: '协办部门' })
  await field.locator('.chip', { hasText: '物流配送组' }).waitFor()
  await field.getByRole('button', { name: '移除仓储组' }).click()
  await field.locator('.select').click()
  await page.locator('.menu:visible').getByRole('option', { name: '仓储组' }).click()
  await field.locator('.chip', { hasText: '仓储组' }).waitFor()
  await page.getByRole('radiogroup', { name: '直接请其协办' }).scrollIntoViewIfNeeded()
  await shot(page, 'assist-1-rule')

  const t = await api('POST', '/tickets', { subject: '新机外箱破损，要求换新', body: '外箱破了一角', requester: { name: '演示客户', email: 'box@example.com' }, channel: 'web' })
  const one = () => api('GET', `/tickets/${t.id}`)
  assert.deepEqual((await one()).assists.map((x) => [x.team.name, x.state]), [['物流配送组', 'proposed'], ['仓储组', 'proposed']])
  await page.goto(`/inbox/10/${t.id}`)
  const parts = page.locator('.assists')
  await parts.getByText('物流配送组').waitFor()
  await parts.locator('li', { hasText: '物流配送组' }).getByRole('button', { name: '请其协办' }).click()
  await until(async () => (await one()).assists[0].state === 'asked', 'the team was asked')
  await parts.locator('li', { hasText: '仓储组' }).getByRole('button', { name: '不需要仓储组协办' }).click()
  await until(async () => (await one()).assists.length === 1, 'the other is not needed')
  await parts.locator('.chip', { hasText: '协办中' }).waitFor()
  await shot(page, 'assist-2-asked')

  // the lead is warned on solving, not hindered
  await page.keyboard.press('e')
  const solve = page.getByRole('dialog', { name: '结案信息' })
  await solve.getByText('物流配送组还没有完成协办').waitFor()
  await shot(page, 'assist-3-solving')
  await page.keyboard.press('Escape')

  // the other team: told, in its view, reads it and answers for its part
  const helper = await open(browser, house)
  await signIn(helper, sun, '/inbox/23')
  await helper.getByRole('option').first().click()
  await helper.getByRole('button', { name: '协办完成' }).click()
  const panel = helper.getByRole('dialog', { name: '协办完成' })
  await panel.getByLabel('办理结果').fill('司机确认装车时外箱已破，同意换新')
  await shot(helper, 'assist-4-answer')
  await helper.keyboard.press('Control+Enter')
  await until(async () => (await one()).assists[0].state === 'done', 'the part is done')
  await helper.locator('.assists .chip', { hasText: '已完成' }).waitFor()
  const bell = (await (await house.program(sun))('GET', '/notifications')).items.map((n) => n.event)
  assert.ok(bell.includes('assist_asked'))

  // the lead reads the answer
  await page.locator('.note', { hasText: '司机确认装车时外箱已破' }).waitFor()
  await parts.locator('.chip', { hasText: '已完成' }).waitFor()
  await shot(page, 'assist-5-done')
})
