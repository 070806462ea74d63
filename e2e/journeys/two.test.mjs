// Two people at once, and a line that breaks.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, claimedByHand, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, li, chen, api
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  chen = await house.person('陈立')
  api = await house.program(li)
  await claimedByHand(api)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})
const ticket = (body, more = {}) => api('POST', '/tickets', { body, requester: { name: '王秀兰' }, ...more })

journey('一人修改，另一人立即看到', async (open) => {
  const made = await ticket('空调外机噪音大')
  const a = await open(browser, house)
  const b = await open(browser, house)
  await signIn(a, li, `/inbox/10/${made.id}`)
  await signIn(b, chen, `/inbox/10/${made.id}`)
  await a.locator('.conv h1').waitFor()
  await b.locator('.conv h1').waitFor()
  await a.keyboard.press('c')
  await b.getByLabel('属性').getByText('李晓雯').waitFor()
  await b.locator('.list').getByText('处理中', { exact: true }).first().waitFor()
  await a.keyboard.press('r')
  await a.locator('.tiptap').waitFor()
  await a.keyboard.type('已为您登记。')
  await a.keyboard.press('Control+Enter')
  const at = Date.now()
  await b.locator('article').getByText('已为您登记。').waitFor()
  assert.ok(Date.now() - at < 3000)
  // another ticket waits behind a bar and moves nothing
  await ticket('热水器点不着火')
  await b.getByRole('button', { name: /1 张新工单|1 条新工单/ }).click()
  await b.getByRole('option', { name: /热水器点不着火/ }).waitFor()
  await shot(b, 'two-1-live')
})

journey('断线时打的字不丢，恢复后补上错过的', async (open) => {
  const made = await ticket('扫地机器人不回充')
  const page = await open(browser, house, { allow: [/ERR_INTERNET_DISCONNECTED/] })
  await signIn(page, li, `/inbox/10/${made.id}`)
  await page.locator('.conv h1').waitFor()
  await page.keyboard.press('r')
  await page.locator('.tiptap').waitFor()
  await page.keyboard.type('您好，请先')
  await page.context().setOffline(true)
  await page.keyboard.type('清洁充电触点，')
  await page.getByText(/草稿.*本机|本机/).waitFor()
  await api('POST', `/tickets/${made.id}/messages`, { kind: 'note', body: '断线期间的备注' })
  // sending fails and gives the words back
  await page.keyboard.press('Control+Enter')
  await page.getByText(/连接不上服务器/).waitFor()
  await until(async () => (await page.locator('.tiptap').innerText()).includes('清洁充电触点'), 'the words came back')
  await shot(page, 'two-2-offline')
  await page.context().setOffline(false)
  await page.locator('article.note').getByText('断线期间的备注').waitFor({ timeout: 30_000 })
  await page.locator('.tiptap').click()
  await page.keyboard.press('End')
  await page.keyboard.type('再试一次。')
  await page.keyboard.press('Control+Enter')
  await page.locator('article.me').getByText('您好，请先清洁充电触点，再试一次。').waitFor()
  // shown at once; that it arrived, and once, says the server
  await until(async () => (await api('GET', `/tickets/${made.id}/timeline`)).items.filter((e) => e.message?.kind === 'reply').length === 1, 'it was sent once')
})

journey('服务重启后自动恢复，定时回复照发一次', async (open) => {
  const made = await ticket('电视没有声音')
  const page = await open(browser, house, { allow: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/] })
  await signIn(page, li, `/inbox/10/${made.id}`)
  await page.locator('.conv h1').waitFor()
  const later = (ms) => api('POST', `/tickets/${made.id}/scheduled`, { kind: 'reply', body: '师傅已在路上', at: new Date(Date.now() + ms).toISOString() })
  await later(3000).catch(() => later(30_000)) // asked too late for so near a moment
  await page.getByText('师傅已在路上').first().waitFor()
  await house.stop()
  await house.start()
  await api('POST', `/tickets/${made.id}/priority`, { priority: 'urgent' })
  await page.locator('.hd').getByText('紧急').waitFor({ timeout: 40_000 })
  // however long the server was away, what was to be sent is sent, once
  await page.locator('article.me').getByText('师傅已在路上').waitFor({ timeout: 40_000 })
  const said = (await api('GET', `/tickets/${made.id}/timeline`)).items.filter((e) => e.message?.text === '师傅已在路上')
  assert.equal(said.length, 1)
  assert.equal((await api('GET', `/tickets/${made.id}/scheduled`)).items.length, 0)
})
