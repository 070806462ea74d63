// Departments as a tree in the order in which they are shown.
import type { Unit } from '~/stores/people'

export interface Node { unit: Unit; depth: number; kids: boolean }

/** The tree from top to bottom; below what is shut nothing is listed. A unit whose parent is not among them stands at the top. */
export function tree(units: Unit[], shut: ReadonlySet<string> = new Set()): Node[] {
  const known = new Set(units.map((u) => u.id))
  const below = new Map<string, Unit[]>()
  for (const u of units) {
    const parent = u.parent_id && known.has(u.parent_id) ? u.parent_id : ''
    below.set(parent, [...(below.get(parent) ?? []), u])
  }
  const out: Node[] = []
  const visit = (parent: string, depth: number) => {
    for (const unit of below.get(parent) ?? []) {
      const kids = below.has(unit.id)
      out.push({ unit, depth, kids })
      if (kids && !shut.has(unit.id)) visit(unit.id, depth + 1)
    }
  }
  visit('', 0)
  return out
}

/** Whether one stands below another, or is it. */
export function within(units: Unit[], id: string, root: string): boolean {
  for (let at: string | null | undefined = id, steps = 0; at && steps < 64; steps++) {
    if (at === root) return true
    at = units.find((u) => u.id === at)?.parent_id
  }
  return false
}
