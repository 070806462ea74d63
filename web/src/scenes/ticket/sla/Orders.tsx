import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Supervision, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { useMoment } from '~/stores/moment'
import { can, useMe } from '~/stores/session'
import { clocksQuery, replyOrder } from '~/stores/sla'

/** Orders of a lead that wait for a reply stand above the conversation: yellow once late, red later. */
export function Orders({ ticket }: { ticket: Ticket }) {
  const clocks = useQuery({ ...clocksQuery(ticket), enabled: ticket.sla !== 'none' }).data
  return clocks?.supervisions.filter((s) => s.state === 'open').map((s) => <Order key={s.id} order={s} />)
}

export function Order({ order }: { order: Supervision }) {
  const me = useMe()
  const [words, setWords] = useState<string>()
  const now = useMoment((x) => Math.floor(x / 30_000) * 30_000)
  const send = async () => { if (words?.trim() && (await replyOrder(order, words.trim()))) setWords(undefined) }
  return (
    <div className={`alert ${order.card === 'red' ? 'red' : order.card === 'yellow' ? 'amber' : 'plain'} order`} role="status">
      <Icon name="flag" />
      <span className="sp"><b>{order.card ? t(`order.card.${order.card}`) : t('order.open')}</b><span className="said">{order.words}</span><span className="said t3">{t('order.due', { by: order.by?.name ?? '', name: order.user?.name ?? '', at: clock(order.due_at, now) })}</span></span>
      {words === undefined
        ? can(me, 'ticket.note') && <Button look="sm" onClick={() => setWords('')}>{t('order.reply')}</Button>
        : <form className="row g8 orderform" onSubmit={(e) => { e.preventDefault(); void send() }}><input className="inp" autoFocus value={words} maxLength={2000} aria-label={t('order.words')} placeholder={t('order.words')} onChange={(e) => setWords(e.target.value)} onKeyDown={(e) => { if (e.key === 'Escape') { e.stopPropagation(); e.preventDefault(); setWords(undefined) } }} /><button type="submit" className="btn sm p" disabled={!words.trim()}>{t('order.send')}</button></form>}
    </div>
  )
}
