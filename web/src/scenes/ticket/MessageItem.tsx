import { memo, useEffect, useState } from 'react'
import type { Attachment, Message, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { size } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { channelName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { PlainText, RichText } from '~/parts/RichText'
import { Time } from '~/parts/Time'
import { PENDING, withdraw } from '~/stores/message'
import { lightbox } from '~/stores/ui'
import { useMe, useNames } from '~/stores/session'

export const MessageItem = memo(function MessageItem({ ticket, message }: { ticket: Ticket; message: Message }) {
  const { config } = useNames()
  const mentions = message.kind === 'note' ? [...config.staff, ...config.teams].map((s) => s.name) : undefined
  const body = message.withdrawn ? <span className="t3">{t('message.withdrawn')}</span> : message.html ? <RichText html={message.html} /> : <PlainText text={message.text} mentions={mentions} />
  const files = <Files attachments={message.attachments.filter((a) => !a.inline)} />
  const pending = message.id.startsWith(PENDING)
  if (message.kind === 'note') {
    return (
      <article className={pending ? 'note sending' : 'note'}>
        <div className="row g8 f12 t2" style={{ marginBottom: 2 }}><Icon name="lock" size="s" /><b className="t1">{message.author.name}</b><span>{t('action.note')}{' · '}<Time at={message.at} as="clock" /></span></div>
        {body}{files}
      </article>
    )
  }
  const mine = message.kind === 'reply'
  const name = message.author.name || ticket.requester?.name || ''
  return (
    <article data-message={message.id} data-by={message.kind} className={['msg', mine && 'me', pending && 'sending'].filter(Boolean).join(' ')}>
      <Avatar name={name} />
      <div className="sp">
        <div className="by">
          {mine && !message.withdrawn && <TakeBack ticket={ticket} message={message} />}
          {mine ? <><span>{t(pending ? 'delivery.sending' : 'delivery.sent')}{' · '}<Time at={message.at} as="clock" /></span><b>{name}</b></> : <><b>{name}</b><span>{channelName(message.channel)}{' · '}<Time at={message.at} as="clock" /></span></>}
        </div>
        {(message.text || message.html || message.withdrawn) && <div className="bub" data-words>{body}{message.signature && <details className="signed f12 t3"><summary>{t('signature.show')}</summary><div className="plain">{message.signature}</div></details>}</div>}
        {!message.withdrawn && files}
      </div>
    </article>
  )
})

/** While a reply can be taken back it counts down. */
function TakeBack({ ticket, message }: { ticket: Ticket; message: Message }) {
  const me = useMe()
  const until = message.undo_until ? Date.parse(message.undo_until) : 0
  const [now, setNow] = useState(() => Date.now())
  const left = Math.ceil((until - now) / 1000)
  const own = message.author.id === me?.id
  useEffect(() => {
    if (left <= 0 || !own) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [left, own])
  if (left <= 0 || !own) return null
  return <button type="button" className="link nw" onClick={() => void withdraw(ticket.id, message.id)}>{t('message.takeBack', { n: left })}</button>
}

function Files({ attachments }: { attachments: Attachment[] }) {
  if (!attachments.length) return null
  return (
    <div className="files">
      {attachments.map((a) =>
        a.image ? (
          <button key={a.id} type="button" className="photo" title={a.name} aria-label={t('files.open', { name: a.name })} onClick={() => lightbox.set({ images: attachments.filter((x) => x.image), at: a.id })}><img src={a.url} alt={a.name} loading="lazy" /></button>
        ) : (
          <a key={a.id} className="file" href={a.url} download={a.name}><Icon name="file" /><span className="ell">{a.name}</span><span className="t3 f12 nw">{size(a.size)}</span></a>
        ),
      )}
    </div>
  )
}
