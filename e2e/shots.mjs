// Pictures of every screen: three widths, light and dark, Chinese and English,
// on the demo's data. Run: node shots.mjs [part of a name …]. They land in
// shots/. With AXE=1 each is also checked for what hinders people.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { Browser, House, shot, signIn, until } from './lib.mjs'
import { routes } from './routes.mjs'

const only = process.argv.slice(2)
const wanted = (name) => only.length === 0 || only.some((x) => name.includes(x))
const axe = process.env.AXE ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') : ''
const demo = { email: 'admin@demo.example', password: 'yunling-demo-8480' }
const sizes = [[1440, 900], [1024, 768], [390, 844]]
const house = await House.open({ demo: true })
const browser = await Browser.open()
// the README shows the demo as it is
const seeded = only.every((x) => x.startsWith('workspace')) && only.length ? {} : await seed()

const first = async (page) => {
  await page.getByRole('option').first().waitFor()
  await page.getByRole('option').nth(1).click()
  await page.locator('article').first().waitFor()
  await page.waitForTimeout(700)
}
/** A page by its address, once it has what it asked for. */
const at = (path) => async (page) => {
  await page.goto(path)
  await page.locator('#main, .tdwall').first().waitFor()
  await until(async () => (await page.locator('#main [aria-busy=true]').count()) === 0, `${path} has loaded`, 30_000)
  await page.waitForTimeout(400)
}
const screens = {
  ...Object.fromEntries(Object.entries(routes).map(([name, path]) => [name, at(path)])),
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
    await page.goto(`/search?q=${encodeURIComponent('冰箱')}`)
    await until(async () => (await page.locator('.rows mark').count()) > 0, 'found')
  },
  table: async (page, width) => {
    if (width < 1024) return false
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('v')
    await page.locator('.trow').nth(1).click()
    await page.locator('.pm').first().waitFor()
    return () => page.keyboard.press('v') // the next picture wants the list
  },
  // a lively open ticket in the reader's language with what the AI made of it:
  // also the picture of the README
  workspace: async (page, width) => {
    if (width < 1100) return false
    const id = await page.evaluate(async () => {
      const { items } = await (await fetch('/api/v1/tickets?limit=200&filter=' + encodeURIComponent('status == "open" && assignee != ""'))).json()
      const mine = items.filter((t) => (t.language ?? '').startsWith(document.documentElement.lang.slice(0, 2)))
      const worth = (t) => Math.min(t.message_count, 4) + (t.risk > 1 ? 4 : -3 * t.risk) - (t.type === 'repair' ? 3 : 0)
      const best = (mine.length ? mine : items).filter((t) => t.risk !== 1).toSorted((a, b) => worth(b) - worth(a)).slice(0, 10)
      const full = await Promise.all(best.map(async (t) => (await fetch(`/api/v1/tickets/${t.id}`)).json()))
      return full.toSorted((a, b) => b.decisions.length - a.decisions.length || worth(b) - worth(a))[0].id
    })
    await page.goto(`/inbox/10/${id}`)
    await page.locator('.judgments .jr').first().waitFor()
    await page.waitForTimeout(1200)
    // what comes meanwhile is no part of the picture
    await page.locator('.toasts').evaluateAll((all) => all.forEach((e) => { e.style.visibility = 'hidden' }))
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
  playground: async (page) => {
    await page.goto('/intelligence/playground')
    await page.locator('textarea').first().fill('手机 13812345678，订单 DD20260412-7731 的冰箱不制冷，明天下午四点以后能上门吗？再拖我就打 12315 了。')
    await page.keyboard.press('Control+Enter')
    await page.locator('.txt').waitFor()
  },
  // a ticket with danger, several matters and much to find
  card: async (page, width) => {
    await page.goto(`/inbox/10/${seeded.rich}`)
    await page.locator('article').first().waitFor()
    await page.waitForTimeout(700)
    if (width < 1100) {
      await page.getByRole('button', { name: /工单信息|属性|详情|Ticket details|Details|Properties/ }).first().click()
      await page.waitForTimeout(300)
    }
    await page.locator('.judgments').scrollIntoViewIfNeeded()
    await page.locator('.judgments').evaluate((e) => e.scrollIntoView({ block: 'start' }))
    await page.waitForTimeout(200)
  },
  danger: async (page) => {
    await page.goto(`/inbox/10/${seeded.rich}`)
    await page.locator('.alert').first().waitFor()
    await page.waitForTimeout(500)
  },
  matters: async (page, width) => {
    await screens.card(page, width)
    await page.locator('.matters button').click()
    await page.getByRole('dialog').last().waitFor()
    await page.waitForTimeout(300)
  },
  incident: async (page) => {
    await page.goto('/incidents')
    await page.locator('.irow').first().click()
    await page.locator('.ibody').waitFor()
    await page.waitForTimeout(300)
  },
  'studio-pattern': async (page) => {
    await page.goto('/intelligence/patterns')
    await page.locator('.picklist .row button').first().click()
    await page.locator('.tries, .pform').first().waitFor()
    await page.waitForTimeout(300)
  },
  'studio-pattern-new': async (page) => {
    await page.goto('/intelligence/patterns')
    await page.locator('.phead .btn.p').click()
    await page.locator('textarea.mono').first().fill('abc\nxyz\nhello')
    await page.locator('.pform .btn.lg:not(.select)').first().click()
    await page.waitForTimeout(500)
  },
  'studio-run': async (page) => {
    await page.goto('/intelligence/models')
    await page.locator('.run button').first().click()
    await page.locator('.conf').waitFor()
    await page.locator('.conf').evaluate((e) => e.scrollIntoView({ block: 'center' }))
    await page.locator('.conf button').first().click()
    await page.waitForTimeout(500)
  },
  'studio-import': async (page) => {
    await page.goto('/intelligence/examples')
    await page.locator('.phead .btn.p').click()
    await page.locator('[data-import]').setInputFiles({ name: 'history.csv', mimeType: 'text/csv', buffer: Buffer.from('内容,分类\n冰箱不制冷,维修\n想开发票,没有这个分类\n,维修\n') })
    await page.waitForTimeout(400)
  },
  // what stands beside, over and under a ticket
  composer: async (page) => {
    await first(page)
    await page.keyboard.press('n')
    await page.keyboard.type('请二线看一下 E4 的批次')
    await page.waitForTimeout(300)
  },
  merge: async (page) => {
    await first(page)
    await page.keyboard.press('m')
    await page.getByRole('dialog').first().waitFor()
    await page.waitForTimeout(400)
  },
  transfer: async (page) => {
    await first(page)
    await page.keyboard.press('Shift+A')
    await page.getByRole('dialog').first().waitFor()
    await page.waitForTimeout(400)
  },
  clock: async (page, width) => {
    await first(page)
    await page.keyboard.press('d')
    await page.locator('.whyclock').waitFor()
    await page.waitForTimeout(300)
  },
  filter: async (page, width) => {
    if (width < 768) return false
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('f')
    await page.waitForTimeout(500)
  },
  profile: async (page, width) => {
    if (width < 768) return false
    await page.getByRole('option').first().waitFor()
    await page.locator('.profile-button').click()
    await page.locator('.profile').waitFor()
  },
  bell: async (page, width) => {
    if (width < 768) return false
    await page.getByRole('option').first().waitFor()
    await page.locator('.bell').click()
    await page.locator('.nlist').waitFor()
  },
  later: async (page) => {
    await page.goto(`/inbox/10/${seeded.rich}`)
    await page.locator('.later').waitFor()
    await page.waitForTimeout(400)
  },
  nothing: async (page) => {
    await page.goto('/search?q=zzzzqqqq')
    await page.locator('.empty').first().waitFor()
  },
  missing: async (page) => {
    await page.goto('/inbox/10/999999')
    await page.locator('.conv.ticket-open .empty').waitFor()
  },
  lost: async (page) => {
    await page.goto('/no/such/page')
    await page.waitForTimeout(400)
  },
  offline: async (page) => {
    await first(page)
    await page.context().setOffline(true)
    await page.locator('.banner').first().waitFor()
    return () => page.context().setOffline(false)
  },
  customer: async (page) => {
    await page.goto('/customers')
    await page.locator('.cscroll .crow').first().click()
    await page.locator('.cmain').waitFor()
    await page.waitForTimeout(500)
  },
  company: async (page) => {
    await page.goto('/companies')
    await page.locator('.cscroll .crow').first().click()
    await page.locator('.cmain').waitFor()
    await page.waitForTimeout(500)
  },
  export: async (page) => {
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('Shift+O')
    await page.locator('.xdialog').waitFor()
  },
  'import-new': async (page) => {
    await page.goto('/imports/new')
    await page.locator('.xdrop').waitFor()
  },
  'import-columns': async (page) => {
    await page.goto('/imports/new')
    await page.locator('input[type=file]').setInputFiles({ name: '客户.csv', mimeType: 'text/csv', buffer: Buffer.from('姓名,手机号,等级,备注\n客户 1,13912345678,vip,来自旧系统\n客户 2,不是电话,vip,\n') })
    await page.locator('.xcolumns').waitFor()
  },
  check: async (page) => {
    await page.goto('/create')
    await page.locator('.phone input').fill(seeded.who)
    await page.locator('.found').first().click()
    await page.locator('textarea').first().fill('冰箱冷藏室还是不制冷，面板一直报 E4，订单 2291-7756。另外上个月的发票抬头开错了，请重新开一张。')
    await page.waitForTimeout(1500)
  },
}

// What the demo has not: a wave of like tickets, trainings, calls of a language
// model (one that answers here), corrections and patterns.
async function seed() {
  const token = await house.cli(['token', 'create', '--user', demo.email, '--name', 'pictures'])
  const api = async (method, path, body) => {
    const answer = await fetch(`${house.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) console.error(`${method} ${path}: ${answer.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }
  const ticket = (body, n, more = {}) => api('POST', '/tickets', { body, requester: { name: `演示客户 ${n}`, email: `wave${n}@example.com` }, channel: 'web', ...more })
  const who = 'pictures@example.com'
  const same = { requester: { name: '演示客户', email: who } }
  await ticket('冰箱冷藏室不制冷，面板报 E4', 0, same)
  const rich = await ticket('你好，我上个月在你们店里买的冰箱，型号 BCD-520WK，订单 2291-7756，昨晚开始冷藏室不制冷，面板一直报 E4，里面六百多块钱的菜都坏了，插头还冒火花。明天下午四点以后能上门吗？地址是杭州市西湖区文三路 90 号 3 幢 502，电话 13812345678。另外上个月那张发票的抬头开错了，请重新开一张。再拖下去我就打 12315 了。', 0, same)
  const asks = ['APP打不开了，一直显示系统维护中', '我的APP打不开了，一直显示系统维护中，怎么办']
  for (let i = 0; i < 30; i++) await ticket(`${asks[i % 2]}（${i}）`, i + 1)
  const { items } = await api('GET', '/tickets?limit=60')
  for (const [i, x] of items.slice(20, 40).entries()) {
    const t = await api('GET', `/tickets/${x.id}`)
    const d = t.decisions.find((y) => y.field === 'type')
    if (d && i < 8) await api('POST', `/tickets/${x.id}/decide`, { field: 'type', verdict: 'correct', value: d.value === 'complaint' ? 'enquiry' : 'complaint' })
  }
  await api('PUT', '/understanding/patterns', { patterns: [{ name: '整机编号', type: 'serial', expr: '[A-Z]{2}\\d{8}', examples: ['SN20260412', 'YL20251107', 'YL20260101'], off: false }, { name: '旧订单号', type: 'order', expr: '\\d{4}-\\d{4}', examples: ['2291-7756', '1043-0098', '3320-4410'], off: true }], version: (await api('GET', '/understanding/patterns')).version })
  for (const field of ['category', 'type', 'priority']) await api('POST', '/understanding/runs', { field }) // one that already runs is as good
  const talk = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 'x', object: 'chat.completion', model: 'small-7b', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'OK' } }], usage: { prompt_tokens: 24, completion_tokens: 2, total_tokens: 26 } })))
  await new Promise((ready) => talk.listen(0, '127.0.0.1', ready))
  talk.unref()
  const now = await api('GET', '/understanding/llm')
  const provider = (name, url) => ({ name, kind: 'openai', base_url: url, model: 'small-7b', region: 'home', price_in: 1000, price_out: 4000 })
  await api('PUT', '/understanding/llm', { ...now, $schema: undefined, on: true, providers: [provider('local', `http://127.0.0.1:${talk.address().port}/v1`), provider('away', 'http://127.0.0.1:9/v1')], tasks: { ...now.tasks, translate: ['local', 'away'] }, daily_budget_micros: 50_000_000 })
  for (const p of ['local', 'away']) await api('POST', '/understanding/llm/test', { provider: p })
  for (let i = 0; i < 300; i++) {
    const runs = (await api('GET', '/understanding/runs')).items
    if (!runs.some((r) => ['waiting', 'running'].includes(r.state))) break
    await new Promise((r) => setTimeout(r, 200))
  }
  await api('POST', `/tickets/${rich.id}/scheduled`, { kind: 'reply', body: '您好，维修师傅明天下午四点到六点上门，请保持电话畅通。', at: new Date(Date.now() + 20 * 3_600_000).toISOString() }).catch(() => undefined)
  // an alarm would stand on every picture
  for (const a of (await api('GET', '/routing/alerts')).items) await api('POST', `/tickets/${a.ticket_id}/response/acknowledge`).catch(() => undefined)
  return { rich: rich.id, who }
}

async function check(page, name) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  for (const v of found.violations.filter((x) => ['serious', 'critical'].includes(x.impact))) console.error(name, v.id, v.nodes.slice(0, 3).map((n) => `${n.target} ${n.any[0]?.message ?? ''}`))
}
try {
  for (const [width, height] of sizes) for (const theme of ['light', 'dark']) for (const locale of ['zh-CN', 'en-US']) {
    // every size in light Chinese; the other combinations at the two outer widths
    if (width === 1024 && (theme === 'dark') !== (locale === 'en-US')) continue
    const page = await browser.window(house, { width, height, theme, locale, phone: width < 768 })
    const name = (screen) => `${screen}-${width}-${theme}-${locale.slice(0, 2)}`
    if (wanted(name('signin'))) {
      await page.goto('/signin')
      await page.locator('input[type=email]').waitFor()
      await shot(page, name('signin'))
    }
    await signIn(page, demo, '/inbox/10')
    for (const [screen, go] of Object.entries(screens)) {
      if (!wanted(name(screen))) continue
      await page.goto('/inbox/10')
      try {
        const after = await go(page, width)
        if (after !== false) {
          await shot(page, name(screen))
          if (axe) await check(page, name(screen))
        }
        if (typeof after === 'function') await after()
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
