import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '../src/i18n/en'
import { format } from '../src/i18n/message'
import zh from '../src/i18n/zh-CN'

const src = join(import.meta.dirname, '../src')
const walk = (dir: string): string[] => readdirSync(dir).flatMap((n) => { const p = join(dir, n); return statSync(p).isDirectory() ? walk(p) : [p] })
const bare = (s: string) => s.replace(/\/\*[\s\S]*?\*\/|(^|[^:])\/\/.*$/gm, '$1')
const names = (message: string) => [...new Set([...message.matchAll(/\{(\w+)/g)].map((m) => m[1]).filter((n) => n !== undefined && !/^\d/.test(n)))].sort()

describe('catalogues', () => {
  it('hold the same keys, none of them empty', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort())
    for (const [key, value] of [...Object.entries(zh), ...Object.entries(en)]) expect(value.trim(), key).not.toBe('')
  })

  it('take the same parameters in both languages and format without error', () => {
    const params = new Proxy({}, { get: () => 3, has: () => true }) as Record<string, number>
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      const plain = (m: string) => names(m.replace(/\{(\w+), plural,(?:[^{}]|\{[^{}]*\})*\}/g, '{$1}'))
      expect(plain(en[key]), key).toEqual(plain(zh[key]))
      expect(format(zh[key], params, 'zh-CN'), key).not.toMatch(/[{}]/)
      expect(format(en[key], params, 'en'), key).not.toMatch(/[{}]/)
    }
  })

  it('keep English free of Chinese, except the name of the language itself', () => {
    for (const [key, value] of Object.entries(en)) if (key !== 'profile.zh') expect(value, key).not.toMatch(/\p{Script=Han}/u)
  })

  it('are the only place with words for people', () => {
    const files = walk(src).filter((f) => /\.tsx?$/.test(f) && !f.includes('/i18n/'))
    expect(files.length).toBeGreaterThan(40)
    for (const file of files) {
      const code = bare(readFileSync(file, 'utf8'))
      expect(code.match(/\p{Script=Han}+/gu), `${file}: Chinese outside the catalogues`).toBeNull()
      if (!file.endsWith('.tsx')) continue
      // literal text between tags, and attributes that are read out
      const literal = [...code.matchAll(/<\/?[A-Za-z][^<>]*>\s*([A-Za-z][A-Za-z ,.!?']{2,})\s*<\//g)].map((m) => m[1])
      expect(literal, `${file}: literal text`).toEqual([])
      expect(code.match(/\b(aria-label|title|placeholder|alt)="[^"]*[A-Za-z]{2,}[^"]*"/g)?.filter((a) => !/title="(resolve|transfer|merge|link|parent|split|action|matters|children)\./.test(a)) ?? [], `${file}: literal attribute`).toEqual([])
    }
  })
})

describe('message format', () => {
  it('chooses plural forms by language and number', () => {
    const m = '{n, plural, =0 {none} one {# ticket} other {# tickets}} for {who}'
    expect(format(m, { n: 0, who: 'A' }, 'en')).toBe('none for A')
    expect(format(m, { n: 1, who: 'A' }, 'en')).toBe('1 ticket for A')
    expect(format(m, { n: 1200, who: 'A' }, 'en')).toBe('1,200 tickets for A')
    expect(format(m, { n: 1, who: 'A' }, 'zh-CN')).toBe('1 tickets for A')
  })
})
