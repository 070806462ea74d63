// Words for the keys of assignment; a key without a word stays readable.
import { messages, t, type Key } from '~/i18n'

export const word = (kind: string, key: string): string => (`${kind}.${key}` in messages() ? t(`${kind}.${key}` as Key) : key)
export const factorName = (f: string): string => word('factor', f)
export const reasonName = (r: string): string => word('excluded', r)
export const strategyName = (s: string): string => word('strategy', s)
/** What was given up: a demand, or the bounds of the team. */
export const relaxName = (r: string, team: (id: string) => string): string => (r.startsWith('overflow:') ? t('relax.overflow', { name: team(r.slice(9)) || t('queue.team.gone') }) : word('relax', r))
