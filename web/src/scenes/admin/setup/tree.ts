// Categories as a tree: what is shown of it, where one may go, and what order
// a drag makes.
import type { Category } from '~/api/types'

export interface Node { category: Category; depth: number; kids: boolean }
export type Place = 'before' | 'into' | 'after'

const below = (list: Category[], parent: string): Category[] => list.filter((c) => (c.parent_id ?? '') === parent)

/** The tree from top to bottom; below what is shut nothing is listed. With words: what fits, and the way to it. */
export function tree(list: Category[], shut: ReadonlySet<string>, words = ''): Node[] {
  const wanted = words.trim().toLowerCase()
  const fits = (c: Category): boolean => [c.name.zh, c.name.en, ...(c.aliases ?? [])].some((w) => w.toLowerCase().includes(wanted))
  const keep = (c: Category): boolean => fits(c) || below(list, c.id).some(keep)
  const known = new Set(list.map((c) => c.id))
  const out: Node[] = []
  const visit = (parent: string, depth: number) => {
    for (const category of list.filter((c) => (known.has(c.parent_id ?? '') ? c.parent_id : '') === parent)) {
      if (wanted && !keep(category)) continue
      const kids = below(list, category.id).length > 0
      out.push({ category, depth, kids })
      if (kids && (wanted || !shut.has(category.id))) visit(category.id, depth + 1)
    }
  }
  visit('', 0)
  return out
}

/** Whether one stands below another, or is it. */
export function within(list: Category[], id: string, root: string): boolean {
  for (let at: string | undefined = id, steps = 0; at && steps < 64; steps++) {
    if (at === root) return true
    at = list.find((c) => c.id === at)?.parent_id
  }
  return false
}

export interface Move { ids: string[]; parent?: string }

/** What a drop means: below another one at the end, or beside it. Undefined: nothing changes, or it cannot be. */
export function dropped(list: Category[], id: string, over: string, place: Place): Move | undefined {
  const target = list.find((c) => c.id === over)
  if (!target || id === over || within(list, over, id)) return undefined
  const parent = place === 'into' ? over : target.parent_id
  const ids = below(list, parent ?? '').map((c) => c.id).filter((x) => x !== id)
  ids.splice(place === 'into' ? ids.length : ids.indexOf(over) + (place === 'after' ? 1 : 0), 0, id)
  const now = below(list, parent ?? '').map((c) => c.id)
  return ids.join() === now.join() ? undefined : { ids, ...(parent ? { parent } : {}) }
}

/** Alt and an arrow: up, down, below the one before, beside the parent. */
export function stepped(list: Category[], id: string, key: string): Move | undefined {
  const me = list.find((c) => c.id === id)
  if (!me) return undefined
  const beside = below(list, me.parent_id ?? '')
  const at = beside.findIndex((c) => c.id === id)
  switch (key) {
    case 'ArrowUp': return at > 0 ? dropped(list, id, beside[at - 1]!.id, 'before') : undefined
    case 'ArrowDown': return at < beside.length - 1 ? dropped(list, id, beside[at + 1]!.id, 'after') : undefined
    case 'ArrowRight': return at > 0 ? dropped(list, id, beside[at - 1]!.id, 'into') : undefined
    case 'ArrowLeft': return me.parent_id ? dropped(list, id, me.parent_id, 'after') : undefined
    default: return undefined
  }
}

/** How those stand now that a move would take away: the way back. */
export function standing(list: Category[], id: string): Move {
  const parent = list.find((c) => c.id === id)?.parent_id
  return { ids: below(list, parent ?? '').map((c) => c.id), ...(parent ? { parent } : {}) }
}
