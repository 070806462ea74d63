import { useMoment } from './moment'

/** The server's time, new every second while somebody looks. */
export const useSecond = (): number => useMoment((now) => Math.floor(now / 1000) * 1000)

const two = (n: number): string => String(n).padStart(2, '0')

/** A length of time as a clock: 04:12, 1:04:12; never negative. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const h = Math.floor(s / 3600)
  const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
  return h > 0 ? `${h}:${rest}` : rest
}
