// Takes pushes while no page is open, and brings who clicks to the matter. It
// stores nothing and answers no requests.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

/** What the server has sealed for this browser; without words it only says that there is something. */
function told(event) {
  try {
    return event.data.json()
  } catch {
    return {}
  }
}

self.addEventListener('push', (event) => {
  const { id = '', ticket_id: ticket, title = '智单 Zhidan', text = '', url = '', urgent = false } = told(event)
  let path = '/notices'
  if (ticket) path = `/inbox/all/${ticket}`
  else if (url) {
    const to = new URL(url, self.location.origin)
    if (to.origin === self.location.origin) path = to.pathname
  }
  event.waitUntil(self.registration.showNotification(title, { body: text, tag: id, icon: '/icon.svg', requireInteraction: urgent, data: { path } }))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const path = event.notification.data?.path ?? '/notices'
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
    const page = pages.find((p) => p.focused) ?? pages.find((p) => p.visibilityState === 'visible') ?? pages[0]
    if (!page) return self.clients.openWindow(path)
    page.postMessage({ go: path })
    await page.focus().catch(() => undefined) // a browser may refuse; the page is there all the same
  })())
})

self.addEventListener('pushsubscriptionchange', (event) => {
  const options = event.oldSubscription?.options
  if (!options) return
  event.waitUntil((async () => {
    const made = await self.registration.pushManager.subscribe(options)
    const { endpoint, keys } = made.toJSON()
    await fetch('/api/v1/me/push-subscriptions', { method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json', 'X-Zhidan': '1', 'Idempotency-Key': crypto.randomUUID() }, body: JSON.stringify({ endpoint, keys }) })
  })())
})
