// How fast the workspace is on a large store, with others at work beside it:
// node speed.mjs [tickets [agents]]. Prints figures, fails on none:
// docs/BENCHMARKS.md says what they should be. ZHIDAN_KEEP=dir keeps the store
// there, and takes the one that is there already.
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Browser, House, signIn } from './lib.mjs'

const tickets = process.argv[2] ?? '100000'
const agents = Number(process.argv[3] ?? 0)
const keep = process.env.ZHIDAN_KEEP
const filled = keep && existsSync(`${keep}/zhidan.db`)
const house = await House.open({ dir: keep })
async function calm() {
  for (let used = 0, quiet = 0; quiet < 2; ) {
    await new Promise((r) => setTimeout(r, 1000))
    const now = Number(/^process_cpu_seconds_total (\S+)/m.exec(await fetch(`${house.url}/metrics`).then((r) => r.text()))?.[1])
    quiet = now - used < 0.1 ? quiet + 1 : 0
    used = now
  }
}
// what is done once a start: the facts of the day, the index of what is alike
await calm()
const person = await house.person('李晓雯', { email: `speed-${Date.now()}@example.test` })
const api = await house.program(person)
if (!filled) {
  // the seed spreads its tickets over teams with people in them
  await api('POST', '/staff/teams', { name: '一线组', members: [{ user_id: person.id }] })
  await house.stop()
  await house.cli(['bench', 'seed', '--tickets', tickets])
  await house.start()
  await calm()
}
const tokens = []
for (let i = 0; i < agents; i++) {
  const email = `agent-${i}-${Date.now()}@example.test`
  await house.person(`坐席 ${i + 1}`, { email })
  tokens.push(await house.cli(['token', 'create', '--user', email, '--name', 'speed']))
}
const browser = await Browser.open()
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const say = (what, ms) => console.log(`${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms`)
try {
  const page = await browser.window(house)
  await signIn(page, person, '/inbox/all')
  await page.goto('/inbox/all')
  await page.getByRole('option').first().waitFor()

  // cold: nothing cached, from the address to a row that can be opened
  const cold = []
  for (let i = 0; i < 3; i++) {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Network.clearBrowserCache')
    const at = Date.now()
    await page.goto('/inbox/all')
    await page.getByRole('option').first().waitFor()
    cold.push(Date.now() - at)
  }
  say('workspace usable, cold (median of 3)', median(cold))

  // others come to work: they ask what the workspace asks when a ticket is opened
  const reads = new Set()
  const note = (r) => {
    const path = new URL(r.url()).pathname + new URL(r.url()).search
    const id = /\/tickets\/(\d+)/.exec(path)?.[1]
    if (r.method() === 'GET' && id && path.startsWith('/api/v1/')) reads.add(path.slice(7).replaceAll(id, '{id}'))
  }
  page.on('request', note)
  await page.getByRole('option').nth(3).click()
  await page.locator('article').first().waitFor()
  await page.waitForTimeout(1500)
  page.off('request', note)
  let others
  if (agents) {
    console.log(`${agents} people at work; a ticket is opened with ${[...reads].join(' ')}`)
    others = fork(new URL('agents.mjs', import.meta.url))
    others.send({ url: house.url, tokens, reads: [...reads] })
    await page.waitForTimeout(10_000)
    const again = []
    for (let i = 0; i < 5; i++) {
      const cdp = await page.context().newCDPSession(page)
      await cdp.send('Network.clearBrowserCache')
      const at = Date.now()
      await page.goto('/inbox/all')
      await page.getByRole('option').first().waitFor()
      again.push(Date.now() - at)
    }
    say('usable, cold, with others (median of 5)', median(again))
  }

  // from the key to the other ticket's words on the screen
  await page.keyboard.press('j')
  await page.locator('article').first().waitFor()
  await page.waitForTimeout(1500)
  const switches = []
  const cdp = await page.context().newCDPSession(page)
  const heap = async () => {
    await cdp.send('HeapProfiler.collectGarbage')
    return (await cdp.send('Runtime.getHeapUsage')).usedSize / 2 ** 20
  }
  const memory = []
  for (let i = 0; i < 200; i++) {
    if (i === 20 || i === 110) memory.push(await heap())
    switches.push(await page.evaluate(() => new Promise((done) => {
      const before = location.pathname
      const at = performance.now()
      const look = () => (location.pathname !== before && document.querySelector('.tl article') && document.querySelector('.conv h1') ? done(performance.now() - at) : requestAnimationFrame(look))
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))
      look()
    })))
    await page.waitForTimeout(150)
  }
  say('ticket switch by key, median of 200', median(switches))
  say('95th of 100', switches.toSorted((a, b) => a - b)[Math.floor(switches.length * 0.95)])
  say('ticket switch by key, slowest', Math.max(...switches))
  memory.push(await heap())
  console.log(`${'heap of the tab after 20, 110, 200 switches'.padEnd(44)} ${memory.map((m) => m.toFixed(1)).join(', ')} MiB`)

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
  await page.goto('/inbox/all')
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
  console.log(`${'each of the ten'.padEnd(44)} ${pushes.join(', ')} ms`)
  if (others) {
    const sum = await new Promise((r) => (others.once('message', r), others.send('count')))
    console.log(`the others made ${sum.requests} requests, ${sum.errors} failed; ${sum.heard} pieces came by their streams`)
    others.kill()
  }
} finally {
  await browser.close()
  await house.close()
}
