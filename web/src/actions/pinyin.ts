// First letters of Chinese names, by the collation that every browser brings:
// a character belongs to the letter whose first syllable it does not precede.
const first: [string, string][] = [
  ['\u963f', 'a'], ['\u516b', 'b'], ['\u5693', 'c'], ['\u54d2', 'd'], ['\u59b8', 'e'], ['\u53d1', 'f'], ['\u65ee', 'g'], ['\u54c8', 'h'], ['\u8ba5', 'j'], ['\u5494', 'k'], ['\u5783', 'l'], ['\u5988', 'm'],
  ['\u62cf', 'n'], ['\u5662', 'o'], ['\u5991', 'p'], ['\u4e03', 'q'], ['\u5465', 'r'], ['\u4ee8', 's'], ['\u4ed6', 't'], ['\u5c72', 'w'], ['\u5915', 'x'], ['\u4e2b', 'y'], ['\u5e00', 'z'],
]
const order = new Intl.Collator('zh-Hans-CN-u-co-pinyin')
const known = new Map<string, string>()

function letter(c: string): string {
  let found = known.get(c)
  if (found === undefined) {
    found = first.findLast(([start]) => order.compare(start, c) <= 0)?.[1] ?? ''
    known.set(c, found)
  }
  return found
}

/** A name of three characters and a word give three letters and the word. */
export function initials(text: string): string {
  return [...text.toLowerCase()].map((c) => (/\p{Script=Han}/u.test(c) ? letter(c) : /[a-z0-9]/.test(c) ? c : '')).join('')
}
