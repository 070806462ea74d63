// How fast the workspace is on a large store: node speed.mjs [tickets]. Prints
// figures, fails on none: docs/BENCHMARKS.md says what they should be.
import { Browser, House, signIn } from './lib.mjs'

const tickets = process.argv[2] ?? '100000'
const house = await House.open()
const person = await house.person('李晓雯')
// the seed spreads its tickets over teams with people in them
const api = await house.program(person)
await api('POST', '/staff/teams', { name: '一线组', members: [{ user_id: person.id }] })
await house.stop()
await house.cli(['bench', 'seed', '--tickets', tickets])
await house.start()
const browser = await Browser.open()
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const say = (what, ms) => console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms`)
try {
  const page = await browser.window(house)
  await signIn(page, person, '/inbox/20')
  await page.goto('/inbox/10')
  await page.getByRole('option').first().waitFor()

  // cold: nothing cached, from the address to a row that can be opened
  const cold = []
  for (let i = 0; i < 3; i++) {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Network.clearBrowserCache')
    const at = Date.now()
    await page.goto('/inbox/10')
    await page.getByRole('option').first().waitFor()
    cold.push(Date.now() - at)
  }
  say('workspace usable, cold (median of 3)', median(cold))

  // from the key to the other ticket's words on the screen
  await page.keyboard.press('j')
  await page.locator('article').first().waitFor()
  await page.waitForTimeout(1500)
  const switches = []
  for (let i = 0; i < 20; i++) {
    switches.push(await page.evaluate(() => new Promise((done) => {
      const before = location.pathname
      const at = performance.now()
      const look = () => (location.pathname !== before && document.querySelector('.tl article') && document.querySelector('.conv h1') ? done(performance.now() - at) : requestAnimationFrame(look))
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))
      look()
    })))
    await page.waitForTimeout(150)
  }
  say('ticket switch by key, median of 20', median(switches))
  say('ticket switch by key, slowest', Math.max(...switches))

  // 10,000 rows: load them all, then scroll through at speed
  await page.goto('/inbox/all')
  await page.getByRole('option').first().waitFor()
  const rows = page.locator('.rows')
  const loading = Date.now()
  let last = 0
  while (Date.now() - loading < 120_000) {
    last = await rows.evaluate((el) => { el.scrollTop = el.scrollHeight; return el.firstElementChild.offsetHeight / 62 })
    if (last >= 10_000) break
    await page.waitForTimeout(30)
  }
  console.log(`${'rows in the list'.padEnd(44)} ${String(Math.round(last)).padStart(6)}`)
  const frames = await rows.evaluate((el) => new Promise((done) => {
    const times = []
    const end = performance.now() + 5000
    let then = performance.now()
    el.scrollTop = 0
    const step = (now) => {
      times.push(now - then)
      then = now
      el.scrollTop += 90
      if (now < end) requestAnimationFrame(step)
      else done(times.slice(2))
    }
    requestAnimationFrame(step)
  }))
  console.log(`${'frames a second while scrolling'.padEnd(44)} ${(1000 / (frames.reduce((a, b) => a + b) / frames.length)).toFixed(1).padStart(6)}`)
  say('95th frame of 100', frames.toSorted((a, b) => a - b)[Math.floor(frames.length * 0.95)])

  // a change by another, until it stands on the screen
  await page.goto('/inbox/10')
  await page.getByRole('option').first().click()
  await page.locator('.hd').waitFor()
  await page.waitForTimeout(1000)
  const id = new URL(page.url()).pathname.split('/').at(-1)
  const pushes = []
  for (let i = 0; i < 10; i++) {
    const word = `推送 ${i} ${Date.now()}`
    const at = Date.now()
    await api('POST', `/tickets/${id}/messages`, { kind: 'note', body: word })
    await page.locator('article.note', { hasText: word }).waitFor()
    pushes.push(Date.now() - at)
  }
  say('note by another until on the screen, median', median(pushes))
} finally {
  await browser.close()
  await house.close()
}
