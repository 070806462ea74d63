// No screen hinders people: axe finds nothing serious on any address, in light
// Chinese and in dark English. The app is loaded once, so that each screen also
// stands on the styles of all that were visited before.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before } from 'node:test'
import { Browser, House, journey, signIn } from '../lib.mjs'
import { routes, visit } from '../routes.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let house, browser, li, made
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  const api = await house.program(li)
  const team = await api('POST', '/staff/teams', { name: '华东一线组', members: [{ user_id: li.id }] })
  for (const body of ['洗碗机白斑', '油烟机冒火花，差点烧起来，我要投诉', 'My order 2291-7756 has not arrived']) made = await api('POST', '/tickets', { body, requester: { name: '王秀兰', phone: '13812345678' }, team_id: team.id })
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

const findings = async (page) => {
  if (!(await page.evaluate(() => !!globalThis.axe))) await page.evaluate(axe)
  return page.evaluate(async () => {
    const { axe } = globalThis
    // rules whose findings are never grave are not asked for: landmarks and the
    // order of headings take as long as all the others
    axe.grave ??= axe._audit.rules.filter((r) => r.enabled && !r.tags.some((x) => x === 'experimental' || x === 'deprecated') && !['minor', 'moderate'].includes(r.impact)).map((r) => r.id)
    const { violations } = await axe.run(document, { runOnly: axe.grave, resultTypes: ['violations'], elementRef: false })
    return violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.slice(0, 4).map((n) => `${n.target} ${n.html.slice(0, 120)}`).join(' | ')}`)
  })
}

for (const [theme, locale] of [['light', 'zh-CN'], ['dark', 'en-US']]) {
  journey(`axe: ${theme} ${locale}`, async (open) => {
    const page = await open(browser, house, { theme, locale })
    const all = {}
    const look = async (name) => {
      const found = await findings(page)
      if (found.length) all[name] = found
    }
    await page.goto('/signin')
    await page.locator('input[type=email]').waitFor()
    await look('signin')
    await signIn(page, li, '/inbox/10')
    await page.getByRole('option').first().waitFor()
    await look('inbox')
    await visit(page, `/inbox/10/${made.id}`)
    await page.locator('.tiptap').waitFor()
    await look('ticket')
    await page.keyboard.press('e')
    await page.getByRole('dialog').waitFor()
    await look('solve')
    await page.keyboard.press('Escape')
    await visit(page, `/customers/${made.requester.id}`)
    await page.locator('.cmain').waitFor()
    await look('customer')
    await visit(page, '/search?q=' + encodeURIComponent('洗碗机'))
    await page.getByRole('option').first().waitFor()
    await look('search')
    for (const [name, path] of Object.entries(routes)) {
      await visit(page, path)
      await look(name)
    }
    assert.deepEqual(all, {})
  })
}
