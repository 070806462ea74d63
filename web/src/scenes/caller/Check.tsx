import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, data } from '~/api/client'
import type { Body } from '~/api/paths'
import { keys } from '~/api/keys'
import type { Check, Decision } from '~/api/types'
import { t } from '~/i18n'
import { fieldName, percent, sureness, valueText } from '~/scenes/ticket/understand/values'
import { useNames } from '~/stores/session'

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

export function Suggest({ field, d, onTake }: { field: string; d: Decision; onTake: (value: string) => void }) {
  const names = useNames()
  return (
    <p className="f12 callhint row g4"><span className="aim o" aria-hidden="true" /><span className="t3 nw">{t('check.suggest')}</span><span className="ell">{valueText(field, d.value, names)}</span><span className="t3 nw" title={sureness(d.confidence)}>{percent(d.confidence)}</span><button type="button" className="link nw" aria-label={`${t('check.take')} ${fieldName(field)}`} onClick={() => onTake(d.value)}>{t('check.take')}</button></p>
  )
}

export function AutoMark({ d }: { d: Decision }) {
  return <span className="row" title={t('check.auto')}><span className="aim" role="img" aria-label={t('check.auto')} /><span className="ai">{percent(d.confidence)}</span></span>
}
