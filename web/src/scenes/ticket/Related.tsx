import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { LinkKind, Ticket, TicketRef } from '~/api/types'
import { t, type Key } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { act } from '~/stores/ticket'
import { listing, show } from '~/stores/ui'

export function TicketLink({ ticket, children }: { ticket: TicketRef; children?: ReactNode }) {
  return (
    <div className="kn">
      <Link className="row g8 sp" to="/inbox/$view/$ticket" params={{ view: listing.get().view || 'all', ticket: ticket.id }} search={true as never}>
        <StatusGlyph status={ticket.status} /><span className="hide">{statusName(ticket.status)}</span>
        <span className="ell sp" title={ticket.subject}>{ticket.subject}</span><span className="f12 t3 nw">{ticket.number}</span>
      </Link>
      {children}
    </div>
  )
}

/** Parent, children and links. */
export function Related({ ticket }: { ticket: Ticket }) {
  const { parent, children = [], links = [] } = ticket
  const unlink = (kind: LinkKind, other: TicketRef) => void act(ticket.id, 'unlink', { ticket_id: other.id, kind }, { links: links.filter((l) => l.ticket.id !== other.id || l.kind !== kind) }, { text: t('said.unlinked'), back: { action: 'link', input: { ticket_id: other.id, kind } } })
  return (
    <section aria-label={t('side.related')}>
      <h3>
        <span className="sp">{t('side.related')}</span>
        <Pop placement="bottomRight" content={(close) => (
          <ChoiceList label={t('side.related')} choices={[{ id: 'link', text: t('action.link'), glyph: <Icon name="link" /> }, { id: 'parent', text: t('action.parent'), glyph: <Icon name="tree" /> }]} onChoose={(id) => { close(); show({ panel: id as 'link' }) }} />
        )}><IconButton icon="plus" label={t('side.related.add')} small /></Pop>
      </h3>
      {!parent && !children.length && !links.length && <p className="f12 t3">{t('side.related.none')}</p>}
      {parent && <><div className="sec">{t('side.parent')}</div><TicketLink ticket={parent}><IconButton icon="close" label={t('side.parent.remove')} small className="relate" onClick={() => void act(ticket.id, 'parent', { parent_id: '' }, { parent: undefined }, { text: t('said.parentRemoved'), back: { action: 'parent', input: { parent_id: parent.id } } })} /></TicketLink></>}
      {children.length > 0 && <><div className="sec">{t('side.children', { done: children.length - ticket.open_child_count, n: children.length })}</div>{children.map((c) => <TicketLink key={c.id} ticket={c} />)}</>}
      {(['related', 'duplicate', 'caused_by'] as const).map((kind) => {
        const some = links.filter((l) => l.kind === kind)
        return some.length > 0 && (
          <div key={kind}>
            <div className="sec">{t(`link.${kind}` as Key)}</div>
            {some.map((l) => <TicketLink key={l.ticket.id} ticket={l.ticket}><IconButton icon="close" label={t('side.unlink')} small className="relate" onClick={() => unlink(kind, l.ticket)} /></TicketLink>)}
          </div>
        )
      })}
    </section>
  )
}
