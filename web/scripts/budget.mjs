// Fails when the built front end is heavier than UI.md allows (gzip sizes).
// First load = the entry, everything it imports statically, and its styles.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const KB = 1024
const FIRST = 450 * KB
const CHUNK = 200 * KB
const named = [[/Editor/, 130 * KB, 'composer']]

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const size = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length
const closure = (key, seen = new Set()) => {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) closure(next, seen)
  return seen
}
const weigh = (keys) => {
  const files = new Set()
  for (const key of keys) {
    files.add(manifest[key].file)
    for (const css of manifest[key].css ?? []) files.add(css)
  }
  return [...files].reduce((sum, file) => sum + size(file), 0)
}

let failed = false
const line = (name, bytes, limit) => {
  const over = bytes > limit
  failed ||= over
  console.log(`${over ? 'OVER' : 'ok  '}  ${(bytes / KB).toFixed(1).padStart(6)} / ${limit / KB} KB  ${name}`)
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const first = closure(entry)
line('first load', weigh(first), FIRST)
for (const key of Object.keys(manifest)) {
  if (!manifest[key].isDynamicEntry) continue
  // what it adds to what whoever asks for it has loaded already
  const had = new Set(first)
  for (const asker of Object.keys(manifest)) {
    if (!manifest[asker].dynamicImports?.includes(key)) continue
    for (const k of closure(asker)) had.add(k)
  }
  const own = [...closure(key)].filter((k) => !had.has(k))
  const rule = named.find(([pattern]) => pattern.test(key))
  line(rule ? rule[2] : key, weigh(own), rule ? rule[1] : CHUNK)
}
process.exit(failed ? 1 : 0)
