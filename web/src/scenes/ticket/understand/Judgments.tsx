import { useQuery } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import type { Decision, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Mood } from '~/parts/Mood'
import { PriorityBars } from '~/parts/Glyph'
import { Pop } from '~/parts/Pop'
import { Skeleton } from '~/parts/State'
import { useMe, useNames } from '~/stores/session'
import { overviewQuery } from '~/stores/intelligence'
import { judge, judged, may, readAgain, understandingQuery } from '~/stores/understanding'
import { Insight } from './Insight'
import { Sign } from './Mark'
import { decidedFields, fieldName, percent, reasonText, riskKinds, riskName, sureness, valueText } from './values'
import { Why } from './Why'

/** AI 判断: each decided field with value, mark and confidence; below it what else was read. */
export function Judgments({ ticket }: { ticket: Ticket }) {
  const me = useMe()
  const [busy, setBusy] = useState(false)
  const understanding = useQuery(understandingQuery(ticket))
  // thresholds and the language model are the managers' business; they read them once
  useQuery({ ...overviewQuery, enabled: may(me, 'understand.read') })
  const rows = decidedFields.flatMap((f) => ticket.decisions.filter((d) => d.field === f && !(f === 'risk' && d.value === '0' && !judged(d))))
  const again = async () => {
    setBusy(true)
    await readAgain(ticket)
    setBusy(false)
  }
  const press = (e: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key]
    if (!by || !(e.target as HTMLElement).matches('.jr .mark')) return
    const marks = [...e.currentTarget.querySelectorAll<HTMLElement>('.jr .mark')]
    e.preventDefault()
    marks[(marks.indexOf(e.target as HTMLElement) + by + marks.length) % marks.length]?.focus()
  }
  return (
    <section aria-label={t('judge.title')} className="judgments" onKeyDown={press}>
      <h3><span className="aim" aria-hidden="true" />{t('judge.title')}<span className="sp" /><IconButton icon="refresh" label={t('judge.again')} small disabled={busy} onClick={() => void again()} /></h3>
      {rows.length === 0 && <p className="f12 t3">{t('judge.none')}</p>}
      {rows.map((d) => <Row key={d.field} ticket={ticket} d={d} />)}
      {understanding.isPending && understanding.fetchStatus !== 'idle' && <div style={{ display: 'grid', gap: 10, padding: '8px 0' }} aria-busy="true"><Skeleton width="90%" /><Skeleton width="70%" /></div>}
      {understanding.error && !understanding.data && <p className="f12 t3 row g8">{t('judge.unread')}<button type="button" className="link" onClick={() => void understanding.refetch()}>{t('common.retry')}</button></p>}
      {understanding.data && <Insight ticket={ticket} u={understanding.data} />}
    </section>
  )
}

function Row({ ticket, d }: { ticket: Ticket; d: Decision }) {
  const names = useNames()
  const [open, setOpen] = useState(false)
  const [fixing, setFixing] = useState(false)
  // what a person gave stands; before that, what the model says
  const value = d.state === 'corrected' ? (d.after ?? d.value) : d.state === 'undone' ? (d.before ?? '') : d.value
  const kinds = d.field === 'risk' && value !== '0' ? riskKinds(d) : []
  const text = valueText(d.field, value, names)
  const share = t('judge.share', { word: sureness(d.confidence), share: percent(d.confidence) })
  return (
    <div className={d.state === 'set' ? 'jr' : `jr ${d.state}`}>
      <span className="lb">{fieldName(d.field)}</span>
      <Pop hover open={open} onOpen={setOpen} placement="leftTop" content={(close) => <Why ticket={ticket} decision={d} close={close} />}>
        <button type="button" className={open ? 'mark jv hot' : 'mark jv'} aria-haspopup="dialog" aria-expanded={open} aria-label={t('mark.label', { field: fieldName(d.field), state: t(`judged.${d.state}`), value: text, share: percent(d.confidence) })}>
          {d.field === 'priority' && <PriorityBars priority={value as 'low'} />}
          {d.field === 'sentiment' && <Mood step={Number(value)} />}
          <span className={kinds.length && Number(value) >= 2 ? 'ell red' : 'ell'} title={reasonText(d) || text}>{kinds.length ? kinds.map(riskName).join(t('common.and')) : text}</span>
          <Sign state={d.state} />
        </button>
      </Pop>
      {judged(d) ? <span className="f12 t3 nw">{t(`judged.${d.state}`)}</span> : d.state === 'set' ? <span className="f12 t3 nw" title={share}>{percent(d.confidence)}</span> : null}
      {d.state === 'suggested' && (
        <span className="row jacts">
          <span className="f12 t3 nw" title={share}>{percent(d.confidence)}</span>
          <Button look="a sm" aria-label={t('judge.accept.of', { field: fieldName(d.field) })} onClick={() => void judge(ticket, d.field, 'accept')}>{t('judge.accept')}</Button>
          <Pop open={fixing} onOpen={setFixing} placement="leftTop" content={(close) => <Why first="correct" ticket={ticket} decision={d} close={close} />}>
            <IconButton icon="pen" small label={t('judge.correct.of', { field: fieldName(d.field) })} />
          </Pop>
        </span>
      )}
    </div>
  )
}
