// Reads the events of `go test -json`, prints what failed and what was skipped,
// and leaves the two counts for the script that called it.
import { readFileSync, writeFileSync } from 'node:fs'

const [events, sum] = process.argv.slice(2)
const state = new Map()
const text = new Map()
const broken = []
for (const line of readFileSync(events, 'utf8').split('\n')) {
  if (!line) continue
  let e
  try {
    e = JSON.parse(line)
  } catch {
    console.log(line)
    continue
  }
  const key = [e.Package ?? e.ImportPath ?? '', e.Test ?? ''].join(' ')
  if (e.Action === 'output' || e.Action === 'build-output') text.set(key, (text.get(key) ?? '') + e.Output)
  else if (['pass', 'fail', 'skip'].includes(e.Action)) state.set(key, e.Action)
  if (e.Action === 'fail' || e.Action === 'build-fail') broken.push(key)
}
for (const key of broken) {
  const [pkg, test] = key.split(' ')
  // A package fails because a test of it failed: the test says more.
  if (!test && broken.some((k) => k.startsWith(pkg + ' ') && k.split(' ')[1])) continue
  console.log('--- FAIL', key, '\n' + (text.get(key) ?? '').slice(-8000))
}
const count = { pass: 0, fail: 0, skip: 0 }
for (const [key, s] of [...state].sort()) {
  if (!key.split(' ')[1]) {
    if (s === 'fail') count.fail += broken.some((k) => k.startsWith(key) && k !== key) ? 0 : 1
    continue
  }
  count[s]++
  if (s === 'skip') console.log('skipped:', key, (text.get(key) ?? '').trim().split('\n').slice(-2, -1).join(''))
}
console.log(`Go: ${count.pass} passed, ${count.fail} failed, ${count.skip} skipped`)
writeFileSync(sum, `${count.pass} ${count.fail}`)
