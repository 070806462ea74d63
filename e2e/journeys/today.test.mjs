// The day as the lead reads it: figures with their definitions and tickets, by
// push, in the reader's reach, as a file and on a wall.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before } from 'node:test'
import { Browser, House, claimedByHand, journey, password, shot, signIn, until } from '../lib.mjs'

let house, browser, boss, api, east, repair
let customers = 0
before(async () => {
  house = await House.open()
  boss = await house.person('林主管')
  api = await house.program(boss)
  await claimedByHand(api)
  const unit = async (name, agentName) => {
    const department = await api('POST', '/staff/departments', { name })
    const agent = await house.person(agentName, { role: 'agent' })
    const team = await api('POST', '/staff/teams', { name: `${name}组`, department_id: department.id, members: [{ user_id: agent.id }] })
    return { department, team, agent, act: await house.program(agent) }
  }
  east = await unit('华东一线', '小周')
  repair = await unit('维修二线', '小吴')
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

const ticket = (u, body, channel = 'web') => api('POST', '/tickets', { subject: body, body, channel, team_id: u.team.id, assignee_id: u.agent.id, requester: { name: `客户 ${++customers}`, email: `t${customers}@example.com` } })
const solve = async (u, t) => {
  await u.act('POST', `/tickets/${t.id}/messages`, { kind: 'reply', body: '已处理' })
  await u.act('POST', `/tickets/${t.id}/status`, { status: 'solved', resolution: { code: 'answered' } })
}
const figure = (page, key) => page.locator(`[data-figure=${key}]`)
const big = (page, key, text) => figure(page, key).locator('.big', { hasText: new RegExp(`^${text}$`) }).waitFor()

journey('主管读今天：看口径，打开数字背后的工单，导出；新工单不刷新也到', async (open) => {
  const a = await ticket(east, '空调不制冷', 'phone')
  await ticket(east, '发票抬头开错', 'web')
  await ticket(repair, '洗衣机漏水', 'chat')
  await solve(east, a)
  const page = await open(browser, house)
  await signIn(page, boss, '/inbox/10')
  await page.locator('.list').waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await page.waitForURL(/\/today/)
  await big(page, 'created', 3)
  await big(page, 'solved', 1)
  await big(page, 'backlog', 2)
  // what it counts, by focus
  await figure(page, 'solved').locator('.meaning').focus()
  const tip = page.locator('.tdtip:visible')
  await tip.getByText('当天被置为「已解决」的工单数').waitFor()
  await tip.getByText('口径第 1 版').waitFor()
  await shot(page, 'today-1-definition')
  // the tickets behind it
  await figure(page, 'solved').locator('.num').click()
  const panel = page.getByRole('dialog', { name: '已解决' })
  await panel.getByText('空调不制冷').waitFor()
  assert.equal(await panel.locator('li').count(), 1)
  await page.keyboard.press('Escape')
  await until(async () => (await panel.count()) === 0, 'the list closed')
  // by department
  await page.getByRole('row', { name: /维修二线/ }).getByRole('button', { name: /积压 1/ }).click()
  const theirs = page.getByRole('dialog', { name: /积压 · 维修二线/ })
  await theirs.getByText('洗衣机漏水').waitFor()
  assert.equal(await theirs.locator('li').count(), 1)
  await page.keyboard.press('Escape')
  // pushed
  await ticket(repair, '热水器点不着火')
  await big(page, 'created', 4)
  // only one department
  await page.locator('[data-filter=department]').click()
  await page.locator('.menu:visible').getByRole('option', { name: '华东一线' }).click()
  await big(page, 'created', 2)
  assert.match(page.url(), /department=/)
  await shot(page, 'today-2-department')
  await page.getByRole('button', { name: '导出' }).click()
  const coming = page.waitForEvent('download')
  await page.locator('.menu:visible').getByRole('option', { name: '部门，CSV' }).click()
  const file = await coming
  assert.match(file.suggestedFilename(), /^today-\d{4}-\d\d-\d\d-departments\.csv$/)
  const text = await readFile(await file.path(), 'utf8')
  assert.match(text, /华东一线/)
  assert.doesNotMatch(text, /维修二线/)
  // a day as of 18:00, in numbers and as a picture
  await page.locator('.tdfilters .btn').first().click()
  await page.getByRole('button', { name: '前一天' }).click()
  await page.getByRole('radio', { name: '18:00' }).click()
  await page.locator('.tdtop').getByText(/^截至 18:00/).waitFor()
  await page.keyboard.press('Escape')
  await big(page, 'created', 0)
  // what has no yesterday says so
  await figure(page, 'backlog').getByText('积压（此刻）').waitFor()
  assert.match(page.url(), /until=18/)
  const fetched = async (name) => {
    await page.getByRole('button', { name: '导出' }).click()
    const next = page.waitForEvent('download')
    await page.locator('.menu:visible').getByRole('option', { name, exact: true }).click()
    const got = await next
    return [got.suggestedFilename(), await readFile(await got.path())]
  }
  assert.match((await fetched('指标，CSV'))[0], /^today-\d{4}-\d\d-\d\d-1800-figures\.csv$/)
  const [name, bytes] = await fetched('每小时进线，图片（PNG）')
  assert.match(name, /^today-\d{4}-\d\d-\d\d-1800-hours\.png$/)
  assert.equal(bytes.subarray(1, 4).toString(), 'PNG')
})

journey('大屏：不用操作，自己翻页，到点更新，Esc 离开', async (open) => {
  const page = await open(browser, house)
  await signIn(page, boss, '/today')
  await page.goto('/today?tv=1')
  const wall = page.locator('.tdwall')
  await wall.locator('.wfigures').waitFor()
  assert.equal(await page.locator('.rail').isVisible(), false)
  assert.match(await wall.locator('time').innerText(), /^\d\d:\d\d:\d\d$/)
  const count = async () => Number(await wall.locator('.wfigures b').first().innerText())
  const was = await count()
  await ticket(east, '冰箱异响')
  await until(async () => (await count()) === was + 1, 'the wall counts by itself', 20_000)
  await shot(page, 'today-3-wall')
  await page.keyboard.press('ArrowRight')
  await wall.locator('.whours').waitFor()
  await until(async () => (await wall.getAttribute('data-page')) === 'departments', 'it turns its pages', 40_000)
  await page.keyboard.press('Escape')
  await page.locator('.tdkpi').waitFor()
  assert.doesNotMatch(page.url(), /tv=/)
})

journey('班组长只看到本组的数字和工单', async (open) => {
  const role = await api('POST', '/staff/roles', { name: '班组长', grants: { 'ticket.read': 'team', 'report.read': 'team', 'roster.read': 'team', 'ticket.update': 'team', 'ticket.claim': 'team', 'ticket.reply': 'team' } })
  const lead = { email: 'lead@example.test', password }
  await api('POST', '/staff/users', { name: '周组长', ...lead, role_ids: [role.id], team_ids: [east.team.id], department_id: east.department.id })
  const mine = await api('GET', `/report/today?team=${east.team.id}`)
  const page = await open(browser, house)
  await signIn(page, lead, '/today')
  await big(page, 'created', mine.figures.find((f) => f.key === 'created').value)
  await page.getByRole('row', { name: /华东一线/ }).waitFor()
  assert.equal(await page.getByRole('row', { name: /维修二线/ }).count(), 0)
  assert.equal(await page.getByRole('button', { name: '导出' }).count(), 0)
  await figure(page, 'backlog').locator('.num.big').click()
  const panel = page.getByRole('dialog', { name: '积压' })
  await panel.getByText('发票抬头开错').waitFor()
  assert.equal(await panel.getByText('洗衣机漏水').count(), 0)
})
