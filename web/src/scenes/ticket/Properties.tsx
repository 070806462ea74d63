import type { ReactNode } from 'react'
import type { Ticket } from '~/api/types'
import { named, t } from '~/i18n'
import { languageName, money } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Time } from '~/parts/Time'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { act, refused } from '~/stores/ticket'
import { show } from '~/stores/ui'
import { perform } from '~/actions/action'
import { action } from '~/actions/registry'
import { CustomField } from './CustomField'
import { Anchor } from './Header'
import { formFields } from './form'
import { placeName } from './panels/RulingPanel'
import { Mark } from './understand/Mark'
import { WhyAgentLink } from './WhyAgent'

/** One property: its name, its value, and a place to change it. */
export function Row({ label, wrong, children }: { label: string; wrong?: boolean; children: ReactNode }) {
  return <div className={wrong ? 'pr refused' : 'pr'}><span className="lb">{label}</span><div className="vl">{children}</div></div>
}

/** Whose it is by a dispatcher's word, or that the word is awaited. */
function RulingRow({ ticket, can }: { ticket: Ticket; can: (name: string) => boolean }) {
  const ruling = ticket.ruling
  if (!ticket.ruling_asked_at && (!ruling || ruling.over)) return null
  const to = (id: 'ruling' | 'lift') => can(id) && <button type="button" className="link f12 nw" onClick={() => perform(action(`ticket.${id}`))}>{t(id === 'lift' ? 'action.lift' : ticket.ruling_asked_at ? 'action.ruling' : 'ruling.again')}</button>
  return (
    <Row label={t('action.ruling')}>
      {ticket.ruling_asked_at || !ruling
        ? <><span className="amber sp">{t('ticket.awaitsRuling')}</span>{to('ruling')}</>
        : (
          <div className="rulingval">
            <span className="row g8"><b className="ell sp" title={placeName(ruling)}>{placeName(ruling)}</b>{to('ruling')}{to('lift')}</span>
            <span className="t3 f12">{ruling.by.name}{' · '}<Time at={ruling.at} /></span>
            {ruling.reason && <span className="f12 t2">{ruling.reason}</span>}
          </div>
        )}
    </Row>
  )
}

export function Properties({ ticket }: { ticket: Ticket }) {
  const names = useNames()
  const refusals = useStore(refused)
  const wrong = (field: string) => refusals.has(`${ticket.id}:${field}`)
  const can = (name: string) => !ticket.actions || ticket.actions.includes(name)
  const untag = (tag: string) => void act(ticket.id, 'tags', { add: [], remove: [tag] }, { tags: ticket.tags.filter((x) => x !== tag) }, { text: t('said.tags'), back: { action: 'tags', input: { add: [tag], remove: [] } } })
  return (
    <section aria-label={t('side.properties')}>
      <h3>{t('side.properties')}</h3>
      <Row label={t('side.assignee')} wrong={wrong('assignee')}>
        <Anchor name="assign" id={ticket.id}>
          <button type="button" className="val" disabled={!can('assign')} title={t('action.assign')}>
            {ticket.assignee ? <><Avatar name={ticket.assignee.name} size="s" /><span className="ell">{ticket.assignee.name}</span></> : <span className="t3">{t('common.nobody')}</span>}
          </button>
        </Anchor>
        {!ticket.assignee && can('claim') && <button type="button" className="link f12 nw" onClick={() => perform(action('ticket.claim'))}>{t('action.claim')}</button>}
        <WhyAgentLink ticket={ticket} />
      </Row>
      <Row label={t('side.team')}><button type="button" className="val" disabled={!can('transfer')} title={t('action.transfer')} onClick={() => show({ panel: 'transfer' })}><span className="ell">{ticket.team?.name || <span className="t3">{t('common.none')}</span>}</span></button></Row>
      <RulingRow ticket={ticket} can={can} />
      <Row label={t('action.type')} wrong={wrong('type')}><Anchor name="type" id={ticket.id}><button type="button" className="val" disabled={!can('type')}><span className="ell">{names.type(ticket.type)}</span></button></Anchor><Mark ticket={ticket} field="type" /></Row>
      <Row label={t('action.category')} wrong={wrong('category_id')}>
        <Anchor name="category" id={ticket.id}><button type="button" className="val" disabled={!can('category')}><span className="ell" title={names.category(ticket.category_id)}>{names.category(ticket.category_id) || <span className="t3">{t('common.none')}</span>}</span></button></Anchor>
        <Mark ticket={ticket} field="category" />
      </Row>
      {formFields(names.config, ticket).map((f) => <CustomField key={f.field.key} ticket={ticket} field={f.field} required={f.required} wrong={wrong('fields')} />)}
      <Row label={t('action.tags')} wrong={wrong('tags')}>
        <div className="tags">
          {ticket.tags.map((tag) => <span key={tag} className="chip">{tag}<button type="button" aria-label={t('tags.remove', { tag })} onClick={() => untag(tag)}><Icon name="close" size="s" /></button></span>)}
          <Anchor name="tags" id={ticket.id}><IconButton icon="plus" label={t('tags.add')} keys="l" small className="t3" /></Anchor>
        </div>
      </Row>
      {ticket.resolution && (
        <Row label={t('side.resolution')}>
          <span className="t1 f13">{[names.keyed('resolution_codes', ticket.resolution.code), names.keyed('causes', ticket.resolution.cause), ticket.resolution.compensation && money(ticket.resolution.compensation.amount_minor, ticket.resolution.compensation.currency)].filter(Boolean).join(' · ')}</span>
        </Row>
      )}
      {ticket.language && <Row label={t('side.language')}><span>{languageName(ticket.language)}</span><Mark ticket={ticket} field="language" /></Row>}
      <Row label={t('side.created')}><span className="t2"><Time at={ticket.created_at} as="clock" /></span></Row>
      {ticket.company && <Row label={t('side.company')}><span className="ell">{named(ticket.company.name)}</span></Row>}
    </section>
  )
}
