// Class names are global, and the styles of a scene stay once it was visited. So
// this fails when one name means two things: when two scenes define it, when a
// scene defines again what the parts define, when a scene styles the name of a
// scene whose styles it does not import, or when a screen uses a name whose
// styles may not be loaded. A name is defined by a rule that begins with it:
// `.a .b` says how b looks inside a, and defines nothing.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const src = join(dirname(fileURLToPath(import.meta.url)), '../src')
const all = readdirSync(src, { recursive: true }).map((f) => f.replaceAll('\\', '/')).filter((f) => !/\.test\.tsx?$/.test(f))
const text = Object.fromEntries(all.filter((f) => /\.(css|tsx?)$/.test(f)).map((f) => [f, readFileSync(join(src, f), 'utf8')]))

/** Whose a file is: a scene's, a part of the administration's, or everybody's. */
const owner = (file) => file.match(/^scenes\/(admin\/[^/.]+(?=\/)|[^/]+)/)?.[1] ?? ''

/** Splits where no bracket is open. */
function split(s, at) {
  const parts = ['']
  let depth = 0
  for (const c of s) {
    depth += '(['.includes(c) ? 1 : ')]'.includes(c) ? -1 : 0
    if (depth === 0 && at.test(c)) parts.push('')
    else parts[parts.length - 1] += c
  }
  return parts.map((p) => p.trim()).filter(Boolean)
}

/** The selectors and the names of the animations of a style file. */
function read(css) {
  const selectors = [], frames = [], open = []
  let head = ''
  for (const c of css.replace(/\/\*[^]*?\*\//g, '')) {
    if (c === '{') {
      head = head.trim()
      const kind = head.startsWith('@media') || head.startsWith('@supports') ? 'at' : head.startsWith('@') ? 'other' : 'rule'
      if (head.startsWith('@keyframes')) frames.push(head.slice(10).trim())
      if (kind === 'rule' && !open.includes('other')) selectors.push(...split(head, /,/))
      open.push(kind)
      head = ''
    } else if (c === '}') { open.pop(); head = '' } else if (c === ';') head = ''
    else head += c
  }
  return { selectors, frames }
}

const classes = (s) => [...s.matchAll(/\.([a-zA-Z][\w-]*)/g)].map((m) => m[1])
const outer = (s) => { // without what stands in brackets
  for (let last; last !== s; ) { last = s; s = s.replace(/\([^()]*\)|\[[^\]]*\]/g, '') }
  return s
}

const wrong = []
const frames = new Map() // animation → file
const rules = [] // { file, own: names of what it styles, alone, free: not inside another name }
for (const file of Object.keys(text).filter((f) => f.endsWith('.css'))) {
  const { selectors, frames: named } = read(text[file])
  for (const name of named) {
    if (frames.has(name)) wrong.push(`@keyframes ${name}: ${frames.get(name)} and ${file}`)
    frames.set(name, file)
  }
  for (const selector of selectors) {
    const steps = split(selector, /[\s>+~]/)
    const own = classes(outer(steps.at(-1)))
    if (own.length) rules.push({ file, selector, own, free: classes(selector).length === own.length })
  }
}

// 1. one name, one owner
const owners = new Map() // a.b → owner → file
for (const r of rules.filter((x) => x.free)) {
  const key = r.own.toSorted().join('.')
  const by = owners.get(key) ?? owners.set(key, new Map()).get(key)
  if (!by.has(owner(r.file))) by.set(owner(r.file), r.file)
}
for (const [key, by] of owners) if (by.size > 1) wrong.push(`.${key} is defined in ${[...by.values()].join(' and ')}`)

const find = (from, to) => {
  const path = to.startsWith('~/') ? to.slice(2) : posix.join(posix.dirname(from), to)
  return [path, `${path}.tsx`, `${path}.ts`, `${path}/index.ts`, `${path}/index.tsx`].find((f) => f in text)
}
// what a file loads with itself
const links = (file) => [...text[file].matchAll(/^\s*(?:import|export)\b[^'"]*?['"]([~.][^'"]*)['"]|^@import '([^']*)'/gm)]
  .map((m) => find(file, m[1] ?? m[2])).filter(Boolean)
const closure = (file, seen = new Set()) => {
  if (!seen.has(file)) { seen.add(file); for (const next of links(file)) closure(next, seen) }
  return seen
}
const imports = new Map() // owner → the style files that its files import
for (const file of Object.keys(text)) for (const to of links(file)) if (to.endsWith('.css')) (imports.get(owner(file)) ?? imports.set(owner(file), new Set()).get(owner(file))).add(to)

// 2. nobody styles another's name unknowingly, nor takes it for a state of their own
const home = (name) => owners.get(name)?.size === 1 ? [...owners.get(name)][0] : ['']
for (const r of rules) for (const name of r.own) {
  const [scene, file] = home(name)
  if (scene && scene !== owner(r.file) && !(name === r.own[0] && imports.get(owner(r.file))?.has(file))) wrong.push(`${r.file}: ${r.selector} styles .${name} of ${file}`)
}

// 3. what a screen uses is loaded with it
const lazy = new Map(Object.keys(text).map((file) => [file, new Set([...text[file].matchAll(/import\(['"]([~.][^'"]*)['"]\)/g)].map((m) => find(file, m[1])))]))
const entries = ['main.tsx', ...new Set([...lazy.values()].flatMap((s) => [...s]))].filter(Boolean)
const used = (file) => {
  const names = new Set()
  for (const m of text[file].matchAll(/\b(?:className|rootClassName)=(?:"([^"]*)"|\{)/g)) {
    let said = m[1]
    if (said === undefined) {
      let depth = 1, i = m.index + m[0].length
      const from = i
      for (; depth; i++) depth += text[file][i] === '{' ? 1 : text[file][i] === '}' ? -1 : 0
      said = [...text[file].slice(from, i).matchAll(/'([^']*)'|`([^`]*)`/g)].map((q) => q[1] ?? q[2].replace(/\$\{[^}]*\}/g, ' ')).join(' ')
    }
    for (const name of said.split(/\s+/)) names.add(name)
  }
  return names
}
const base = closure('main.tsx')
for (const entry of entries) {
  const loaded = new Set([...base, ...closure(entry)])
  // a part that a screen loads later stands on the screen's styles
  for (const page of entries) if (page !== 'main.tsx' && page !== entry && [...closure(page)].some((f) => lazy.get(f)?.has(entry))) for (const f of closure(page)) loaded.add(f)
  for (const file of closure(entry)) if (file.endsWith('.tsx')) for (const name of used(file)) {
    const [scene, at] = home(name)
    if (scene && !loaded.has(at)) wrong.push(`${file} uses .${name} of ${at}, which ${entry} does not load`)
  }
}

for (const line of new Set(wrong)) console.error(line)
console.log(wrong.length ? `${new Set(wrong).size} names of styles mean two things or are not loaded` : `ok  ${owners.size} names of styles, each with one owner`)
process.exit(wrong.length ? 1 : 0)
