import { useQuery } from '@tanstack/react-query'
import type { Ticket } from '~/api/types'
import { messages, t, type Key } from '~/i18n'
import { clock, exact } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { PlainText, RichText } from '~/parts/RichText'
import { useNow } from '~/parts/Time'
import { cancelScheduled, moveScheduled, scheduledQuery, sendScheduled, type Scheduled } from '~/stores/scheduled'
import { useMe } from '~/stores/session'
import { retake } from '~/stores/ui'
import { Later } from './Later'

const why = (code: string): string => (`error.${code}` in messages() ? t(`error.${code}` as Key) : code)

/** Replies that wait for their time, below the newest message. */
export function Waiting({ ticket }: { ticket: Ticket }) {
  const list = useQuery(scheduledQuery(ticket.id)).data?.items ?? []
  return list.map((s) => <Reply key={s.id} ticket={ticket} s={s} />)
}

function Reply({ ticket, s }: { ticket: Ticket; s: Scheduled }) {
  const own = useMe()?.id === s.author.id
  const now = useNow()
  const may = !ticket.actions || ticket.actions.includes('reply')
  const edit = async () => {
    if (await cancelScheduled(ticket.id, s, false)) retake({ ticket: ticket.id, text: s.text, html: s.html ?? '', attachments: s.attachments })
  }
  return (
    <article className={s.error ? 'later bad' : 'later'} aria-label={t('later.waiting', { at: exact(s.due_at) })}>
      <div className="row g8 wrap f12">
        <Icon name={s.error ? 'warn' : 'clock'} size="s" />
        {s.error ? <b>{t('later.failed', { why: why(s.error) })}</b> : <b title={exact(s.due_at)}>{t('later.waiting', { at: clock(s.due_at, now) })}</b>}
        {s.status && <span>{t('later.as', { status: statusName(s.status as Ticket['status']) })}</span>}
        {!own && <span>{t('later.by', { name: s.author.name })}</span>}
      </div>
      {s.newer && !s.error && <p className="f12 amber row g6"><Icon name="warn" size="s" />{t('later.newer')}</p>}
      <div className="words">{s.html ? <RichText html={s.html} /> : <PlainText text={s.text} />}</div>
      {s.attachments.length > 0 && <div className="files">{s.attachments.map((a) => <span key={a.id} className="file"><Icon name="file" /><span className="ell">{a.name}</span></span>)}</div>}
      {may && (
        <div className="row g4 acts">
          {own && <Button look="q sm" onClick={() => void sendScheduled(ticket.id, s)}>{t('later.now')}</Button>}
          {own && <Button look="q sm" onClick={() => void edit()}>{t('later.edit')}</Button>}
          {own && <Pop placement="topLeft" content={(close) => <Later onChoose={(at) => { close(); void moveScheduled(ticket.id, s, at) }} />}><Button look="q sm">{t('later.move')}</Button></Pop>}
          <Button look="q sm" onClick={() => void cancelScheduled(ticket.id, s)}>{t('later.cancel')}</Button>
        </div>
      )}
    </article>
  )
}
