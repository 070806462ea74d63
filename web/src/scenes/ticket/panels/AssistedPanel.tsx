import { useState } from 'react'
import { t } from '~/i18n'
import { Field } from '~/parts/Field'
import { useMe } from '~/stores/session'
import { act } from '~/stores/ticket'
import { PanelFrame, type PanelProps } from './Panel'

/** 协办完成: the answer for one's part, kept as a note. */
export function AssistedPanel({ ticket, close }: PanelProps) {
  const me = useMe()
  const [body, setBody] = useState('')
  const submit = () => {
    close()
    void act(ticket.id, 'assisted', { body: body.trim() }, { assists: ticket.assists?.map((p) => (p.state === 'asked' && me?.teams.some((x) => x.id === p.team.id) ? { ...p, state: 'done' } : p)) }, { text: t('said.assisted') })
  }
  return (
    <PanelFrame title="action.assisted" help={t('assisted.help')} submit={t('action.assisted')} disabled={!body.trim()} onSubmit={submit} close={close}>
      <Field label={t('assisted.body')} required>{(p) => <textarea {...p} data-first className="inp" required rows={6} maxLength={20000} value={body} onChange={(e) => setBody(e.target.value)} />}</Field>
    </PanelFrame>
  )
}
