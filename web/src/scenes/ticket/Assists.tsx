import type { Ticket } from '~/api/types'
import { perform } from '~/actions/action'
import { action } from '~/actions/registry'
import { t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { Time } from '~/parts/Time'
import { act } from '~/stores/ticket'
import { Row } from './Properties'

export type Part = NonNullable<Ticket['assists']>[number]

/** The parts after a team was asked or taken off. */
export function withPart(ticket: Ticket, team: Part['team'], state: Part['state'] | undefined): Part[] {
  const parts = ticket.assists ?? []
  if (!state) return parts.filter((p) => p.team.id !== team.id)
  const part: Part = { team, state, at: new Date().toISOString() }
  return parts.some((p) => p.team.id === team.id) ? parts.map((p) => (p.team.id === team.id ? part : p)) : [...parts, part]
}

export const ask = (ticket: Ticket, team: Part['team']) =>
  act(ticket.id, 'assist', { ask: [team.id] }, { assists: withPart(ticket, team, 'asked') }, { text: t('said.assistAsked', { name: team.name }), back: { action: 'assist', input: { remove: [team.id] } } })
export const unask = (ticket: Ticket, part: Part) =>
  act(ticket.id, 'assist', { remove: [part.team.id] }, { assists: withPart(ticket, part.team, undefined) }, { text: t('said.assistGone', { name: part.team.name }), ...(part.state === 'asked' ? { back: { action: 'assist', input: { ask: [part.team.id] } } } : {}) })

/** Who leads, and who answers for a part, with how far that is. */
export function Assists({ ticket }: { ticket: Ticket }) {
  const able = ticket.actions?.includes('assist')
  const parts = ticket.assists ?? []
  return (
    <>
      <Row label={t('side.lead')}>{ticket.team?.name ?? ticket.department?.name ?? <span className="t3">{t('common.none')}</span>}</Row>
      {parts.length > 0 && (
        <Row label={t('side.assists')}>
          <ul className="assists">
            {parts.map((p) => (
              <li key={p.team.id}>
                <span className="row g6"><span className="ell sp" title={p.team.name}>{p.team.name}</span><span className={p.state === 'done' ? 'chip green' : p.state === 'asked' ? 'chip amber' : 'chip'}>{t(`assist.${p.state}`)}</span>
                  {able && p.state !== 'done' && <IconButton icon="close" small label={t(p.state === 'proposed' ? 'assist.decline' : 'assist.remove', { name: p.team.name })} onClick={() => void unask(ticket, p)} />}</span>
                <span className="row g8 f12 t3">
                  <span className="sp">{p.by?.name ?? t('assist.byRule')}{' · '}<Time at={p.at} /></span>
                  {able && p.state === 'proposed' && <button type="button" className="link nw" onClick={() => void ask(ticket, p.team)}>{t('assist.accept')}</button>}
                  {able && p.state === 'done' && <button type="button" className="link nw" onClick={() => void ask(ticket, p.team)}>{t('assist.again')}</button>}
                </span>
              </li>
            ))}
          </ul>
        </Row>
      )}
      {ticket.actions?.includes('assisted') && <button type="button" className="btn sm assistdone" onClick={() => perform(action('ticket.assisted'))}>{t('action.assisted')}</button>}
    </>
  )
}
