// Steps of a clock's story as people say them.
import type { Clocks, SLAClock } from '~/api/types'
import { messages, t, type Key } from '~/i18n'

/** "percent:75", "before:30", "breach", "chain:2/1"; nothing for what is no step of time. */
export function stepText(kind: string): string | undefined {
  const [name, n] = kind.split(':')
  if (name === 'breach') return t('sla.step.breach')
  if (name === 'percent') return t('sla.step.percent', { n: Number(n) })
  if (name === 'before') return t('sla.step.before', { n: Number(n) })
  if (name === 'chain') return t('sla.step.chain', { n: Number(n?.split('/')[0]) })
  const key = `sla.step.${kind}`
  return key in messages() ? t(key as Key) : undefined
}

/** What was told of one clock, the oldest first. */
export const toldOf = (clocks: Clocks, c: SLAClock): Clocks['told'] => clocks.told.filter((x) => x.metric === c.metric && x.unit_id === c.unit_id && x.round === c.round).toReversed()
