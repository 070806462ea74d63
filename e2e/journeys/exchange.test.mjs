// Tables on their way in and out: 200 rows with 3 errors, tried before and taken
// back after; and the list on screen as a file.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before } from 'node:test'
import { Browser, House, journey, shot, signIn, until } from '../lib.mjs'

let house, browser, li, api
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  api = await house.program(li)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

const table = ['姓名,手机号,等级,备注', ...Array.from({ length: 200 }, (_, i) => {
  const phone = i === 40 ? '不是电话' : `139${String(10_000_000 + i)}`
  return `客户 ${i + 1},${phone},${i === 80 ? '第!级' : 'vip'},${i === 120 ? '长'.repeat(20_001) : '来自旧系统'}`
})].join('\n')

journey('导入 200 行客户，其中 3 行有误：先试运行，再导入、下载失败的行、整批撤销', async (open) => {
  const page = await open(browser, house)
  await signIn(page, li, '/imports')
  await page.getByText('还没有导入过').waitFor()
  await shot(page, 'exchange-imports-empty')
  await page.getByRole('button', { name: '新建导入' }).first().click()
  await page.getByText('把文件拖到这里').waitFor()
  await shot(page, 'exchange-import-new')
  await page.locator('input[type=file]').setInputFiles({ name: '客户.csv', mimeType: 'text/csv', buffer: Buffer.from(table) })
  await page.getByText('已对应 4 / 4 列').waitFor()
  await shot(page, 'exchange-import-columns')
  await page.getByRole('textbox', { name: /名称/ }).fill('旧系统客户')
  await page.getByRole('button', { name: '保存这套对应关系' }).click()
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByRole('region', { name: '预览与试运行' }).getByText('客户 20', { exact: true }).waitFor()
  await page.getByRole('button', { name: '试运行全部 200 行' }).click()
  await page.getByText('试运行完成').waitFor({ timeout: 60_000 })
  await page.getByText('3 行无法导入').waitFor()
  await shot(page, 'exchange-import-checked')
  assert.equal((await api('GET', '/customers')).items.length, 0)
  await page.getByRole('button', { name: '导入 197 行' }).click()
  await page.getByText('已完成', { exact: true }).waitFor({ timeout: 60_000 })
  await page.getByText('不是电话号码').waitFor()
  await shot(page, 'exchange-import-done')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载失败的行' }).click()])
  const failed = readFileSync(await file.path(), 'utf8')
  assert.match(failed, /客户 41,不是电话,vip,来自旧系统,电话：不是电话号码/)
  assert.equal(failed.trim().split('\n').length, 4)
  await page.getByRole('button', { name: '撤销整批导入' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: '撤销整批导入' }).click()
  await page.getByText('已撤销 197 条').waitFor({ timeout: 60_000 })
  assert.equal((await api('GET', '/customers')).items.length, 0)
})

journey('用键盘把当前列表导出为 XLSX，下载后在“我的导出”里还能找到', async (open) => {
  for (const n of [1, 2]) await api('POST', '/tickets', { subject: `导出 ${n}`, body: 'x', requester: { name: '张三' } })
  const page = await open(browser, house)
  await signIn(page, li, '/inbox')
  await page.locator('.list').getByText('导出 1').waitFor().catch(() => page.goto('/inbox/all'))
  await page.keyboard.press('Shift+O')
  await page.getByRole('dialog', { name: '导出工单' }).waitFor()
  await page.getByRole('dialog').getByRole('checkbox').first().waitFor()
  await shot(page, 'exchange-export-dialog')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出', exact: true }).click()])
  assert.match(file.suggestedFilename(), /^tickets-.*\.xlsx$/)
  assert.equal(readFileSync(await file.path()).subarray(0, 2).toString(), 'PK')
  await page.goto('/exports')
  await page.getByRole('button', { name: '下载' }).waitFor()
  await shot(page, 'exchange-exports')
  await until(async () => (await api('GET', '/exports')).items[0].state === 'done', 'the record says that it is done')
})

journey('用表格批量结案：8 行里 3 行有误；执行后整批撤销，期间被人改过的保留并列出', async (open) => {
  const made = []
  for (let i = 1; i <= 6; i++) made.push(await api('POST', '/tickets', { subject: `批量结案 ${i}`, body: '请处理', requester: { name: `客户 ${i}` } }))
  const no = made.map((x) => x.number)
  const lines = ['工单编号,回复内容,状态,处理结果,优先级,标题,客户', `${no[0]},已为您处理完毕,已结案,已解答,,,`, `${no[1]},,已结案,已解答,高,,`, `${no[2]},,已结案,,,,`, `${no[3]},,已结案,没有的结果,,,`, 'X-404,,已结案,已解答,,,', `${no[4]},,,,紧急,,`, `${no[5]},,,,普通,,`, ',,,,高,电话咨询,周八']
  const page = await open(browser, house)
  await signIn(page, li, '/imports/new?what=batch')
  await page.getByRole('radio', { name: '批量处理', checked: true }).waitFor()
  await shot(page, 'exchange-batch-new')
  await page.locator('input[type=file]').setInputFiles({ name: '今日结案.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) })
  await page.getByText('已对应 7 / 7 列').waitFor()
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByRole('region', { name: '预览与试运行' }).getByText('电话咨询').waitFor()
  await page.getByRole('button', { name: '试运行全部 8 行' }).click()
  await page.getByText('将向客户发送 1 条回复').waitFor({ timeout: 60_000 })
  await page.getByText('3 行无法执行').waitFor()
  await shot(page, 'exchange-batch-checked')
  assert.equal((await api('GET', `/tickets/${made[0].id}`)).status, 'new')
  await page.getByRole('button', { name: '执行 5 行' }).click()
  await page.getByText('已完成', { exact: true }).waitFor({ timeout: 60_000 })
  await shot(page, 'exchange-batch-done')
  assert.equal((await api('GET', `/tickets/${made[0].id}`)).status, 'solved')
  assert.equal((await api('GET', `/tickets/${made[3].id}`)).status, 'new')
  await api('POST', `/tickets/${made[1].id}/priority`, { priority: 'low' })
  await page.getByRole('button', { name: '撤销整批导入' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: '撤销整批导入' }).click()
  const kept = page.getByRole('region', { name: /未能全部恢复/ })
  await kept.getByRole('row', { name: /批量结案 2/ }).getByText('优先级').waitFor({ timeout: 60_000 })
  await shot(page, 'exchange-batch-undone')
  const now = await api('GET', `/tickets/${made[1].id}`)
  assert.deepEqual([now.status, now.priority], ['new', 'low'])
})

journey('同一份表格再传一次：先说是谁何时导入的，要不要继续由人决定', async (open) => {
  const page = await open(browser, house)
  await signIn(page, li, '/imports/new')
  const bring = async (name) => {
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from('姓名,手机号\n钱一,13700000001\n钱二,13700000002\n') })
    await page.getByText('已对应 2 / 2 列').waitFor()
  }
  await bring('名单.csv')
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByRole('button', { name: '导入 2 行', exact: true }).click()
  await page.getByText('已完成', { exact: true }).waitFor({ timeout: 60_000 })
  const first = new URL(page.url()).pathname
  await page.getByRole('link', { name: '再导入一份' }).click()
  await bring('名单（改了名）.csv')
  const warning = page.getByRole('alert').filter({ hasText: '同一份表格已由 李晓雯 于' })
  await warning.getByText('新建 2 条').waitFor()
  await page.getByRole('button', { name: '下一步' }).click()
  await page.getByRole('button', { name: '仍要导入 2 行' }).waitFor()
  await shot(page, 'exchange-import-again')
  await warning.getByRole('link', { name: '查看那次导入' }).click()
  await page.waitForURL((u) => u.pathname === first)
  await page.getByText('已完成', { exact: true }).waitFor()
})

journey('导入与导出的各个屏幕：英文、深色、窄屏', async (open) => {
  const { items } = await api('GET', '/imports')
  const batch = items.find((x) => x.what === 'batch')
  for (const [name, options] of Object.entries({ en: { locale: 'en' }, dark: { theme: 'dark' }, phone: { width: 390, height: 844, phone: true }, tablet: { width: 1024, height: 768 } })) {
    const page = await open(browser, house, options)
    await signIn(page, li, '/imports')
    await page.locator('.tbl').first().waitFor()
    await shot(page, `exchange-imports-${name}`)
    await page.goto(`/imports/${batch.id}`)
    await page.locator('.figures').first().waitFor()
    await shot(page, `exchange-import-${name}`)
    await page.goto('/exports')
    await page.locator('.tbl').first().waitFor()
    await shot(page, `exchange-exports-${name}`)
  }
})
