// The roster on screen: a shift is made, set by keys and by dragging,
// published, taken back, filled by a rotation; a leave is asked for and granted.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, lead, wang, api, asWang
before(async () => {
  house = await House.open()
  lead = await house.person('主管周宁')
  wang = await house.person('王磊', { role: 'agent' })
  api = await house.program(lead)
  asWang = await house.program(wang)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})
const day = (n) => new Date(Date.now() + 8 * 3_600_000 + n * 86_400_000).toISOString().slice(0, 10)
const plan = async () => (await api('GET', `/roster/plan?from=${day(-8)}&to=${day(8)}`)).cells

journey('排班：新建班次，按键与拖动排班，发布，撤销', async (open) => {
  await until(async () => (await api('GET', '/config')).staff.some((s) => s.id === wang.id), 'people are known')
  const page = await open(browser, house)
  await signIn(page, lead, '/roster/plan')
  await page.getByRole('button', { name: '新建班次' }).click()
  const form = page.getByRole('dialog', { name: '新建班次' })
  await form.getByRole('textbox', { name: '名称' }).fill('早班')
  await form.getByRole('button', { name: /保存/ }).click()
  await page.locator('.pal .shift', { hasText: '早班' }).waitFor()
  const cells = page.locator('.rr', { hasText: '王磊' }).locator('.rc')
  await cells.first().click()
  await page.locator('.rgrid').focus()
  await page.keyboard.press('1')
  await cells.first().locator('.shift', { hasText: '早班' }).waitFor()
  await until(async () => (await plan()).some((c) => c.user_id === wang.id && c.drafted), 'it is drafted')
  const from = await page.locator('.pal .shift', { hasText: '早班' }).boundingBox()
  const to = await cells.nth(2).boundingBox()
  await page.mouse.move(from.x + 20, from.y + 10)
  await page.mouse.down()
  await page.mouse.move(from.x + 40, from.y + 40, { steps: 4 })
  await page.mouse.move(to.x + 30, to.y + 20, { steps: 8 })
  await page.mouse.up()
  await cells.nth(2).locator('.shift', { hasText: '早班' }).waitFor()
  await page.getByRole('button', { name: '发布 2 处改动' }).click()
  await until(async () => (await plan()).filter((c) => c.user_id === wang.id && c.items.length && !c.drafted).length === 2, 'both count')
  await shot(page, 'roster-1-published')
  await page.getByText('已发布 2 处排班').waitFor()
  await page.keyboard.press('z')
  await until(async () => (await plan()).filter((c) => c.user_id === wang.id && !c.drafted && c.items.length).length === 0, 'it was taken back')
})

journey('请假：申请，主管批准', async (open) => {
  const mine = await open(browser, house)
  await signIn(mine, wang, '/roster/mine')
  await mine.getByRole('button', { name: '申请请假' }).click()
  const form = mine.getByRole('dialog', { name: '申请请假' })
  await form.getByRole('radio', { name: '事假' }).click()
  for (const [i, at] of ['09:00', '18:00'].entries()) {
    await form.locator('.when input').nth(i).fill(`${day(3)} ${at}`)
    await mine.keyboard.press('Tab')
  }
  await form.getByRole('button', { name: /提交/ }).click()
  await mine.locator('.myday .chip', { hasText: '事假，待审批' }).waitFor()
  const page = await open(browser, house)
  await signIn(page, lead, '/roster/requests')
  await page.locator('.reqrow', { hasText: '王磊' }).getByRole('button', { name: '批准' }).click()
  await until(async () => (await asWang('GET', '/roster/leaves')).items[0]?.state === 'approved', 'it is approved')
  await mine.goto('/roster/mine')
  await mine.locator('.myday .chip', { hasText: '事假，已批准' }).waitFor()
  assert.equal((await asWang('GET', '/roster/leaves')).items.length, 1)
})
