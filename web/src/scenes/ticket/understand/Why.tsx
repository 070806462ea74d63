import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Decision, Ticket } from '~/api/types'
import { keys } from '~/api/keys'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { useNow } from '~/parts/Time'
import { entriesOf } from '~/stores/message'
import { queries } from '~/stores/query'
import { useNames } from '~/stores/session'
import { overviewQuery } from '~/stores/intelligence'
import { fieldValue, judge, judged } from '~/stores/understanding'
import { around, dim, light } from './light'
import { corrections, fieldName, percent, reasonText, sureness, valueText } from './values'
import '../ticket.css'
import './understand.css'

/** Value and confidence, the words that counted, what else it might be, who judged, and what to do. */
export function Why({ ticket, decision: d, close, first }: { ticket: Ticket; decision: Decision; close: () => void; first?: 'correct' }) {
  const names = useNames()
  const now = useNow()
  const [changing, setChanging] = useState(first === 'correct')
  // only who manages the thresholds has them at hand
  const rule = useQuery({ ...overviewQuery, enabled: false }).data?.fields.find((f) => f.field === d.field)
  const messages = entriesOf(queries.getQueryData<Parameters<typeof entriesOf>[0]>(keys.tickets.timeline(ticket.id)) ?? undefined).flatMap((e) => (e.message ? [e.message] : []))
  const evidence = (d.evidence ?? []).filter((e) => e.weight > 0)
  useEffect(() => {
    light(d.field === 'risk' ? 'risk' : 'evidence', evidence)
    return () => { dim('evidence'); dim('risk') }
    // the popover lives as long as the decision it shows
  }, [d])
  const say = (verdict: 'accept' | 'undo') => { close(); void judge(ticket, d.field, verdict) }
  const correct = (value: string) => { close(); void judge(ticket, d.field, value === d.value && !judged(d) ? 'accept' : 'correct', value === d.value && !judged(d) ? undefined : value) }
  const current = fieldValue(ticket, d.field)
  if (changing) return <ChoiceList label={t('judge.correct')} search={['category', 'type', 'language'].includes(d.field)} hint={fieldName(d.field)} choices={corrections(d.field, d, current, names)} onChoose={correct} />
  const reason = reasonText(d)
  const who = d.by ? names.staff(d.by) : ''
  return (
    <div className="why" role="dialog" aria-label={t('why.title', { field: fieldName(d.field) })}>
      <div className="row g8 f12 t3"><span className="sp">{t('why.title', { field: fieldName(d.field) })}</span>{rule && <span title={t('why.threshold.help')}>{t('why.threshold', { share: percent(rule.threshold) })}</span>}</div>
      <div className="row g8"><b className="sp">{valueText(d.field, d.value, names)}</b><span className="ai nw"><span className="f12">{sureness(d.confidence)}</span>{' '}<b>{percent(d.confidence)}</b></span></div>
      <div className="bar aibar" role="img" aria-label={percent(d.confidence)}><i style={{ width: percent(d.confidence) }} />{rule && <u style={{ left: percent(rule.threshold) }} />}</div>
      {reason && <p className="t2">{reason}</p>}
      {evidence.length > 0 && (
        <ul className="quotes" aria-label={t('why.evidence')}>
          {evidence.slice(0, 4).map((e, i) => {
            const piece = around(e.in === 'body' ? messages.find((m) => m.id === e.message_id) : { text: ticket.subject }, e)
            return <li key={i}>{piece ? <>{piece[0]}<mark className="ev">{piece[1]}</mark>{piece[2]}</> : <mark className="ev">{e.text}</mark>}</li>
          })}
        </ul>
      )}
      {!evidence.length && !reason && <p className="t3">{t('why.none')}</p>}
      {d.runners && d.runners.length > 0 && d.field !== 'risk' && (
        <div className="runners"><span className="t3">{t('why.runners')}</span>{d.runners.slice(0, 4).map((r) => (
          <button key={r.value} type="button" className="chip" title={t('judge.take')} onClick={() => correct(r.value)}>{valueText(d.field, r.value, names)}<span className="t3">{percent(r.confidence)}</span></button>
        ))}</div>
      )}
      {d.before !== undefined && d.before !== '' && d.before !== d.value && <p className="t3">{t('why.before', { value: valueText(d.field, d.before, names) })}</p>}
      <p className="t3 f12 row g4 wrap"><span className="nw">{modelName(d.model)}</span><span aria-hidden="true">{'·'}</span><time dateTime={d.at}>{clock(d.at, now)}</time></p>
      {judged(d) && <p className="f12 t2">{t(`why.by.${d.state as 'accepted'}`, { name: who || t('why.somebody'), at: d.judged_at ? clock(d.judged_at, now) : '', value: valueText(d.field, d.after ?? (d.state === 'undone' ? d.before : d.value), names) })}</p>}
      <div className="row g8 acts">
        {!judged(d) && <Button look="sm" onClick={() => say('accept')} autoFocus={false}><Icon name="check" size="s" />{t('judge.accept')}</Button>}
        <Button look="sm" onClick={() => setChanging(true)}>{t('judge.correct')}</Button>
        <span className="sp" />
        {d.state === 'set' && <Button look="q sm" onClick={() => say('undo')}><Icon name="undo" size="s" />{t('judge.undo')}</Button>}
      </div>
    </div>
  )
}

export const modelName = (model: string): string => (model.startsWith('rules') ? t('why.rules', { version: model.replace(/^rules\/?/, '') }) : model.startsWith('llm') ? t('why.llm', { name: model.replace(/^llm[:/]/, '') }) : local(model))

/** "type/starter+3": the shipped model with three corrections; "type/<id>+0": one of their own. */
function local(model: string): string {
  const [, version, n] = /^[a-z]+\/(starter|\d+)\+(\d+)$/.exec(model) ?? []
  if (!version) return t('why.model', { name: model })
  const name = version === 'starter' ? t('why.model.shipped') : t('why.model.own', { version: version.slice(-4) })
  return Number(n) > 0 ? t('why.model.taught', { name, n: Number(n) }) : name
}

