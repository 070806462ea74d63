// Cuts a text at every border of what was found, so that marks may overlap.
import type { Decision, Reading } from '~/api/types'

export interface Piece { text: string; entity?: number; evidence?: boolean; risk?: string }

export function pieces(text: string, r: Pick<Reading, 'entities' | 'risks'>, d: Pick<Decision, 'evidence'> | undefined): Piece[] {
  const runes = [...text]
  const inBody = <T extends { in: string; start: number; end: number }>(list: readonly T[]) => list.map((x, i) => ({ ...x, i })).filter((x) => x.in === 'body' && x.start >= 0 && x.start < x.end && x.end <= runes.length)
  const entities = inBody(r.entities)
  const risks = inBody(r.risks)
  const evidence = inBody((d?.evidence ?? []).filter((e) => e.weight > 0))
  const cuts = [...new Set([0, runes.length, ...[...entities, ...risks, ...evidence].flatMap((x) => [x.start, x.end])])].toSorted((a, b) => a - b)
  const over = (x: { start: number; end: number }, from: number, to: number) => x.start <= from && x.end >= to
  return cuts.slice(0, -1).map((from, n) => {
    const to = cuts[n + 1]!
    const entity = entities.find((x) => over(x, from, to))
    const risk = risks.find((x) => over(x, from, to))
    return { text: runes.slice(from, to).join(''), ...(entity ? { entity: entity.i } : {}), ...(risk ? { risk: risk.kind } : {}), ...(evidence.some((x) => over(x, from, to)) ? { evidence: true } : {}) }
  })
}
