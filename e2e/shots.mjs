// Pictures of every screen: three widths, light and dark, Chinese and English,
// on the demo's data. Run: node shots.mjs [part of a name …]; a part may also be
// -1024-dark-en. They land in shots/. With AXE=1 each is also checked for what
// hinders people, with LINT=1 for what a glance finds: words outside, small
// targets, the other language, raw keys. TALL=1 shows pages in full height.
// KEEP=DIR keeps the store from one run to the next.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Browser, House, shot, signIn } from './lib.mjs'
import { lint } from './lint.mjs'
import { demo, screens } from './screens.mjs'
import { seed } from './seed.mjs'

const only = process.argv.slice(2)
const parts = only.map((x) => (/-\d+-\w+-\w\w$/.test(x) ? [x.replace(/-\d+-\w+-\w\w$/, ''), /-\d+-\w+-\w\w$/.exec(x)[0]] : [x, '']))
const wanted = (name) => parts.length === 0 || parts.some(([a, b]) => name.includes(a) && name.endsWith(b))
const axe = process.env.AXE ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') : ''
const sizes = [[1440, 900], [1024, 768], [390, 844]]
const keep = process.env.KEEP
if (keep) mkdirSync(keep, { recursive: true })
const house = await House.open({ demo: true, dir: keep })
const browser = await Browser.open()
const marker = keep && join(keep, 'seeded.json')
// the README shows the demo as it is
const bare = only.length && only.every((x) => x.startsWith('workspace'))
const seeded = bare ? {} : marker && existsSync(marker) ? JSON.parse(readFileSync(marker, 'utf8')) : await seed(house, demo)
if (marker && !bare) writeFileSync(marker, JSON.stringify(seeded))
const all = screens(seeded)

async function check(page, name) {
  if (!(await page.evaluate(() => !!globalThis.axe))) await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  for (const v of found.violations.filter((x) => ['serious', 'critical'].includes(x.impact))) console.error(name, v.id, v.nodes.slice(0, 3).map((n) => `${n.target} ${n.any[0]?.message ?? ''}`))
}

/** The same page as high as what it holds, where it scrolls. */
async function tall(page, name, width, height) {
  const more = await page.evaluate(() => Math.max(0, ...[...document.querySelectorAll('#main *, main, dialog')].filter((e) => /auto|scroll/.test(getComputedStyle(e).overflowY)).map((e) => e.scrollHeight - e.clientHeight)))
  if (more < 40) return
  await page.setViewportSize({ width, height: Math.min(height + more, 2600) })
  await page.waitForTimeout(250)
  await shot(page, `${name}-tall`)
  await page.setViewportSize({ width, height })
}

try {
  for (const [width, height] of sizes) for (const theme of ['light', 'dark']) for (const locale of ['zh-CN', 'en-US']) {
    const end = `-${width}-${theme}-${locale.slice(0, 2)}`
    const names = Object.keys(all).filter((screen) => wanted(screen + end))
    if (!names.length && !wanted('signin' + end)) continue
    const page = await browser.window(house, { width, height, theme, locale, phone: width < 768 })
    if (wanted('setup' + end)) {
      // a store in which nothing is yet
      const empty = await House.open()
      const fresh = await browser.window(empty, { width, height, theme, locale, phone: width < 768 })
      await fresh.goto(/http:\S+\/setup\?token=\w+/.exec(empty.output)[0])
      await fresh.locator('input').first().waitFor()
      await fresh.waitForTimeout(300)
      await shot(fresh, 'setup' + end)
      await fresh.close()
      await empty.close()
    }
    if (wanted('signin' + end)) {
      await page.goto('/signin')
      await page.locator('input[type=email]').waitFor()
      await shot(page, 'signin' + end)
    }
    await signIn(page, demo, '/inbox/10')
    // notices are written in the language of the profile
    await page.evaluate((language) => fetch('/api/v1/me', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ locale: language }) }), locale.startsWith('zh') ? 'zh-CN' : 'en')
    for (const screen of names) {
      const name = screen + end
      // pages are reached as a link does; what opens over a page begins with a fresh one
      const plain = page.url().includes(house.url) && (await page.evaluate(() => !!window.__TSR_ROUTER__ && !document.querySelector('dialog[open], .menu')).catch(() => false)) && /^(admin|studio|roster|promises|me|notices|queue|today|wall|incidents|create|customers|companies|exports|imports)\b/.test(screen)
      if (!plain) await page.goto('/inbox/10')
      try {
        const after = await all[screen](page, width)
        if (after !== false) {
          await shot(page, name)
          if (axe) await check(page, name)
          if (process.env.LINT) for (const x of await lint(page, locale.slice(0, 2), width)) console.log(`${name}: ${x}`)
          if (process.env.TALL) await tall(page, name, width, height)
        }
        if (typeof after === 'function') await after()
        // what was typed is not for the next picture
        for (const id of [...new Set(page.url().match(/\/inbox\/\w+\/(\d+)/)?.slice(1) ?? [])]) await page.evaluate((t) => fetch(`/api/v1/tickets/${t}/draft`, { method: 'DELETE' }), id).catch(() => undefined)
      } catch (error) {
        console.error(name, error.message.split('\n')[0])
        await page.context().setOffline(false)
        await shot(page, `failed-${name}`)
        await page.goto('/inbox/10')
      }
    }
    if (page.complaints.length) console.error(end, [...new Set(page.complaints)])
    await page.close()
  }
} finally {
  await browser.close()
  await house.close()
}
