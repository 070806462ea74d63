import { age, clock, exact } from '~/i18n/format'
import { createStore, useStore } from '~/stores/store'

// one minute hand for the whole page
const minute = createStore(Date.now())
if (typeof window !== 'undefined') setInterval(() => minute.set(Date.now()), 30_000)

export const useNow = (): number => useStore(minute)

/** Relative time with the exact one on hover. */
export function Time({ at, as = 'age' }: { at: string; as?: 'age' | 'clock' }) {
  const now = useNow()
  return (
    <time dateTime={at} title={exact(at)} className="nw">
      {as === 'age' ? age(at, now) : clock(at, now)}
    </time>
  )
}
