import { useSyncExternalStore } from 'react'

// One second hand for the page; it stands still while nobody looks at it.
let now = Date.now()
const watchers = new Set<() => void>()
let hand: ReturnType<typeof setInterval> | undefined

function watch(f: () => void): () => void {
  watchers.add(f)
  hand ??= setInterval(() => {
    now = Date.now()
    if (document.visibilityState !== 'hidden') for (const w of [...watchers]) w()
  }, 1000)
  return () => {
    watchers.delete(f)
    if (watchers.size === 0 && hand) {
      clearInterval(hand)
      hand = undefined
    }
  }
}

/** The present time, new every second. */
export function useSecond(): number {
  return useSyncExternalStore(watch, () => {
    if (!hand) now = Date.now()
    return now
  })
}

const two = (n: number): string => String(n).padStart(2, '0')

/** A length of time as a clock: 04:12, 1:04:12; never negative. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const h = Math.floor(s / 3600)
  const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
  return h > 0 ? `${h}:${rest}` : rest
}
