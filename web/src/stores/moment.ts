// What time it is, by the server's clock: a countdown must be right on a
// machine whose clock is wrong. Each answer carries the server's Date to the
// second; the swiftest one says it best.
import { useSyncExternalStore } from 'react'

/** A clock that is no further off than this is taken to be right: the Date of an answer says no better. */
const TRUST = 1500
const STALE = 5 * 60_000

let offset = 0
let best = { trip: Infinity, at: 0 }

export function observe(date: string | null, sent: number, received: number): void {
  const server = Date.parse(date ?? '')
  if (Number.isNaN(server)) return
  const trip = received - sent
  const found = server + 500 - (sent + received) / 2
  const near = Math.abs(found) <= TRUST ? 0 : found
  // a machine that slept or was put right is believed at once
  if (trip > best.trip && received - best.at < STALE && Math.abs(near - offset) < 2 * TRUST + trip) return
  offset = near
  best = { trip, at: received }
}

export const serverNow = (): number => Date.now() + offset

// One second hand for the page: it moves only while somebody looks and something counts.
const hands = new Set<() => void>()
let timer: ReturnType<typeof setTimeout> | undefined
const hidden = (): boolean => typeof document !== 'undefined' && document.visibilityState === 'hidden'

function beat(): void {
  timer = undefined
  for (const f of [...hands]) f()
  wind()
}
function wind(): void {
  if (timer === undefined && hands.size > 0 && !hidden()) timer = setTimeout(beat, 1000 - (serverNow() % 1000) + 5)
}
if (typeof document !== 'undefined') document.addEventListener('visibilitychange', () => {
  clearTimeout(timer)
  timer = undefined
  if (!hidden()) beat()
})

export function eachSecond(f: () => void): () => void {
  hands.add(f)
  wind()
  return () => {
    hands.delete(f)
    if (hands.size === 0) { clearTimeout(timer); timer = undefined }
  }
}

/** What is made of the time; the component is drawn again only when that is different. */
export function useMoment<T extends string | number | boolean>(of: (now: number) => T): T {
  return useSyncExternalStore(eachSecond, () => of(serverNow()))
}
