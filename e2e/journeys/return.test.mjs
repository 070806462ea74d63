// A department returns a ticket twice: the time each held it is counted in one
// clock, the reasons stand on the timeline, and the second return goes to who
// dispatches for both, whose ruling binds.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, claimedByHand, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, li, zhou, qian, api
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  zhou = await house.person('周敏')
  qian = await house.person('钱立', { role: 'supervisor' })
  api = await house.program(li)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

journey('物流部把同一张工单退回两次：时限累计、原因在册，第二次由派单员裁定，裁定不可再退', async (open) => {
  await claimedByHand(api)
  const department = async (name, parent_id) => (await api('POST', '/staff/departments', { name, ...(parent_id ? { parent_id } : {}) })).id
  const both = await department('客户服务中心')
  const [service, delivery] = [await department('售后部', both), await department('物流部', both)]
  await api('PATCH', `/staff/users/${qian.id}`, { department_id: both })
  const team = async (name, department_id, lead) => (await api('POST', '/staff/teams', { name, department_id, ...(lead ? { members: [{ user_id: lead, lead: true }] } : {}) })).id
  const repairs = await team('售后一组', service, zhou.id)
  const lorries = await team('物流配送组', delivery)
  const promise = { minutes: 120, calendar: 'always' }
  await api('POST', '/sla/policies', { name: '部门时限', position: 1, targets: [], warnings: [{ percent: 75 }], units: [{ kind: 'department', unit_id: delivery, urgent: promise, high: promise, normal: promise, low: promise }] })
  const t = await api('POST', '/tickets', { subject: '新机送到时外箱破损', body: '外箱破了一角，里面有凹痕', requester: { name: '演示客户', email: 'box@example.com' }, channel: 'web' })
  await api('POST', `/tickets/${t.id}/assign`, { team_id: repairs })
  const one = () => api('GET', `/tickets/${t.id}`)

  const page = await open(browser, house)
  await signIn(page, li, `/inbox/10/${t.id}`)
  await page.locator('.hd').waitFor()
  const handOn = async (reason) => {
    await page.keyboard.press('Shift+A')
    const panel = page.getByRole('dialog', { name: '转派' })
    await panel.getByLabel('处理组').click()
    await page.locator('.menu:visible').getByRole('option', { name: '物流配送组' }).click()
    await panel.getByLabel('转派原因').fill(reason)
    await page.keyboard.press('Control+Enter')
    await until(async () => (await one()).team?.id === lorries, 'it was handed on')
    await page.locator('.slabtn', { hasText: '物流部' }).waitFor()
  }
  const giveBack = async (reason, told, back, shotName) => {
    await page.keyboard.press('Shift+R')
    const panel = page.getByRole('dialog', { name: '退回工单' })
    await panel.getByText(told).waitFor()
    await panel.getByLabel('退回原因').fill(reason)
    if (shotName) await shot(page, shotName)
    await page.keyboard.press('Control+Enter')
    await until(async () => (await one()).team?.id === back, 'it was returned')
  }

  await handOn('请核对运单签收照片')
  await giveBack('签收照片正常，请联系安装师傅', '退回给转派过来的', repairs)
  await page.locator('.hd').getByText('退回 1 次').waitFor()
  await handOn('安装师傅称到货时已破损')
  await giveBack('外箱由仓库打包，不归配送', '提请派单员裁定', undefined, 'return-1-panel')
  await page.locator('.hd').getByText('退回 2 次').waitFor()
  await page.locator('.hd').getByText('待裁定').waitFor()
  assert.equal((await one()).return_count, 2)
  assert.equal((await api('GET', `/tickets?filter=${encodeURIComponent('return_count >= 2')}`)).items[0].id, t.id)

  // the clock of the department is one, held twice
  const clock = (await api('GET', `/tickets/${t.id}/sla`)).items.find((c) => c.metric === 'department' && c.unit_id === delivery)
  assert.equal(clock.cause, 'left')
  assert.deepEqual(clock.why.map((x) => x.mode), ['running', 'over', 'running'])
  assert.equal(clock.elapsed_seconds.toFixed(2), (clock.why[0].counted_seconds + clock.why[2].counted_seconds).toFixed(2))

  // reasons and counts on the timeline
  for (const words of ['退回给售后部 · 售后一组（第 1 次退回）', '签收照片正常，请联系安装师傅', '第 2 次退回，提请裁定', '外箱由仓库打包，不归配送']) await page.locator('.tl').getByText(words).first().waitFor()
  await shot(page, 'return-2-timeline')

  // who dispatches for both departments is told, finds it, and rules
  const desk = await open(browser, house)
  await signIn(desk, qian, '/notices')
  await desk.locator('.nrow', { hasText: `${t.number} 待您裁定（第 2 次退回）` }).waitFor()
  await desk.goto('/inbox/22')
  await desk.getByRole('option').first().click()
  await desk.locator('.hd').getByText('待裁定').waitFor()
  await desk.keyboard.press('Shift+G')
  const ruling = desk.getByRole('dialog', { name: '裁定归属' })
  await ruling.getByRole('button', { name: '物流配送组' }).click()
  await ruling.getByLabel('裁定理由').fill('交接单上有配送签字，由物流负责到底')
  await shot(desk, 'return-3-ruling')
  await desk.keyboard.press('Control+Enter')
  await until(async () => (await one()).ruling?.by.name === '钱立', 'it was ruled')
  await desk.locator('.rulingval').getByText('交接单上有配送签字，由物流负责到底').waitFor()
  await shot(desk, 'return-4-ruled')

  // it binds: to return it is not offered, and refused with who ruled
  await page.locator('.slabtn', { hasText: '物流部' }).waitFor()
  assert.ok(!(await one()).actions.includes('return'))
  const refused = await api('POST', `/tickets/${t.id}/return`, { reason: 'x' }).catch((e) => e)
  assert.match(String(refused.message ?? refused), /ticket\.ruled/)
  await page.locator('.tl').getByText('裁定由').first().waitFor()

  // the clock of the department goes on where it stood
  await page.locator('.slabtn', { hasText: '物流部' }).click()
  const why = page.locator('.whyclock')
  await why.getByText('工单先后 3 次到这里，时间累计').waitFor()
  await why.locator('.iv.over').first().waitFor()
  await shot(page, 'return-5-clock')

  // who leads hears of the second return, not of the first
  const heard = (await (await house.program(zhou))('GET', '/notifications')).items.map((n) => n.title)
  assert.deepEqual([heard.some((x) => x.includes('已被退回 2 次')), heard.some((x) => x.includes('已被退回 1 次'))], [true, false])
})
