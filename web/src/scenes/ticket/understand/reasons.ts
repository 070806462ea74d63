// Why something was found, as people say it: the server names the rule, the
// checksum or the cue in short words of its own.
import { messages, t, type Key } from '~/i18n'

const known = (key: string): string | undefined => (key in messages() ? t(key as Key) : undefined)

/** "cue: 订单; checksum fails" as a phrase; what nobody has a word for is left out. */
export function entityWhy(why: string): string {
  return why.split(';').map((s) => s.trim()).filter(Boolean).map(piece).filter(Boolean).join(t('common.comma'))
}

function piece(s: string): string {
  const [, head = '', rest = ''] = /^([a-z ]+?): (.+)$/.exec(s) ?? []
  if (head === 'grain') return known(`found.grain.${rest}`) ?? ''
  if (['cue', 'title', 'suffix', 'pattern', 'form'].includes(head)) return t(`found.of.${head}` as Key, { words: rest })
  const sum = /^checksum:? (?!fails)(.+)$/.exec(s)
  if (sum) return t('found.checksum', { words: sum[1]! })
  return known(`found.${s.replaceAll(' ', '_')}`) ?? ''
}

/** Why a part of a message is taken for a matter of its own. */
export const matterWhy = (why: string): string => known(`matter.why.${why}`) ?? ''
