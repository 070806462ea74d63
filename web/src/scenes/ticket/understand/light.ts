// Lights up places in the conversation without touching its nodes: the words
// that counted, or the place of an entity. Offsets are characters, as the server counts.
import type { ID, Message } from '~/api/types'

export interface Spot { in: 'subject' | 'body'; message_id?: ID; start: number; end: number; text?: string }
export type Tone = 'evidence' | 'risk' | 'jump'

const registry = (): Map<string, unknown> | undefined => (typeof CSS !== 'undefined' && 'highlights' in CSS ? (CSS.highlights as unknown as Map<string, unknown>) : undefined)

/** The element that shows the text of a spot; without a message the first words of the customer. */
function home(spot: Spot): Element | null {
  if (spot.in === 'subject') return document.querySelector('.hd h1')
  return document.querySelector(spot.message_id ? `[data-message="${CSS.escape(spot.message_id)}"] [data-words]` : '.tl [data-by="customer"] [data-words]')
}

/** UTF-16 offsets of a span that was counted in characters. */
export function units(text: string, start: number, end: number): [number, number] {
  let at = 0
  let n = 0
  let from = 0
  for (const c of text) {
    if (n === start) from = at
    if (n === end) return [from, at]
    at += c.length
    n++
  }
  return [n === start ? at : from, at]
}

/** The range of a spot: by its offsets where the words stand as they came, else by searching them. */
export function rangeOf(root: Element, spot: Spot): Range | undefined {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  const nodes: Text[] = []
  let whole = ''
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    nodes.push(n as Text)
    whole += n.textContent ?? ''
  }
  let [from, to] = units(whole, spot.start, spot.end)
  if (spot.text && whole.slice(from, to) !== spot.text) {
    from = whole.indexOf(spot.text)
    to = from + spot.text.length
  }
  if (from < 0 || to <= from || to > whole.length) return undefined
  const range = document.createRange()
  let at = 0
  let open = false
  for (const node of nodes) {
    const length = node.textContent?.length ?? 0
    if (!open && from < at + length) {
      range.setStart(node, from - at)
      open = true
    }
    if (open && to <= at + length) {
      range.setEnd(node, to - at)
      return range
    }
    at += length
  }
  return undefined
}

export function light(tone: Tone, spots: Spot[]): Range[] {
  const ranges = spots.flatMap((s) => {
    const root = home(s)
    const range = root && rangeOf(root, s)
    return range ? [range] : []
  })
  const all = registry()
  if (all && typeof Highlight !== 'undefined') {
    if (ranges.length) all.set(tone, new Highlight(...ranges))
    else all.delete(tone)
  }
  return ranges
}

export const dim = (tone: Tone): void => void registry()?.delete(tone)

let fading: ReturnType<typeof setTimeout> | undefined

/** Brings a place into view and shows it for a moment; false when its message is not on screen. */
export function jump(spot: Spot): boolean {
  const [range] = light('jump', [spot])
  if (!range) return false
  const element = range.startContainer.parentElement
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  element?.scrollIntoView({ block: 'center', behavior: still ? 'auto' : 'smooth' })
  clearTimeout(fading)
  fading = setTimeout(() => dim('jump'), 4000)
  return true
}

/** A piece of a message around a spot: what stood before, the words, what followed. */
export function around(message: Pick<Message, 'text'> | undefined, spot: Spot, reach = 14): [string, string, string] | undefined {
  if (!message) return undefined
  const runes = [...message.text]
  if (spot.start < 0 || spot.end > runes.length || spot.end <= spot.start) return undefined
  const words = runes.slice(spot.start, spot.end).join('')
  if (spot.text && spot.text !== words) return undefined
  const from = Math.max(0, spot.start - reach)
  const to = Math.min(runes.length, spot.end + reach)
  const flat = (s: string) => s.replace(/\s+/g, ' ')
  return [(from > 0 ? '…' : '') + flat(runes.slice(from, spot.start).join('')), words, flat(runes.slice(spot.end, to).join('')) + (to < runes.length ? '…' : '')]
}
