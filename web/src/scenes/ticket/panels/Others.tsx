import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { LinkKind, Ticket } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Field } from '~/parts/Field'
import { act } from '~/stores/ticket'
import { listing } from '~/stores/ui'
import { PanelFrame, type PanelProps } from './Panel'
import { TicketSearch } from './TicketSearch'

const ref = (x: Ticket) => ({ id: x.id, number: x.number, subject: x.subject, status: x.status })

export function MergePanel({ ticket, close }: PanelProps) {
  const navigate = useNavigate()
  const [into, setInto] = useState<Ticket>()
  const submit = async () => {
    if (!into) return
    close()
    const answer = await act(ticket.id, 'merge', { into: into.id }, { merged_into: ref(into) }, { text: t('said.merged', { number: into.number }) })
    if (answer) void navigate({ to: '/inbox/$view/$ticket', params: { view: listing.get().view || 'all', ticket: into.id }, search: true as never })
  }
  return (
    <PanelFrame title="merge.title" help={t('merge.help', { number: ticket.number })} submit={t('merge.submit')} disabled={!into} onSubmit={() => void submit()} close={close}>
      <TicketSearch ticket={ticket} value={into?.id} onChange={setInto} />
    </PanelFrame>
  )
}

export function LinkPanel({ ticket, close }: PanelProps) {
  const [kind, setKind] = useState<LinkKind>('related')
  const [other, setOther] = useState<Ticket>()
  const submit = () => {
    if (!other) return
    close()
    void act(ticket.id, 'link', { ticket_id: other.id, kind }, { links: [...(ticket.links ?? []), { kind, direction: 'out', ticket: ref(other) }] }, { text: t('said.linked', { number: other.number }), back: { action: 'unlink', input: { ticket_id: other.id, kind } } })
  }
  return (
    <PanelFrame title="link.title" submit={t('link.submit')} disabled={!other} onSubmit={submit} close={close}>
      <Field label={t('link.kind')}>{() => (
        <div className="choices" role="radiogroup" aria-label={t('link.kind')}>
          {(['related', 'duplicate', 'caused_by'] as const).map((k) => <button key={k} type="button" role="radio" aria-checked={k === kind} className="choice" onClick={() => setKind(k)}>{t(`link.${k}` as Key)}</button>)}
        </div>
      )}</Field>
      <div style={{ marginTop: 14 }}><TicketSearch ticket={ticket} value={other?.id} onChange={setOther} /></div>
    </PanelFrame>
  )
}

export function ParentPanel({ ticket, close }: PanelProps) {
  const [parent, setParent] = useState<Ticket>()
  const submit = () => {
    if (!parent) return
    close()
    void act(ticket.id, 'parent', { parent_id: parent.id }, { parent: ref(parent) }, { text: t('said.parent', { number: parent.number }), back: { action: 'parent', input: { parent_id: ticket.parent?.id ?? '' } } })
  }
  return (
    <PanelFrame title="parent.title" help={t('parent.help')} submit={t('parent.submit')} disabled={!parent} onSubmit={submit} close={close}>
      <TicketSearch ticket={ticket} value={parent?.id} onChange={setParent} />
    </PanelFrame>
  )
}
