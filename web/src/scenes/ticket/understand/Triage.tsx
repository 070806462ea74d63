import type { Ticket } from '~/api/types'
import { perform } from '~/actions/action'
import { action } from '~/actions/registry'
import { choices, decide, inTriage, toClassify } from '~/actions/triage'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { Pop } from '~/parts/Pop'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { listing, show, ui } from '~/stores/ui'
import { decisionOn, fieldValue } from '~/stores/understanding'
import { corrections, fieldName, percent, sureness, valueText } from './values'

/** The fast lane of the view "To be classified": one key per ticket. */
export function Triage({ ticket }: { ticket: Ticket }) {
  const names = useNames()
  const place = useStore(listing)
  const open = useStore(ui, (u) => u.picker === 'decide')
  if (!inTriage(place)) return null
  const field = toClassify(ticket)
  const at = place.ids.indexOf(ticket.id)
  if (!field) return <div className="triage done f13" role="status"><Icon name="check" size="s" /><span className="sp">{t('triage.done')}</span>{at < place.ids.length - 1 && <Button look="sm" keys="j" onClick={() => perform(action('list.next'))}>{t('action.next')}</Button>}</div>
  const d = decisionOn(ticket, field)
  const runners = choices(ticket)
  return (
    <div className="triage" role="toolbar" aria-label={t('triage.title')}>
      <div className="row g8 f13">
        <span className="aim o" aria-hidden="true" /><b className="nw">{fieldName(field)}</b>
        <span className="ell">{d ? valueText(field, d.value, names) : t('triage.none')}</span>
        {d && <span className="f12 t3 nw">{sureness(d.confidence)}{' '}{percent(d.confidence)}</span>}
        <span className="sp" />
        {at >= 0 && <span className="f12 t3 nw">{t('triage.left', { at: at + 1, n: place.ids.length })}</span>}
      </div>
      <div className="row g4 wrap">
        {d && <Button look="a sm" keys="a" onClick={() => perform(action('triage.accept'))}>{t('judge.accept')}</Button>}
        {runners.map((r, i) => <button key={r.value} type="button" className="btn sm" onClick={() => perform(action(`triage.${i + 1}`))}><Kbd keys={String(i + 1)} /><span className="ell" style={{ maxWidth: 180 }}>{valueText(field, r.value, names)}</span><span className="t3">{percent(r.confidence)}</span></button>)}
        <Pop open={open} onOpen={(o) => show({ picker: o ? 'decide' : undefined })} content={(close) => <ChoiceList search label={t('triage.other')} hint={fieldName(field)} choices={corrections(field, d, fieldValue(ticket, field), names)} onChoose={(id) => { close(); decide(ticket, field, id) }} />}>
          <Button look="q sm" keys="c">{t('triage.other')}</Button>
        </Pop>
      </div>
    </div>
  )
}
