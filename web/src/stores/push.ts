// Pushes to this browser, by the worker in /sw.js, while no page is open.
import { api, data } from '~/api/client'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { prefsQuery } from './notify'
import { queries } from './query'
import { complain, say } from './toast'

const WORKER = '/sw.js'
const KEPT = 'zhidan.push' // which of the browsers that the server knows this one is

export const pushable = (): boolean => window.isSecureContext && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

/** The name under which the server knows this browser, while it takes pushes. */
export const pushID = (): ID | undefined => localStorage.getItem(KEPT) ?? undefined

const bytes = (base64url: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))

/** Asks for leave, starts the worker and tells the server where this browser is. */
export async function takePushes(key: string): Promise<boolean> {
  try {
    if ((await Notification.requestPermission()) !== 'granted') {
      say(t('notice.desktop.denied'))
      return false
    }
    const registration = await navigator.serviceWorker.register(WORKER)
    await navigator.serviceWorker.ready
    // a subscription made for another key of the company is of no use
    await (await registration.pushManager.getSubscription())?.unsubscribe()
    const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) })
    const { endpoint = '', keys } = made.toJSON()
    const { id } = await data(api.POST('/me/push-subscriptions', { body: { endpoint, keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } } }))
    localStorage.setItem(KEPT, id)
    say(t('notice.push.on'))
    return true
  } catch (error) {
    // the browser's own push service refuses, is switched off or out of reach
    if (error instanceof DOMException) say(t('notice.push.unreached'))
    else complain(error)
    return false
  } finally {
    void queries.invalidateQueries({ queryKey: prefsQuery.queryKey })
  }
}

/** Lets a browser take pushes no more; without a name: this one. */
export async function leavePushes(id = pushID()): Promise<void> {
  try {
    if (!id || id === pushID()) {
      await (await (await navigator.serviceWorker.getRegistration(WORKER))?.pushManager.getSubscription())?.unsubscribe()
      localStorage.removeItem(KEPT)
    }
    if (id) await data(api.DELETE('/me/push-subscriptions/{id}', { params: { path: { id } } }))
  } catch (error) {
    complain(error)
  } finally {
    void queries.invalidateQueries({ queryKey: prefsQuery.queryKey })
  }
}

/** Who clicks on a push comes to its matter in the page that is open. */
export function onPushClick(go: (path: string) => void): () => void {
  const hear = (e: MessageEvent<{ go?: string }>) => { if (typeof e.data?.go === 'string' && e.data.go.startsWith('/')) go(e.data.go) }
  if (!('serviceWorker' in navigator)) return () => undefined
  navigator.serviceWorker.addEventListener('message', hear)
  return () => navigator.serviceWorker.removeEventListener('message', hear)
}
