// Web push without a push service: the browser itself delivers to the worker
// what the service would have, and the click comes to the ticket.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { Browser, House, journey, signIn, until } from '../lib.mjs'

let house, browser, li, api
before(async () => {
  house = await House.open()
  li = await house.person('李晓雯')
  api = await house.program(li)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

journey('推送到达浏览器，点开就是那张工单', async (open) => {
  await api('PUT', '/notify/channels/web_push', { kind: 'web_push', name: '浏览器推送', active: true, config: { contact: 'ops@example.com' } })
  assert.match((await api('GET', '/me/notifications')).web_push_key, /^[\w-]{80,}$/)
  const t = await api('POST', '/tickets', { subject: '洗碗机漏水', body: '洗碗机漏水', requester: { name: '演示客户', email: 'push@example.com' }, channel: 'web' })
  const page = await open(browser, house)
  await page.context().grantPermissions(['notifications'], { origin: house.url })
  await signIn(page, li, '/notices/settings')
  await page.getByRole('switch', { name: '浏览器推送' }).waitFor()

  const cdp = await page.context().newCDPSession(page)
  const seen = []
  cdp.on('ServiceWorker.workerRegistrationUpdated', (e) => seen.push(...e.registrations))
  await cdp.send('ServiceWorker.enable')
  await page.evaluate(async () => { await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready })
  const registration = await until(() => seen.find((r) => r.scopeURL === `${house.url}/`), 'the worker was registered')
  const deliver = (data) => cdp.send('ServiceWorker.deliverPushMessage', { origin: house.url, registrationId: registration.registrationId, data })
  const shown = () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => ({ title: n.title, body: n.body, tag: n.tag, data: n.data })))

  // one that comes before the browser has woken the worker may be lost; the same id shows one notice however often it comes
  await until(async () => {
    await deliver(JSON.stringify({ id: '7', event: 'assigned', ticket_id: t.id, title: `新派工单 ${t.number}`, text: '洗碗机漏水' }))
    return (await shown()).length === 1
  }, 'it was shown', 30_000)
  assert.deepEqual(await shown(), [{ title: `新派工单 ${t.number}`, body: '洗碗机漏水', tag: '7', data: { path: `/inbox/all/${t.id}` } }])
  // what is no message still says that there is something
  await deliver('broken')
  await until(async () => (await shown()).length === 2, 'what cannot be read is shown as well', 30_000)
  // an address elsewhere is not followed
  await deliver(JSON.stringify({ id: '8', title: 'x', url: 'https://elsewhere.example/steal' }))
  await until(async () => (await shown()).some((n) => n.tag === '8'), 'the third was shown', 30_000)
  assert.equal((await shown()).find((n) => n.tag === '8').data.path, '/notices')

  const worker = await until(() => page.context().serviceWorkers()[0], 'the worker is there')
  await worker.evaluate(async () => {
    const [n] = await self.registration.getNotifications({ tag: '7' })
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification: n }))
  })
  await page.waitForURL(`**/inbox/all/${t.id}`)
  await page.locator('.hd').getByText('洗碗机漏水').first().waitFor()
})
