// The one door to the server: cookie session, CSRF mark, idempotency, typed
// problems, and a pause while the session has run out.
import createClient from 'openapi-fetch'
import { observe } from '~/stores/moment'
import type { paths } from './paths'
import { Problem, problemOf } from './problem'

export const BASE = '/api/v1'

/** A random name for one mutation; works without a secure context too. */
export function key(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')
}

let signIn: () => Promise<void> = () => Promise.reject(new Problem(401, { code: 'auth.required' }))

/** The shell says here how a lost session is renewed: it shows the overlay and resolves when signed in again. */
export function onSignedOut(ask: () => Promise<void>): void {
  signIn = ask
}

const open = ['/session', '/setup']

/** Sends a request; a 401 waits for a new sign-in and then sends the same request once more. */
export async function send(request: Request): Promise<Response> {
  const writes = request.method !== 'GET' && request.method !== 'HEAD'
  if (writes) {
    request.headers.set('X-Zhidan', '1')
    if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) request.headers.set('Idempotency-Key', key())
  }
  const again = request.clone()
  let response: Response
  const sent = Date.now()
  try {
    response = await fetch(request)
    observe(response.headers.get('Date'), sent, Date.now())
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, { code: 'net.offline' })
  }
  const path = new URL(request.url).pathname.slice(BASE.length)
  if (response.status === 401 && !open.includes(path)) {
    await signIn()
    return fetch(again)
  }
  return response
}

const client = createClient<paths>({
  baseUrl: `${typeof location === 'undefined' ? 'http://localhost' : location.origin}${BASE}`,
  credentials: 'same-origin',
  fetch: send,
})

client.use({
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response)
    return undefined
  },
})

export const api = client

/** The body of an answer; openapi-fetch has thrown already when it was a problem. */
export async function data<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  return (await answer).data as T
}

/** If-Match for an edit that must not overwrite what somebody else wrote. */
export const ifMatch = (version: number): Record<string, string> => ({ 'If-Match': `"${version}"` })
