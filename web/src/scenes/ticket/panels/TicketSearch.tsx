import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import type { ID, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { customerTickets } from '~/stores/customer'
import { findQuery } from '~/stores/ticket'

/** Picks another ticket: by words or number; before that, the other tickets of the same customer. */
export function TicketSearch({ ticket, value, onChange }: { ticket: Ticket; value?: ID; onChange: (t: Ticket) => void }) {
  const [words, setWords] = useState('')
  const late = useDeferredValue(words.trim())
  const found = useQuery({ ...findQuery(late, 12), placeholderData: (old) => old })
  const own = useQuery(customerTickets(ticket.requester?.id))
  const items = ((late ? found.data?.items : own.data?.items) ?? []).filter((x) => x.id !== ticket.id)
  return (
    <div className="tsearch">
      <div className="inp"><Icon name="search" size="s" /><input data-first value={words} placeholder={t('find.hint')} aria-label={t('find.hint')} onChange={(e) => setWords(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter' && !e.ctrlKey && !e.metaKey && items[0]) { e.preventDefault(); onChange(items[0]) } }} /></div>
      {!late && items.length > 0 && <div className="sec">{t('find.sameCustomer')}</div>}
      <div role="radiogroup" aria-label={t('find.results')}>
        {items.map((x) => (
          <button key={x.id} type="button" role="radio" aria-checked={x.id === value} className="tfound" onClick={() => onChange(x)}>
            <StatusGlyph status={x.status} />
            <span className="sp"><span className="ell" style={{ display: 'block' }}>{x.subject}</span><span className="t3 f12">{[x.number, x.requester?.name, statusName(x.status)].filter(Boolean).join(' · ')}</span></span>
            {x.id === value && <Icon name="check" />}
          </button>
        ))}
      </div>
      {late && found.isFetched && items.length === 0 && <p className="t3 f13" style={{ padding: '12px 0' }}>{t('find.none')}</p>}
    </div>
  )
}
