// What the journeys share: a server on a store of its own, people made by the
// command line, a browser, and the two things no journey may bring about —
// errors in the console and requests to anywhere else.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const here = dirname(fileURLToPath(import.meta.url))
export const binary = process.env.ZHIDAN_BIN ?? join(here, '..', 'bin', 'zhidan')
export const password = 'correct horse battery staple'
const shots = join(here, 'shots')
// the server refuses settings that it does not know, so it gets none of ours
const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('ZHIDAN_')))

const freePort = () => new Promise((done) => {
  const s = createServer().listen(0, '127.0.0.1', () => {
    const { port } = s.address()
    s.close(() => done(port))
  })
})

/** A running server with a store of its own. */
export class House {
  /** On a directory of its own, removed at the end, unless one is given. */
  static async open({ demo = false, dir } = {}) {
    const house = new House()
    house.kept = Boolean(dir)
    house.dir = dir ?? mkdtempSync(join(tmpdir(), 'zhidan-e2e-'))
    house.demo = demo
    await house.start()
    return house
  }

  async start() {
    this.port ??= await freePort()
    this.url = `http://127.0.0.1:${this.port}`
    this.output = ''
    this.process = spawn(binary, ['serve', '--data', this.dir, '--addr', `127.0.0.1:${this.port}`, ...(this.demo ? ['--demo'] : [])], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.process.stdout.on('data', (b) => (this.output += b))
    this.process.stderr.on('data', (b) => (this.output += b))
    for (let i = 0; i < (this.demo ? 1200 : 300); i++) {
      if (this.process.exitCode !== null) break
      if (await fetch(`${this.url}/readyz`).then((r) => r.ok, () => false)) return
      await new Promise((r) => setTimeout(r, 100))
    }
    throw new Error(`the server did not start:\n${this.output}`)
  }

  async stop() {
    if (this.process.exitCode === null) {
      const gone = new Promise((r) => this.process.once('exit', r))
      this.process.kill('SIGTERM')
      await gone
    }
  }

  async close() {
    await this.stop()
    if (!this.kept) rmSync(this.dir, { recursive: true, force: true })
  }

  /** Runs a command on the store, beside the server. */
  cli(args, input = '') {
    return new Promise((done, failed) => {
      const child = execFile(binary, [...args, '--data', this.dir], { env }, (error, out, err) => (error ? failed(new Error(`zhidan ${args.join(' ')}: ${err || error.message}`)) : done(out.trim())))
      child.stdin.end(input)
    })
  }

  /** A person who can sign in. */
  async person(name, { email = `p${++people}@example.test`, role = 'administrator' } = {}) {
    const id = await this.cli(['user', 'create', '--email', email, '--name', name, '--role', role], `${password}\n`)
    return { id, name, email, password }
  }

  /** The API as a program sees it, by a token of the person. */
  async program(person) {
    const token = await this.cli(['token', 'create', '--user', person.email, '--name', 'journey'])
    // answers when the models of the first day are there: tickets are then read whole when they are born, and not once more
    if (!this.warm) this.warm = fetch(`${this.url}/api/v1/understanding/read`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: '{"text":"冰箱不制冷"}' }).then((r) => r.text())
    await this.warm
    return async (method, path, body) => {
      const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
      return text ? JSON.parse(text) : undefined
    }
  }
}
let people = 0

/** Switches to a house in which people choose their tickets themselves (抢单). */
export async function claimedByHand(api) {
  const { set } = await api('POST', '/routing/sets', { name: '抢单', rules: [{ name: '全部', mode: 'pull' }] })
  await api('POST', `/routing/sets/${set.version}/state`, { state: 'active' })
}

/** One browser per journey file. */
export class Browser {
  static async open() {
    const b = new Browser()
    b.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none'] })
    return b
  }

  close() {
    return this.chromium.close()
  }

  /** A window of somebody. `complaints` gathers what must stay empty. */
  async window(house, { locale = 'zh-CN', theme = 'light', density = 'normal', width = 1440, height = 900, phone = false, allow = [] } = {}) {
    const context = await this.chromium.newContext({
      baseURL: house.url, locale, timezoneId: 'Asia/Shanghai', viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce',
      ...(phone ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
    })
    context.setDefaultTimeout(15_000)
    await context.addInitScript((prefs) => {
      if (location.origin !== 'null' && !localStorage.getItem('zhidan.prefs')) localStorage.setItem('zhidan.prefs', JSON.stringify(prefs))
    }, { locale: locale.startsWith('zh') ? 'zh-CN' : 'en', theme, density })
    const complaints = []
    const complain = (text) => allow.some((a) => a.test(text)) || complaints.push(text)
    context.on('page', (p) => {
      p.on('console', (m) => ['error', 'warning'].includes(m.type()) && complain(`console ${m.type()}: ${m.text()} (${m.location().url})`))
      p.on('pageerror', (e) => complain(`error: ${e.message}`))
      p.on('dialog', (d) => { complain(`dialog: ${d.message()}`); void d.dismiss() })
    })
    context.on('request', (r) => {
      const u = new URL(r.url())
      if (!['data:', 'blob:'].includes(u.protocol) && u.origin !== house.url) complain(`request to ${r.url()}`)
    })
    const page = await context.newPage()
    return Object.assign(page, { complaints, house, close: () => context.close() })
  }
}

export async function signIn(page, person, to = '') {
  await page.goto(`/signin${to ? `?to=${encodeURIComponent(to)}` : ''}`)
  await page.locator('input[type=email]').fill(person.email)
  await page.locator('input[type=password]').fill(person.password)
  await page.keyboard.press('Enter')
  await page.waitForURL((u) => u.pathname !== '/signin')
  await page.locator('.list, .create, .sheet').first().waitFor()
}

export async function shot(page, name) {
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name}.png`), animations: 'disabled' })
}

/** A test with windows that are looked after: a picture when it fails, no complaints when it ends. */
export function journey(name, fn) {
  test(name, { timeout: 180_000 }, async () => {
    const windows = []
    const open = async (browser, house, options) => {
      const w = await browser.window(house, options)
      windows.push(w)
      return w
    }
    try {
      await fn(open)
      assert.deepEqual(windows.flatMap((w) => w.complaints), [])
    } catch (error) {
      for (const [i, w] of windows.entries()) await shot(w, `failed-${name.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60)}-${i + 1}`).catch(() => undefined)
      for (const w of windows) if (w.complaints.length) console.error(w.complaints)
      throw error
    } finally {
      for (const w of windows) await w.close()
    }
  })
}

/** Waits until the check holds; a check that throws does not hold yet. */
export async function until(check, what, ms = 10_000) {
  let last
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
    try {
      const value = await check()
      if (value) return value
    } catch (error) {
      last = error
    }
  }
  throw new Error(`${what} did not happen in ${ms} ms${last ? `: ${last.message}` : ''}`)
}

/** The list that a key opened, once it listens to the keyboard. */
export async function menu(page) {
  const list = page.locator('.menu:visible')
  await list.waitFor()
  await until(() => page.evaluate(() => !!document.activeElement?.closest('.menu')), 'the list took the focus')
  return list
}
