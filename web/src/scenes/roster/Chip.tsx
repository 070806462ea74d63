import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import type { PlanItem } from '~/stores/plan'

export const itemName = (i: PlanItem): string => (i.kind === 'off' ? t('roster.off') : i.name || `${i.from}–${i.to}`)
export const itemText = (i: PlanItem): string => (i.kind === 'off' ? t('roster.off') : [i.name, i.from && `${i.from}–${i.to}`].filter(Boolean).join(' '))

/** One shift: its colour is the house's own and only tells shifts apart. */
export function ShiftChip({ item, small, draft }: { item: PlanItem; small?: boolean; draft?: boolean }) {
  return (
    <span className={['shift', item.kind === 'off' && 'off', small && 'small', draft && 'draft'].filter(Boolean).join(' ')} style={item.color ? { ['--shift' as string]: item.color } : undefined} title={itemText(item)}>
      {small ? [...itemName(item)][0] : <><b className="ell">{itemName(item)}</b>{item.kind === 'shift' && item.from && <span className="ell">{`${item.from}–${item.to}`}</span>}</>}
      {!small && item.night && <Icon name="clock" size="s" label={t('roster.night')} />}
    </span>
  )
}
