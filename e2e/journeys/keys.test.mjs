// Everything by keyboard; theme and language; the phone with a thumb.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, menu, shot, signIn, until } from '../lib.mjs'

let house, browser, li, api
const made = []
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  api = await house.program(li)
  for (const body of ['洗碗机白斑', '油烟机噪音大', '空调不制冷', '冰箱结霜']) made.push(await api('POST', '/tickets', { body, requester: { name: '王秀兰', phone: '13812345678' } }))
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

journey('只用键盘走完收件箱', async (open) => {
  const page = await open(browser, house)
  await signIn(page, li, '/inbox/10')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('j')
  await page.locator('.conv h1', { hasText: '冰箱结霜' }).waitFor()
  await page.keyboard.press('j')
  await page.locator('.conv h1', { hasText: '空调不制冷' }).waitFor()
  await page.keyboard.press('k')
  await page.locator('.conv h1', { hasText: '冰箱结霜' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: /键盘|快捷键/ }).waitFor()
  await shot(page, 'keys-1-sheet')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog').last()
  await palette.getByRole('combobox').waitFor()
  await page.keyboard.type('优先级')
  await shot(page, 'keys-2-palette')
  await page.keyboard.press('Enter')
  await menu(page)
  await page.keyboard.press('2')
  await page.locator('.hd').getByText('高', { exact: true }).waitFor()
  await page.locator('.toast').getByText('撤销').waitFor()
  await page.keyboard.press('z')
  await page.locator('.hd').getByText('普通', { exact: true }).waitFor()
  await page.keyboard.press('a')
  await menu(page)
  await page.keyboard.press('Enter')
  await page.getByLabel('属性').getByText('李晓雯').waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await page.locator('.create .phone input:focus').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('i')
  await page.waitForURL(/\/inbox/)
})

journey('切换深色与英文，重新载入后还在', async (open) => {
  const page = await open(browser, house)
  await signIn(page, li, `/inbox/10/${made[0].id}`)
  await page.locator('.conv h1').waitFor()
  for (const words of ['深色', 'English']) {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.type(words)
    await page.keyboard.press('Enter')
    await until(async () => !(await page.getByRole('combobox').count()), 'the palette closed')
  }
  await page.getByText('Properties').waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  await shot(page, 'keys-3-dark-english')
  await page.reload()
  await page.getByText('Properties').waitFor()
  assert.equal(await page.evaluate(() => [document.documentElement.dataset.theme, document.documentElement.lang].join()), 'dark,en')
})

journey('手机上用拇指：列表、工单、回复', async (open) => {
  const page = await open(browser, house, { width: 390, height: 844, phone: true })
  await signIn(page, li, '/inbox/10')
  await page.getByRole('option', { name: /油烟机/ }).tap()
  await page.locator('.conv h1', { hasText: '油烟机' }).waitFor()
  await shot(page, 'phone-1-ticket')
  await page.locator('.dock-phone textarea').tap()
  await page.locator('.dock-phone textarea').fill('您好，明天上午上门可以吗？')
  await page.getByRole('button', { name: '发送', exact: true }).tap()
  await page.locator('article.me').getByText('明天上午上门').waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
  const small = () => page.evaluate(() => [...document.querySelectorAll('button, a, input, [role=option], [role=tab]')]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().width && !e.closest('.hide, .bub, .tl, .fold, .menu') && e.type !== 'checkbox')
    .map((e) => {
      // what the finger hits: the box, or a pseudo-element laid over it
      const r = (e.closest('.search') ?? e).getBoundingClientRect()
      const over = ['::before', '::after'].map((p) => getComputedStyle(e, p)).filter((s) => s.content !== 'none' && s.position === 'absolute').map((s) => parseFloat(s.height) || 0)
      return { what: e.getAttribute('aria-label') ?? e.textContent?.slice(0, 20), h: Math.max(r.height, ...over) }
    })
    .filter((x) => x.h < 43.5))
  assert.deepEqual(await small(), [])
  await page.getByRole('button', { name: '返回列表' }).tap()
  await page.getByRole('option').first().waitFor()
  await shot(page, 'phone-2-list')
  assert.deepEqual(await small(), [])
})
