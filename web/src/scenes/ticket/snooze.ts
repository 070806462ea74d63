import type { Key } from '~/i18n'

/** Times people mean by "later", each of them still to come. */
export function snoozeTimes(now: Date): { key: Key; at: Date }[] {
  const at = (days: number, hour: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour)
  const monday = (8 - now.getDay()) % 7 || 7
  const all: { key: Key; at: Date }[] = [
    { key: 'snooze.hour', at: new Date(now.getTime() + 3_600_000) },
    { key: 'snooze.hours', at: new Date(now.getTime() + 3 * 3_600_000) },
    { key: 'snooze.afternoon', at: at(0, 14) },
    { key: 'snooze.tomorrow', at: at(1, 9) },
    { key: 'snooze.monday', at: at(monday, 9) },
  ]
  return all.filter((x) => x.at.getTime() > now.getTime() + 60_000)
}
