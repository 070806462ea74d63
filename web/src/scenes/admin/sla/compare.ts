// What two versions of a policy say otherwise, setting by setting.
import type { SLAPolicy } from '~/api/types'

export interface Difference { path: string; a: unknown; b: unknown }

const aside = new Set(['id', 'version', 'problem', 'position'])

/** Settings as paths: targets and units by whom they are for, lists by their place. */
export function settings(p: SLAPolicy): Map<string, unknown> {
  const out = new Map<string, unknown>()
  for (const [key, value] of Object.entries(p)) {
    if (aside.has(key)) continue
    if (key === 'targets') for (const { metric, ...by } of p.targets) for (const [priority, x] of Object.entries(by)) out.set(`targets.${metric}.${priority}`, x)
    else if (key === 'units') for (const { kind, unit_id, ...by } of p.units ?? []) for (const [priority, x] of Object.entries(by)) out.set(`units.${kind}:${unit_id ?? ''}.${priority}`, x)
    else if (Array.isArray(value)) value.forEach((x, i) => out.set(`${key}.${i}`, x))
    else if (key === 'stop_on') for (const [k, x] of Object.entries(p.stop_on ?? {})) out.set(`stop_on.${k}`, x)
    else out.set(key, value)
  }
  return out
}

/** An object without a fixed order of its keys, absent and empty alike. */
const plain = (v: unknown): string => JSON.stringify(v, (_, x: unknown) => (x && typeof x === 'object' && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).filter(([, y]) => y !== undefined && y !== false && y !== '' && y !== 0).toSorted(([m], [n]) => (m < n ? -1 : 1))) : x)) ?? ''
const nothing = (v: unknown): boolean => v === undefined || v === false || v === '' || v === 0

export function differences(a: SLAPolicy, b: SLAPolicy): Difference[] {
  const [x, y] = [settings(a), settings(b)]
  return [...new Set([...x.keys(), ...y.keys()])].flatMap((path) => {
    const [m, n] = [x.get(path), y.get(path)]
    return (nothing(m) && nothing(n)) || plain(m) === plain(n) ? [] : [{ path, a: m, b: n }]
  })
}
