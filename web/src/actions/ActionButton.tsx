import { t } from '~/i18n'
import { IconButton, Button } from '~/parts/Button'
import type { Choice } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { allowed, context, perform } from './action'
import { action } from './registry'

/** An action as a button; with `bare` only its sign, name and key in the tooltip. */
export function ActionButton({ id, look, bare, small, withKey = true }: { id: string; look?: string; bare?: boolean; small?: boolean; withKey?: boolean }) {
  const a = action(id)
  if (bare && a.icon) return <IconButton icon={a.icon} label={t(a.name)} keys={a.keys} small={small} onClick={() => perform(a)} />
  return <Button look={look} keys={withKey ? a.keys : undefined} onClick={() => perform(a)}>{t(a.name)}</Button>
}

/** Those of the named actions that are allowed now, as lines of a menu. */
export function actionChoices(ids: string[]): Choice[] {
  const ctx = context()
  return ids
    .map((id) => action(id))
    .filter((a) => allowed(a, ctx))
    .map((a) => ({ id: a.id, text: t(a.name), keys: a.keys, glyph: a.icon && <Icon name={a.icon} /> }))
}
