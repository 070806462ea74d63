import { initials } from './pinyin'

/** Items whose text holds the words, best first: beginnings before middles, whole before scattered; Chinese also by the first letters of its sounds. */
export function fuzzy<T>(words: string, items: T[], text: (item: T) => string): T[] {
  const needle = words.trim().toLocaleLowerCase()
  if (!needle) return items
  return items
    .map((item) => ({ item, score: either(needle, text(item)) }))
    .filter((x) => x.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((x) => x.item)
}

function either(needle: string, text: string): number {
  const plain = score(needle, text.toLocaleLowerCase())
  if (plain > 300 || !/^[a-z0-9]+$/.test(needle) || !/\p{Script=Han}/u.test(text)) return plain
  const at = initials(text).indexOf(needle)
  return Math.max(plain, at === 0 ? 500 : at > 0 ? 400 - at : 0)
}

function score(needle: string, hay: string): number {
  const at = hay.indexOf(needle)
  if (at === 0) return 1000
  if (at > 0) return (hay[at - 1] === ' ' ? 800 : 600) - at
  let i = 0
  let gaps = 0
  for (const c of needle) {
    const found = hay.indexOf(c, i)
    if (found < 0) return 0
    gaps += found - i
    i = found + 1
  }
  return Math.max(1, 300 - gaps)
}
