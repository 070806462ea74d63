// Ticket numbers as the server makes them, for the preview.
export interface Moment { year: number; month: number; day: number }

const two = (n: number): string => String(n).padStart(2, '0')

/** A number of the pattern; undefined when the pattern makes none. */
export function numberOf(pattern: string, prefix: string, at: Moment, seq: number): string | undefined {
  if (pattern.length > 60 || pattern.split('{seq').length !== 2) return undefined
  const parts: Record<string, string> = {
    type: prefix, yyyy: String(at.year), yy: two(at.year % 100), mm: two(at.month), dd: two(at.day),
    yymmdd: two(at.year % 100) + two(at.month) + two(at.day), yyyymmdd: String(at.year) + two(at.month) + two(at.day),
  }
  let bad = false
  const out = pattern.replace(/\{([^}]*)\}/g, (_, part: string) => {
    const width = /^seq(?::(\d{1,2}))?$/.exec(part)
    if (width) {
      const n = Number(width[1] ?? 1)
      if (n < 1 || n > 12) bad = true
      return String(seq).padStart(n, '0')
    }
    if (!(part in parts)) bad = true
    return parts[part] ?? ''
  })
  return bad || /[^A-Za-z0-9\-_./]/.test(out) ? undefined : out
}

export const numberParts = ['{type}', '{yyyy}', '{yy}', '{mm}', '{dd}', '{yymmdd}', '{yyyymmdd}', '{seq:4}'] as const
