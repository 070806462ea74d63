// An agent reaches what is their own and their team's: nothing else in the list,
// the counts, the search, by address, or in what is pushed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before } from 'node:test'
import { Browser, House, claimedByHand, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, boss, agent, api, team
before(async () => {
  house = await House.open()
  boss = await house.person('主管')
  agent = await house.person('小周', { role: 'agent' })
  api = await house.program(boss)
  await claimedByHand(api)
  team = await api('POST', '/staff/teams', { name: '华东一线组', members: [{ user_id: agent.id }] })
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

journey('坐席只看到自己和本组的工单', async (open) => {
  const ours = await api('POST', '/tickets', { body: '微波炉转盘不转', requester: { name: '王秀兰' }, team_id: team.id })
  const theirs = await api('POST', '/tickets', { body: '微波炉门坏了', requester: { name: '刘建国' } })
  // who may export all takes out no more than they see
  const role = await api('POST', '/staff/roles', { name: '导出', grants: { export: 'all' } })
  const { role_ids } = await api('GET', `/staff/users/${agent.id}`)
  await api('PATCH', `/staff/users/${agent.id}`, { role_ids: [...role_ids, role.id] })
  const page = await open(browser, house, { allow: [/404/] })
  await signIn(page, agent, '/inbox/10')
  await page.getByRole('option', { name: /转盘不转/ }).waitFor()
  assert.equal(await page.getByRole('option').count(), 1)
  await page.getByRole('link', { name: /全部处理中/ }).getByText('1', { exact: true }).waitFor()
  // the box suggests nothing else, nor does ⌘K; the results and their counts hold nothing else
  for (const keys of ['Control+k', '/']) {
    await page.keyboard.press(keys)
    const box = page.getByRole('dialog').last()
    await box.getByRole('combobox').waitFor()
    await page.keyboard.type('微波炉')
    await box.getByRole('option', { name: /转盘不转/ }).waitFor()
    assert.equal(await box.getByText('门坏了').count(), 0)
    assert.equal(await box.getByText('刘建国').count(), 0)
    if (keys === '/') await page.keyboard.press('Enter')
    else { await page.keyboard.press('Escape'); await until(async () => !(await page.getByRole('combobox').count()), 'the palette closed') }
  }
  await page.waitForURL(/\/search/)
  await until(async () => (await page.locator('.rows mark').count()) > 0, 'the search found something')
  assert.equal(await page.getByRole('option').count(), 1)
  await page.getByText('共 1 张').waitFor()
  await shot(page, 'reach-2-search')
  await page.goto('/inbox/10')
  await page.getByRole('option', { name: /转盘不转/ }).waitFor()
  await page.keyboard.press('Shift+O')
  const dialog = page.getByRole('dialog', { name: '导出工单' })
  await dialog.getByRole('radio', { name: 'CSV' }).click()
  await dialog.getByRole('checkbox').nth(1).waitFor()
  const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: '导出', exact: true }).click()])
  const taken = readFileSync(await file.path(), 'utf8')
  assert.match(taken, /转盘不转/)
  assert.doesNotMatch(taken, /门坏了|刘建国/)
  // what happens to the other ticket is not pushed; a third one of the team is
  await api('POST', `/tickets/${theirs.id}/messages`, { kind: 'note', body: '门铰链' })
  await api('POST', '/tickets', { body: '微波炉不加热', requester: { name: '孙丽华' }, team_id: team.id })
  await page.getByRole('button', { name: /1 [张条]新工单/ }).click()
  await page.getByRole('option', { name: /不加热/ }).waitFor()
  assert.equal(await page.getByRole('option').count(), 2)
  await page.goto(`/inbox/10/${theirs.id}`)
  await page.getByText(/找不到|没有找到|看不到|无权/).first().waitFor()
  assert.equal(await page.getByText('门坏了').count(), 0)
  await shot(page, 'reach-1-not-found')
  await page.goto(`/inbox/10/${ours.id}`)
  await page.locator('.conv h1', { hasText: '转盘不转' }).waitFor()
})

journey('手机上打开没有的工单，也说得清楚、回得去', async (open) => {
  const page = await open(browser, house, { width: 390, height: 844, phone: true, allow: [/404/] })
  await signIn(page, agent, '/inbox/10/999999')
  await page.getByText(/找不到|没有找到|看不到|无权/).first().waitFor()
  await page.getByRole('button', { name: /列表/ }).tap()
  await page.locator('.lhead').waitFor()
})
