import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, data } from '~/api/client'
import type { Body } from '~/api/paths'
import { keys } from '~/api/keys'
import type { Brief, Check, Decision, Like } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Kbd } from '~/parts/Kbd'
import { fieldName, percent, sureness, valueText } from '~/scenes/ticket/understand/values'
import { queries } from '~/stores/query'
import { useNames } from '~/stores/session'
import { settle } from '~/stores/ticket'
import { complain, say } from '~/stores/toast'

const PAUSE = 400
const ENOUGH = 4

/** While somebody writes: is there such a ticket already, and what will this be? Asked when the fingers rest. */
export function useCheck(subject: string, body: string, { name: _, ...requester }: { id?: string; name?: string; email?: string; phone?: string }): Check | undefined {
  const wanted = JSON.stringify({ ...(subject.trim() ? { subject: subject.trim() } : {}), body: body.trim(), requester })
  const [late, setLate] = useState(wanted)
  useEffect(() => {
    const timer = setTimeout(() => setLate(wanted), PAUSE)
    return () => clearTimeout(timer)
  }, [wanted])
  const enough = [...body.trim()].length >= ENOUGH
  const answer = useQuery({
    queryKey: keys.mind('check', late),
    queryFn: ({ signal }) => data(api.POST('/tickets/check', { body: JSON.parse(late) as Body<'/tickets/check'>, signal })),
    enabled: enough && (JSON.parse(late) as { body: string }).body !== '',
    placeholderData: keepPreviousData, staleTime: 60_000, gcTime: 60_000, retry: false,
  })
  return enough ? answer.data : undefined
}

/** Adds what was said to a ticket that is there, in place of a second one. */
export async function joinTicket(ticket: Brief, body: string): Promise<boolean> {
  if (!body) return false
  try {
    await data(api.POST('/tickets/{id}/messages', { params: { path: { id: ticket.id } }, body: { kind: 'customer', body } }))
    settle(ticket.id)
    void queries.invalidateQueries({ queryKey: keys.tickets.one(ticket.id) })
    say(t('check.joined', { number: ticket.number }))
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

export function Duplicates({ found, onOpen, onJoin, able }: { found: Like[]; onOpen: (t: Brief) => void; onJoin: (t: Brief) => void; able: boolean }) {
  return (
    <section aria-label={t('check.title')} aria-live="polite">
      <div className="lab"><h3>{t('check.title')}</h3><span className="t3 f12">{t('check.same')}</span></div>
      {found.slice(0, 3).map((x, i) => (
        <div key={x.ticket.id} className={i === 0 ? 'tk hit' : 'tk'}>
          <StatusGlyph status={x.ticket.status} />
          <div>
            <b className="f13">{x.ticket.subject || t('brief.hidden', { number: x.ticket.number })}</b>
            <div className="t3 f12">{[x.ticket.number, statusName(x.ticket.status), x.ticket.assignee?.name].filter(Boolean).join(' · ')}</div>
            <div className="row g8" style={{ marginTop: 8 }}><Button look={i === 0 ? 'p sm' : 'sm'} disabled={!able} onClick={() => onJoin(x.ticket)}>{t('check.join')}{i === 0 && <Kbd keys="Alt+j" />}</Button><Button look="sm" onClick={() => onOpen(x.ticket)}>{t('check.open')}</Button></div>
          </div>
          <span className="ai f12 nw">{percent(x.score)}</span>
        </div>
      ))}
      <p className="f12 t3" style={{ padding: '4px 12px' }}>{t('check.go')}</p>
    </section>
  )
}

export function Suggest({ field, d, onTake }: { field: string; d: Decision; onTake: (value: string) => void }) {
  const names = useNames()
  return (
    <p className="f12 suggest row g4"><span className="aim o" aria-hidden="true" /><span className="t3 nw">{t('check.suggest')}</span><span className="ell">{valueText(field, d.value, names)}</span><span className="t3 nw" title={sureness(d.confidence)}>{percent(d.confidence)}</span><button type="button" className="link nw" aria-label={`${t('check.take')} ${fieldName(field)}`} onClick={() => onTake(d.value)}>{t('check.take')}</button></p>
  )
}

export function AutoMark({ d }: { d: Decision }) {
  return <span className="row" title={t('check.auto')}><span className="aim" role="img" aria-label={t('check.auto')} /><span className="ai">{percent(d.confidence)}</span></span>
}
