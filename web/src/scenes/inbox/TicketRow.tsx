import { memo, type MouseEvent } from 'react'
import type { Ticket } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { ChannelIcon, PriorityBars, StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Marked } from '~/parts/Marked'
import { Mood } from '~/parts/Mood'
import { SlaChip } from '~/parts/SlaChip'
import { lookOf } from '~/parts/slaText'
import { Time } from '~/parts/Time'
import type { Density } from '~/stores/prefs'
import { useMoment } from '~/stores/moment'
import { standing } from '~/stores/sla'

export interface RowProps {
  ticket: Ticket
  open: boolean
  chosen: boolean
  choosing: boolean
  unread: boolean
  density: Density
  refused: boolean
  onOpen: (id: string, e: MouseEvent) => void
  onChoose: (id: string, range: boolean) => void
}

/** Line 1: priority, subject, age. Line 2: channel, customer and number, what is promised (else the status), assignee. */
export const TicketRow = memo(function TicketRow({ ticket, open, chosen, choosing, unread, density, refused, onOpen, onChoose }: RowProps) {
  const who = ticket.requester?.name ?? ticket.creator.name
  const highlight = ticket.highlight
  const excerpt = highlight?.excerpt
  const check = (
    <span className="pick">
      <input
        type="checkbox"
        aria-label={t('list.choose', { number: ticket.number })}
        checked={chosen}
        tabIndex={-1}
        onChange={() => undefined}
        onClick={(e) => {
          e.stopPropagation()
          onChoose(ticket.id, e.shiftKey)
        }}
      />
    </span>
  )
  const subject = (
    <span className="tt ell">{highlight?.subject ? <Marked html={highlight.subject} /> : ticket.subject || t('ticket.noSubject')}</span>
  )
  const promised = ticket.sla !== 'none'
  const promise = standing(ticket.sla, { ...ticket, from: ticket.sla_from })
  const look = useMoment((now) => lookOf(promise, now))
  const status = promised ? (
    <><span className="row state" title={statusName(ticket.status)}><StatusGlyph status={ticket.status} /><span className="hide">{statusName(ticket.status)}</span></span><SlaChip standing={promise} metric={ticket.sla_metric} /></>
  ) : <span className="row g4 state"><StatusGlyph status={ticket.status} />{statusName(ticket.status)}</span>
  const assignee = ticket.assignee ? <Avatar name={ticket.assignee.name} size="s" title={ticket.assignee.name} /> : <span className="av s nobody" title={t('common.nobody')} />
  const marks = (
    <>
      {ticket.ruling_asked_at && <span className="row amber" title={t('ticket.awaitsRuling')}><Icon name="gavel" size="s" label={t('ticket.awaitsRuling')} /></span>}
      {ticket.mentioned && <span className="row pri" title={t('list.mentioned')}><Icon name="at" size="s" label={t('list.mentioned')} /></span>}
      {ticket.risk >= 2 && <span className={ticket.risk >= 3 ? 'row red' : 'row amber'} title={t(`risk.level.${ticket.risk}` as Key)}><Icon name="warn" size="s" label={t(`risk.level.${ticket.risk}` as Key)} /></span>}
      {(ticket.sentiment ?? 0) <= -1 && <Mood step={ticket.sentiment!} small />}
    </>
  )
  const unsure = ticket.to_classify && <span className="chip unsure" title={t('row.toClassify.help')}><span className="aim o" aria-hidden="true" /><span className="uword">{t('row.toClassify')}</span></span>
  const cls = ['li', density, open && 'on', unread && 'un', (choosing || chosen) && 'choosing', chosen && 'chosen', refused && 'refused'].filter(Boolean).join(' ')
  return (
    <div className={cls} onClick={(e) => onOpen(ticket.id, e)}>
      {unread && <span className="hide">{t('list.unread')}</span>}
      {density === 'compact' ? (
        <div className="a">
          {check}<PriorityBars priority={ticket.priority} />{subject}{marks}{unsure}
          {promised ? status : <><span className="who nw">{ticket.number}</span><StatusGlyph status={ticket.status} /></>}{assignee}<Time at={ticket.updated_at} />
        </div>
      ) : (
        <>
          <div className="a">{check}<PriorityBars priority={ticket.priority} />{subject}{marks}<Time at={ticket.updated_at} /></div>
          <div className="b" data-promise={look === 'none' ? undefined : look} data-unsure={unsure ? '' : undefined}>
            <span className="ch"><ChannelIcon channel={ticket.channel} /></span>
            <span className="who">
              {excerpt && density !== 'roomy' ? <span className="ell"><Marked html={excerpt} /></span> : <><span className="ell">{who}</span><span className="nw">{' · '}{ticket.number}</span></>}
            </span>
            {unsure}{status}{assignee}
          </div>
          {density === 'roomy' && <div className="c ell">{excerpt ? <Marked html={excerpt} /> : (ticket.last_message?.excerpt ?? '')}</div>}
        </>
      )}
    </div>
  )
})
