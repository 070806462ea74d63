import { useState } from 'react'
import type { Decision, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { useNames } from '~/stores/session'
import { decisionOn } from '~/stores/understanding'
import { fieldName, percent, valueText } from './values'
import { Why } from './Why'
import '../ticket.css'
import './understand.css'

/** Who says so, as a shape: filled = the model set it, hollow = it suggests, tick and pen = a person has spoken. */
export function Sign({ state }: { state: Decision['state'] }) {
  if (state === 'accepted') return <span className="sign" aria-hidden="true"><Icon name="check" size="s" /></span>
  if (state === 'corrected' || state === 'undone') return <span className="sign" aria-hidden="true"><Icon name={state === 'undone' ? 'undo' : 'pen'} size="s" /></span>
  return <span className={state === 'suggested' ? 'aim o' : 'aim'} aria-hidden="true" />
}

/** The mark behind an automatic value; hover, click or Enter shows why and how to change it. */
export function Mark({ ticket, field }: { ticket: Ticket; field: string }) {
  const names = useNames()
  const [open, setOpen] = useState(false)
  const d = decisionOn(ticket, field)
  if (!d) return null
  const label = t('mark.label', { field: fieldName(field), state: t(`judged.${d.state}`), value: valueText(field, d.value, names), share: percent(d.confidence) })
  return (
    <Pop hover open={open} onOpen={setOpen} placement="leftTop" content={(close) => <Why ticket={ticket} decision={d} close={close} />}>
      <button type="button" className={open ? 'mark hot' : 'mark'} aria-label={label} aria-haspopup="dialog" aria-expanded={open}><Sign state={d.state} /></button>
    </Pop>
  )
}
