// How each picture of the desk comes about: from the inbox to the screen, or
// false where that width has none. What it returns brings the page back.
import { until } from './lib.mjs'
import { routes, visit } from './routes.mjs'

export const demo = { email: 'admin@demo.example', password: 'yunling-demo-8480' }

const first = async (page) => {
  await page.getByRole('option').first().waitFor()
  await page.getByRole('option').nth(1).click()
  await page.locator('article').first().waitFor()
  await page.waitForTimeout(700)
}
/** A page by its address, once it has what it asked for. */
const at = (path) => async (page) => {
  await visit(page, path)
  await page.waitForTimeout(350)
}
const settled = async (page) => {
  await page.waitForFunction(() => !document.querySelector('[aria-busy=true]'))
  await page.waitForTimeout(300)
}
/** The form behind a list: the first of what is there. */
const one = (path) => async (page) => {
  await visit(page, path)
  const row = page.locator('#main .picklist button:visible:not(.grip):not(.switch):not(.btn):not([role=radio]):not(.select), #main .tbl tbody tr a:visible, #main .tbl tbody tr button:visible').first()
  if (!(await row.count())) return false
  await row.click()
  await settled(page)
}
/** What the main button of a page opens. */
const made = (path) => async (page) => {
  await visit(page, path)
  const button = page.locator('.phead .btn.p:visible:enabled').first()
  if (!(await button.count())) return false
  await button.click()
  await settled(page)
}
const table = async (page, what, name, lines) => {
  await page.goto(`/imports/new?what=${what}`)
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) })
  await page.locator('.xcolumns').waitFor()
}
const alike = async (page, given, name, lines) => {
  await table(page, given, name, lines)
  await page.locator('.xfoot .btn.p').click()
  await page.locator('.xpreview tbody tr').first().waitFor()
  await page.locator('.xfoot .btn.p').click()
  await page.locator('.xfigures').waitFor({ timeout: 30_000 })
  await settled(page)
}
const listed = Object.entries(routes).filter(([, path]) => /^\/(admin|roster|intelligence|promises)/.test(path))
export const screens = (seeded) => ({
  ...Object.fromEntries(Object.entries(routes).map(([name, path]) => [name, at(path)])),
  ...Object.fromEntries(listed.map(([name, path]) => [`${name}+one`, one(path)])),
  ...Object.fromEntries(listed.map(([name, path]) => [`${name}+new`, made(path)])),
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
    await screens(seeded).card(page, width)
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
    await page.getByRole('button', { name: /^(筛选|Filter)/ }).first().click()
    await settled(page)
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
    await page.locator('.banner:not(.incident)').first().waitFor({ timeout: 45_000 })
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
    await page.locator('.phone input').waitFor()
    // the draft of the picture before
    await page.getByRole('button', { name: /^(清空|Clear)$/ }).click({ timeout: 2000 }).catch(() => undefined)
    await page.locator('.phone input').fill(seeded.who)
    await page.locator('.found').first().click()
    await page.locator('textarea').first().fill('冰箱冷藏室还是不制冷，面板一直报 E4，订单 2291-7756。另外上个月的发票抬头开错了，请重新开一张。')
    await page.waitForTimeout(1500)
  },
  'import-checked': (page) => alike(page, 'customer', '客户.csv', ['姓名,手机号,等级,备注', '客户 1,13912345678,vip,来自旧系统', '客户 2,不是电话,vip,']),
  'import-batch': (page) => alike(page, 'batch', '今日结案.csv', ['工单编号,回复内容,状态,处理结果,优先级', `${seeded.number},已为您处理完毕,已结案,已解答,`, 'X-404,,已结案,已解答,']),
  'export-companies': async (page) => {
    await visit(page, '/companies')
    await page.locator('.phead button').filter({ has: page.locator('svg') }).and(page.getByRole('button', { name: /导出|Export/ })).click()
    await page.locator('.xdialog').waitFor()
    await settled(page)
  },
  compare: async (page, width) => {
    if (width < 768) {
      await page.goto(`/customers/${seeded.twins[0]}`)
      await page.locator('.phead .btn').filter({ hasText: /合并|Merge/ }).last().click()
      await page.locator('.mergebox input').fill('合并')
      await page.locator('.mergebox .found').first().click()
    } else {
      await page.goto(`/customers?q=${encodeURIComponent('合并')}`)
      await page.locator('.cscroll .crow').nth(1).waitFor()
      for (const key of ['j', 'x', 'j', 'x', 'm']) await page.keyboard.press(key)
    }
    await page.locator('.mergetable').waitFor()
    await settled(page)
  },
  definition: async (page, width) => {
    await visit(page, '/today')
    await page.locator('[data-figure=sla] .meaning').first().hover()
    await page.locator('.tdtip:visible').waitFor()
    await page.waitForTimeout(300)
  },
  behind: async (page) => {
    await visit(page, '/today')
    await page.locator('[data-figure=created] button.num').click()
    await page.locator('.tdpanel li').first().waitFor()
  },
  print: async (page) => {
    await page.goto(`/print/${seeded.rich}`)
    await page.getByRole('heading').first().waitFor()
    await page.waitForTimeout(400)
    return () => page.goto('/inbox/10')
  },
  picker: async (page) => {
    await first(page)
    await page.keyboard.press('a')
    await page.locator('.menu:visible').waitFor()
    await settled(page)
  },
  snooze: async (page) => {
    await first(page)
    await page.keyboard.press('h')
    await page.locator('.menu:visible').waitFor()
    await settled(page)
  },
  slash: async (page) => {
    await first(page)
    await page.locator('.tiptap').click()
    await page.keyboard.type('/')
    await page.waitForTimeout(600)
    await settled(page)
  },
  more: async (page) => {
    await first(page)
    await page.locator('.conv header').getByRole('button', { name: /更多|More/ }).first().click()
    await page.locator('.menu:visible').waitFor()
    await settled(page)
  },
  'why-agent': async (page) => {
    await first(page)
    await page.keyboard.press('Shift+W')
    await page.locator('.whyagent, [role=dialog]').first().waitFor()
    await settled(page)
  },
  suggest: async (page) => {
    await page.getByRole('option').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('冰箱')
    await page.waitForTimeout(900)
  },
  audit: async (page) => {
    await visit(page, '/admin/audit')
    await page.locator('#main details summary, #main tbody tr button, #main [aria-expanded=false]').first().click()
    await settled(page)
  },
  simulator: async (page) => {
    await visit(page, '/admin/routing/simulate')
    await page.locator('.simbar .btn').last().click()
    await settled(page)
    await page.waitForTimeout(1500)
  },
  'new-customer': async (page) => {
    await visit(page, '/customers')
    await page.locator('.phead .btn.p').click()
    await page.locator('.popform').waitFor()
    await settled(page)
  },
  'leave': async (page) => {
    await visit(page, '/queue')
    await page.locator('header .btn').filter({ hasText: /移交|交接|转出|Move all/i }).first().click()
    await settled(page)
  },
})
