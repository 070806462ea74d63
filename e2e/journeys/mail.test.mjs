// THE journey: a mail comes in, becomes a ticket on the open screen, is worked
// with the keyboard, answered, solved with its form, and found again.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { Browser, House, claimedByHand, journey, menu, shot, signIn, until } from '../lib.mjs'
import { visit } from '../routes.mjs'

let house, browser, agent
before(async () => {
  house = await House.open()
  agent = await house.person('李晓雯')
  await claimedByHand(await house.program(agent))
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

function mail({ id, from, subject, body }) {
  const word = (s) => `=?utf-8?B?${Buffer.from(s).toString('base64')}?=`
  return [
    `From: ${word(from)} <${id}@customer.example.test>`, 'To: service@example.test', `Subject: ${word(subject)}`, `Message-ID: <${id}@customer.example.test>`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64', '',
    Buffer.from(body).toString('base64'), '',
  ].join('\r\n')
}

/** Whoever reads English is shown no other words but people's names and what customers wrote. */
async function english(page) {
  const other = await page.evaluate(() => document.body.innerText.split('\n').filter((line) => /\p{Script=Han}/u.test(line.replaceAll(/李晓雯|李|王秀兰|王|中文|冰箱显示故障代码，冷藏室不制冷/g, ''))))
  assert.deepEqual(other, [])
}

async function arrives(name, content) {
  const file = join(house.dir, `${name}.eml`)
  writeFileSync(file, content)
  await house.cli(['import', 'mail', file])
}

journey('邮件进来，键盘处理到结案，再被搜到', async (open) => {
  const page = await open(browser, house)
  await signIn(page, agent)
  await page.getByRole('link', { name: /待分配/ }).first().click()
  await page.getByText('这里都处理完了').waitFor()
  await arrives('fridge', mail({ id: 'fridge-1', from: '王秀兰', subject: '冰箱显示故障代码，冷藏室不制冷', body: '您好：\n昨晚开始冷藏室一直不制冷，面板显示 E5-0032。家里的药要冷藏，请尽快安排上门。\n王秀兰' }))

  // on the open screen, without a reload
  const row = page.getByRole('option', { name: /冷藏室不制冷/ })
  await row.waitFor()
  await shot(page, 'mail-1-arrived')

  await page.keyboard.press('j')
  await page.locator('.conv h1', { hasText: '冷藏室不制冷' }).waitFor()
  await page.locator('.conv').getByText('家里的药要冷藏').first().waitFor()
  await page.keyboard.press('c')
  await page.getByLabel('属性').getByText('李晓雯').waitFor()
  await page.locator('.hd').getByText('处理中').waitFor()

  await page.keyboard.press('r')
  const box = page.getByRole('textbox', { name: /回复/ })
  await page.locator('.tiptap').waitFor()
  await page.keyboard.type('王女士您好，已为您安排工程师今天下午上门。', { delay: 2 })
  await until(async () => (await box.innerText()).includes('今天下午上门'), 'typing')
  await page.keyboard.press('Control+Enter')
  await page.locator('article.me').getByText('已为您安排工程师').waitFor()
  // it can be taken back, and says for how long
  await page.locator('article.me').getByRole('button', { name: /撤回.*\d/ }).waitFor()
  await shot(page, 'mail-2-replied')

  await page.locator('.tiptap').press('Escape')
  await page.keyboard.press('n')
  await page.keyboard.type('客户家中有需要冷藏的药品，优先。', { delay: 2 })
  await page.keyboard.press('Control+Enter')
  await page.locator('article.note').getByText('优先').waitFor()
  await page.locator('.tiptap').press('Escape')

  await page.keyboard.press('p')
  await menu(page)
  await page.keyboard.press('1')
  await page.locator('.hd').getByText('紧急').waitFor()

  await page.keyboard.press('l')
  await menu(page)
  await page.keyboard.type('加急上门')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: '完成' }).click()
  await page.getByLabel('属性').getByText('加急上门').waitFor()

  // another type has other fields
  await page.keyboard.press('t')
  await page.locator('.menu').getByText('报修', { exact: true }).click()
  const code = page.getByLabel('属性').locator('.pr', { hasText: '故障代码' })
  await code.locator('button, input').first().click()
  await code.locator('input').fill('E5-0032')
  await page.keyboard.press('Enter')
  await code.getByText('E5-0032').waitFor()
  await shot(page, 'mail-3-properties')

  await page.keyboard.press('Escape')
  await page.keyboard.press('e')
  const form = page.getByRole('dialog', { name: /结案/ })
  await form.getByRole('radio').first().waitFor()
  await form.getByRole('radio').first().click()
  await form.locator('textarea').fill('已更换冷藏风机。')
  await shot(page, 'mail-4-solving')
  await page.keyboard.press('Control+Enter')
  await page.locator('.hd').getByText('已解决').waitFor()
  await form.waitFor({ state: 'hidden' })

  await page.keyboard.press('/')
  await page.locator('.palette input:focus').waitFor()
  await page.keyboard.type('制冷')
  await page.locator('.palette .it', { hasText: '制冷' }).first().waitFor()
  await page.keyboard.press('Enter')
  await until(async () => (await page.locator('.rows mark', { hasText: '制冷' }).count()) > 0, 'the found word marked')
  assert.match(new URL(page.url()).search, /q=/)
  await shot(page, 'mail-5-found')
})

journey('a mail in English, worked in English', async (open) => {
  const page = await open(browser, house, { locale: 'en-US' })
  await signIn(page, agent)
  await page.getByRole('link', { name: /^Unassigned/ }).first().click()
  await arrives('washer', mail({ id: 'washer-1', from: 'Emily Carter', subject: 'Washer leaks during spin', body: 'Hello,\n\nthe washer leaks while spinning. Model WM-80. Could somebody call me?\n\nEmily' }))
  await page.getByRole('option', { name: /Washer leaks/ }).waitFor()
  await page.keyboard.press('j')
  await page.locator('.conv h1', { hasText: 'Washer leaks' }).waitFor()
  await page.keyboard.press('c')
  await page.locator('.hd').getByText('Open', { exact: true }).waitFor()
  await page.keyboard.press('r')
  await page.locator('.tiptap').waitFor()
  await page.keyboard.type('Hello Emily, we will call you today.')
  await page.keyboard.press('Control+Enter')
  await page.locator('article.me').getByText('we will call you today').waitFor()
  await page.locator('.tiptap').press('Escape')
  await page.keyboard.press('p')
  await menu(page)
  await page.keyboard.press('1')
  await page.locator('.hd').getByText('Urgent').waitFor()
  await page.keyboard.press('t')
  await page.locator('.menu').getByText('Repair', { exact: true }).click()
  await page.getByLabel('Properties').locator('.pr', { hasText: 'Fault code' }).waitFor()
  await english(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('e')
  const form = page.getByRole('dialog', { name: /Resolution/ })
  await form.getByRole('radio').first().click()
  await form.locator('textarea').fill('Called her; the seal is replaced tomorrow.')
  await english(page)
  await page.keyboard.press('Control+Enter')
  await page.locator('.hd').getByText('Solved').waitFor()
  await form.waitFor({ state: 'hidden' })
  await page.keyboard.press('/')
  await page.locator('.palette input:focus').waitFor()
  await page.keyboard.type('wash')
  await page.locator('.palette .it', { hasText: /wash/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await until(async () => (await page.locator('.rows mark').count()) > 0, 'a match marked')
  await english(page)
  await shot(page, 'mail-6-english')
  for (const path of ['/today', '/queue', '/create', '/customers', '/admin/types', '/admin/roles', '/me']) {
    await visit(page, path)
    await english(page)
  }
})
