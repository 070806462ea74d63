import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { Field } from '~/parts/Field'
import { Time } from '~/parts/Time'
import { entriesOf, PENDING, timelineQuery } from '~/stores/message'
import { act } from '~/stores/ticket'
import { listing } from '~/stores/ui'
import { PanelFrame, type PanelProps } from './Panel'

export function SplitPanel({ ticket, close }: PanelProps) {
  const navigate = useNavigate()
  const timeline = useInfiniteQuery(timelineQuery(ticket.id))
  const messages = entriesOf(timeline.data).flatMap((e) => (e.message && !e.message.withdrawn && !e.message.id.startsWith(PENDING) ? [e.message] : []))
  const [chosen, setChosen] = useState<ID[]>([])
  const [subject, setSubject] = useState('')
  const submit = async () => {
    close()
    const answer = await act(ticket.id, 'split', { message_ids: chosen, subject: subject.trim() }, {}, { text: t('said.split') })
    if (answer) void navigate({ to: '/inbox/$view/$ticket', params: { view: listing.get().view || 'all', ticket: answer.ticket.id }, search: true as never })
  }
  return (
    <PanelFrame title="split.title" help={t('split.help')} submit={t('split.submit')} disabled={!chosen.length || !subject.trim()} onSubmit={() => void submit()} close={close}>
      <Field label={t('ticket.subject')} required>{(p) => <input {...p} className="inp" maxLength={500} value={subject} onChange={(e) => setSubject(e.target.value)} />}</Field>
      <fieldset className="field" style={{ border: 0 }}>
        <legend className="lb t3 f12">{t('split.messages', { n: chosen.length })}</legend>
        {messages.map((m) => (
          <label key={m.id} className="pickrow">
            <input type="checkbox" checked={chosen.includes(m.id)} onChange={(e) => setChosen((old) => (e.target.checked ? [...old, m.id] : old.filter((x) => x !== m.id)))} />
            <span className="sp"><span className="row g8 f12 t3"><b className="t1">{m.author.name}</b><Time at={m.at} as="clock" /></span><span className="clamp f13">{m.text}</span></span>
          </label>
        ))}
      </fieldset>
    </PanelFrame>
  )
}
