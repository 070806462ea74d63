// The first minutes: an empty store, the token that the server printed, the
// first ticket for a caller.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, password, shot } from '../lib.mjs'

let house, browser
before(async () => {
  house = await House.open()
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

journey('初始化空系统，建第一张工单', async (open) => {
  const link = /http:\S+\/setup\?token=\w+/.exec(house.output)?.[0]
  assert.ok(link, `the server prints the address of the set-up:\n${house.output}`)
  const page = await open(browser, house, { allow: [/422/] }) // the password that is too short
  await page.goto(link)
  await page.getByLabel('公司').fill('示例家电')
  await page.getByLabel('姓名').fill('王敏')
  await page.getByLabel('邮箱').fill('wang@example.test')
  await page.getByLabel('密码').fill('short')
  await shot(page, 'setup-1-form')
  await page.keyboard.press('Enter')
  await page.getByText('密码至少 10 个字符').first().waitFor()
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/inbox\//)
  await page.locator('.list').getByText('这里都处理完了').waitFor()

  await page.keyboard.press('Shift+C')
  await page.locator('.create .phone input:focus').waitFor()
  await page.keyboard.type('13812345678')
  await page.getByLabel('客户姓名').fill('刘建国')
  await page.getByLabel(/诉求|问题|描述/).first().fill('洗衣机脱水时漏水，楼下邻居找上门了。')
  await shot(page, 'setup-2-create')
  await page.keyboard.press('Control+Enter')
  await page.waitForURL(/\/inbox\/all\/\d+/)
  await page.locator('.tl').getByText('楼下邻居找上门了').waitFor()
  // the number is masked everywhere it is shown
  await page.getByLabel('客户').getByText(/138\s?\*{4}\s?5678/).waitFor()
  await shot(page, 'setup-3-first-ticket')
})
