// What people type for a day or a time, and what it means.
import dayjs from 'dayjs'
import customParseFormat from 'dayjs/plugin/customParseFormat'
import type { WhenKind } from './When'

dayjs.extend(customParseFormat)

const days = ['YYYY-MM-DD', 'YYYY-M-D', 'YYYY/M/D', 'YYYY.M.D', 'YYYYMMDD', 'YYYY\u5e74M\u6708D\u65e5']
const times = ['HH:mm', 'H:mm', 'HHmm']
/** The first is how it is written; all are read. */
export const formats: Record<WhenKind, string[]> = { day: days, time: times, moment: ['YYYY-MM-DD HH:mm', ...days.flatMap((d) => times.map((h) => `${d} ${h}`)), 'YYYY-MM-DDTHH:mm'] }
const wire: Record<WhenKind, string> = { day: 'YYYY-MM-DD', time: 'HH:mm', moment: 'YYYY-MM-DDTHH:mm' }

export const asWire = (kind: WhenKind, d: dayjs.Dayjs): string => d.format(wire[kind])
export const ofWire = (kind: WhenKind, value: string): dayjs.Dayjs | null => {
  const d = value ? dayjs(value, wire[kind], true) : null
  return d?.isValid() ? d : null
}

/** A whole day or time as it was typed; nothing while it is still being typed, or means none. */
export function typed(kind: WhenKind, text: string): string | undefined {
  const plain = text.trim().replace(/\uff1a/g, ':').replace(/\s+/g, ' ')
  for (const f of formats[kind]) {
    const d = dayjs(plain, f, true)
    if (d.isValid()) return asWire(kind, d)
  }
  return undefined
}
