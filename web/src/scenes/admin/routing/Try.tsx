import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useState } from 'react'
import { problemText } from '~/api/problem'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { EmptyState, Skeleton } from '~/parts/State'
import { Decided } from '~/scenes/ticket/WhyAgent'
import { tryRules, type RuleSet } from '~/stores/rules'
import type { RouteDecision } from '~/stores/routing'
import { findQuery } from '~/stores/ticket'
import '~/scenes/ticket/ticket.css'

/** Picks a ticket and shows what these rules, saved or not, would do with it this moment. */
export function Try({ set, able }: { set: RuleSet; able: boolean }) {
  const [words, setWords] = useState('')
  const late = useDeferredValue(words.trim())
  const found = useQuery({ ...findQuery(late, 12), placeholderData: (old) => old })
  const [ticket, setTicket] = useState<Ticket>()
  const [answer, setAnswer] = useState<RouteDecision>()
  const [error, setError] = useState<unknown>()
  const body = JSON.stringify(set)
  useEffect(() => {
    if (!ticket) return
    setAnswer(undefined)
    setError(undefined)
    let gone = false
    tryRules(ticket.id, set).then((d) => { if (!gone) setAnswer(d) }, (problem) => { if (!gone) setError(problem) })
    return () => { gone = true }
    // what is tried is what the rules say, not which object holds them
  }, [ticket, body])
  if (!able) return <EmptyState icon="lock" title={t('try.able')} />
  const items = late ? found.data?.items ?? [] : []
  return (
    <div className="try">
      <p className="f13 t2">{t('try.help')}</p>
      <div className="trygrid">
        <div>
          <div className="inp find"><Icon name="search" size="s" /><input value={words} placeholder={t('find.hint')} aria-label={t('find.hint')} onChange={(e) => setWords(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter' && items[0]) { e.preventDefault(); setTicket(items[0]) } }} /></div>
          <div role="radiogroup" aria-label={t('find.results')}>{items.map((x) => (
            <button key={x.id} type="button" role="radio" aria-checked={x.id === ticket?.id} className="tfound" onClick={() => setTicket(x)}><StatusGlyph status={x.status} /><span className="sp"><span className="ell" style={{ display: 'block' }}>{x.subject}</span><span className="t3 f12">{[x.number, x.requester?.name, statusName(x.status)].filter(Boolean).join(' · ')}</span></span>{x.id === ticket?.id && <Icon name="check" />}</button>
          ))}</div>
          {late && found.isFetched && items.length === 0 && <p className="t3 f13">{t('find.none')}</p>}
        </div>
        {ticket && (
          <section className="tried" aria-label={t('try.result')} aria-live="polite">
            <h2 className="h2">{t('try.of', { number: ticket.number })}</h2>
            {error !== undefined ? <p className="red f13" role="alert">{problemText(error)}</p> : !answer ? <><Skeleton width="60%" /><Skeleton width="80%" /></> : <Decided decision={answer} />}
          </section>
        )}
      </div>
    </div>
  )
}
