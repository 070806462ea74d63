// Pictures of every screen: three widths, light and dark, Chinese and English,
// on the demo's data. Run: node shots.mjs [part of a name]. They land in shots/.
import { Browser, House, shot, signIn, until } from './lib.mjs'

const only = process.argv[2] ?? ''
const demo = { email: 'admin@demo.example', password: 'yunling-demo-8480' }
const sizes = [[1440, 900], [1024, 768], [390, 844]]
const house = await House.open({ demo: true })
const browser = await Browser.open()

const first = async (page) => {
  await page.getByRole('option').first().waitFor()
  await page.getByRole('option').nth(1).click()
  await page.locator('article').first().waitFor()
  await page.waitForTimeout(700)
}
const screens = {
  list: async (page) => void (await page.getByRole('option').first().waitFor()),
  ticket: first,
  side: async (page, width) => {
    if (width >= 1100) return false
    await first(page)
    await page.getByRole('button', { name: /工单信息|属性|详情|Ticket details|Details|Properties/ }).first().click()
    await page.waitForTimeout(300)
  },
  solve: async (page) => {
    await first(page)
    await page.keyboard.press('e')
    await page.getByRole('dialog').first().waitFor()
  },
  palette: async (page) => {
    await first(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
  },
  keys: async (page, width) => {
    if (width < 768) return false
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
  },
  search: async (page) => {
    await page.getByRole('option').first().waitFor()
    await page.locator('[data-search]').fill('冰箱')
    await until(async () => (await page.locator('.rows mark').count()) > 0, 'found')
  },
  // the liveliest open ticket: also the picture of the README
  workspace: async (page, width) => {
    if (width < 1100) return false
    const id = await page.evaluate(async () => {
      const { items } = await (await fetch('/api/v1/tickets?limit=200&filter=' + encodeURIComponent('status == "open" && assignee != ""'))).json()
      return items.toSorted((a, b) => b.message_count - a.message_count)[0].id
    })
    await page.goto(`/inbox/10/${id}`)
    await page.locator('article').first().waitFor()
    await page.waitForTimeout(900)
  },
  bulk: async (page, width) => {
    if (width < 768) return false
    await first(page)
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('Shift+X')
    await page.locator('.bulk').waitFor()
  },
  // what the AI decided, with its why
  why: async (page, width) => {
    if (width < 1100) return false
    await first(page)
    await page.locator('.jr .mark').first().click()
    await page.getByRole('dialog').first().waitFor()
  },
  triage: async (page, width) => {
    if (width < 768) return false
    await page.goto('/inbox/16')
    await page.locator('.list').waitFor()
    await page.waitForTimeout(500)
    await page.keyboard.press('j')
    await page.waitForTimeout(700)
  },
  incidents: async (page) => {
    await page.goto('/incidents')
    await page.waitForTimeout(600)
  },
  playground: async (page) => {
    await page.goto('/intelligence/playground')
    await page.locator('textarea').first().fill('手机 13812345678，订单 DD20260412-7731 的冰箱不制冷，明天下午四点以后能上门吗？再拖我就打 12315 了。')
    await page.keyboard.press('Control+Enter')
    await page.locator('.txt').waitFor()
  },
  ...Object.fromEntries(['overview', 'labels', 'patterns', 'risk', 'models', 'examples', 'corrections', 'accuracy', 'llm', 'calls'].map((name) => [`studio-${name}`, async (page) => {
    await page.goto(`/intelligence/${name}`)
    await page.locator('.phead').waitFor()
    await page.waitForTimeout(600)
  }])),
  create: async (page) => {
    await page.goto('/create')
    await page.locator('.create').waitFor()
  },
}
try {
  for (const [width, height] of sizes) for (const theme of ['light', 'dark']) for (const locale of ['zh-CN', 'en-US']) {
    // every size in light Chinese; the other combinations at the two outer widths
    if (width === 1024 && (theme === 'dark') !== (locale === 'en-US')) continue
    const page = await browser.window(house, { width, height, theme, locale, phone: width < 768 })
    const name = (screen) => `${screen}-${width}-${theme}-${locale.slice(0, 2)}`
    if (name('signin').includes(only)) {
      await page.goto('/signin')
      await page.locator('input[type=email]').waitFor()
      await shot(page, name('signin'))
    }
    await signIn(page, demo, '/inbox/10')
    for (const [screen, go] of Object.entries(screens)) {
      if (!name(screen).includes(only)) continue
      await page.goto('/inbox/10')
      try {
        if ((await go(page, width)) !== false) await shot(page, name(screen))
      } catch (error) {
        console.error(name(screen), error.message.split('\n')[0])
        await shot(page, `failed-${name(screen)}`)
      }
    }
    if (page.complaints.length) console.error(name(''), [...new Set(page.complaints)])
    await page.close()
  }
} finally {
  await browser.close()
  await house.close()
}
