import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { keys } from '~/api/keys'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { channelName, PriorityBars, priorityName } from '~/parts/Glyph'
import { Pop } from '~/parts/Pop'
import { ReasonForm } from '~/parts/ReasonForm'
import { queries } from '~/stores/query'
import { answerOffer, offerAnswered, offersQuery, type Offer } from '~/stores/routing'
import { serverNow } from '~/stores/moment'
import { span, useSecond } from '~/stores/second'
import { useStore } from '~/stores/store'
import { ui, show } from '~/stores/ui'

/** Offers that wait for my answer, the one that ends first on top. */
export function useOffers(): Offer[] {
  const answered = useStore(offerAnswered)
  const list = useQuery(offersQuery).data?.items ?? []
  return list.filter((o) => !answered.has(o.ticket_id)).toSorted((a, b) => a.expires_at.localeCompare(b.expires_at))
}

/** 派单待接: a card that counts down and goes to somebody else when nobody answers. */
export function Offers() {
  const offers = useOffers()
  const first = offers[0]
  if (!first) return null
  return <section className="offers" role="alert" aria-label={t('offer.title')}><Card key={first.ticket_id} offer={first} more={offers.length - 1} /></section>
}

function Card({ offer, more }: { offer: Offer; more: number }) {
  const now = useSecond()
  const navigate = useNavigate()
  const [begun] = useState(() => serverNow())
  const declining = useStore(ui, (u) => u.decline === offer.ticket_id)
  const end = Date.parse(offer.expires_at)
  const left = end - now
  const share = Math.max(0, Math.min(1, left / Math.max(1, end - begun)))
  const over = left <= 0
  useEffect(() => {
    // somebody else has it now: the server says what is left for me
    if (over) void queries.invalidateQueries({ queryKey: keys.routing('offers') })
  }, [over])
  if (left <= -1000) return null
  const accept = async () => {
    if (await answerOffer(offer, 'accept')) void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: offer.ticket_id }, search: {} })
  }
  return (
    <div className="offer">
      <div className="row g8 f12 t3"><span className="sp">{t('offer.title')}{more > 0 && ` · ${t('offer.more', { n: more })}`}</span><b className={left < 10_000 ? 'red' : 't1'} aria-label={t('offer.left', { n: Math.max(0, Math.ceil(left / 1000)) })}>{span(left)}</b></div>
      <div className="row g8"><PriorityBars priority={offer.priority} /><b className="sp ell f13">{offer.subject || t('ticket.noSubject')}</b></div>
      <div className="f12 t3 ell">{[offer.number, channelName(offer.channel), priorityName(offer.priority)].join(' · ')}</div>
      <div className="bar" aria-hidden="true"><i style={{ width: `${share * 100}%`, ...(left < 10_000 ? { background: 'var(--red)' } : {}) }} /></div>
      <div className="row g8">
        <Button look="p" keys="Shift+Y" onClick={() => void accept()}>{t('offer.accept')}</Button>
        <Pop open={declining} onOpen={(o) => show({ decline: o ? offer.ticket_id : undefined })} placement="topLeft" content={() => <ReasonForm label={t('offer.reason')} submit={t('offer.decline')} onDone={(reason) => { show({ decline: undefined }); void answerOffer(offer, 'decline', reason) }} />}>
          <Button keys="Shift+N">{t('offer.decline')}</Button>
        </Pop>
      </div>
    </div>
  )
}
