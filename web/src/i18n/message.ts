// A small part of ICU MessageFormat: {name}, {n, number}, and
// {n, plural, one {# ticket} other {# tickets}} with #; no escapes are needed.
export type Params = Record<string, string | number | undefined>

export function format(message: string, params: Params | undefined, locale: string): string {
  if (!message.includes('{')) return message
  let out = ''
  let at = 0
  while (at < message.length) {
    const open = message.indexOf('{', at)
    if (open < 0) return out + message.slice(at)
    out += message.slice(at, open)
    const close = closing(message, open)
    out += argument(message.slice(open + 1, close), params ?? {}, locale)
    at = close + 1
  }
  return out
}

function closing(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
  }
  throw new Error(`unbalanced braces: ${text}`)
}

function argument(inner: string, params: Params, locale: string): string {
  const [name = '', kind] = inner.split(',', 2).map((s) => s.trim())
  const value = params[name]
  if (!kind) return value === undefined ? '' : String(value)
  const number = Number(value ?? 0)
  const figure = new Intl.NumberFormat(locale).format(number)
  if (kind === 'number') return figure
  if (kind !== 'plural') throw new Error(`unknown format ${kind}`)
  const branches = new Map<string, string>()
  const rest = inner.slice(inner.indexOf(',', inner.indexOf(',') + 1) + 1)
  for (let i = 0; i < rest.length; ) {
    const open = rest.indexOf('{', i)
    if (open < 0) break
    const close = closing(rest, open)
    branches.set(rest.slice(i, open).trim(), rest.slice(open + 1, close))
    i = close + 1
  }
  const branch = branches.get(`=${number}`) ?? branches.get(new Intl.PluralRules(locale).select(number)) ?? branches.get('other') ?? ''
  return format(branch.replaceAll('#', figure), params, locale)
}
