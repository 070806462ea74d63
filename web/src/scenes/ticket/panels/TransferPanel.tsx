import { useState } from 'react'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Field } from '~/parts/Field'
import { useMe, useNames } from '~/stores/session'
import { act } from '~/stores/ticket'
import { Select } from '../FieldInput'
import { PanelFrame, type PanelProps } from './Panel'

export function TransferPanel({ ticket, close }: PanelProps) {
  const me = useMe()
  const { config } = useNames()
  const [team, setTeam] = useState<string>()
  const [person, setPerson] = useState<string>()
  const [reason, setReason] = useState('')
  const people = config.staff.filter((s) => s.active && s.id !== me?.id && (!team || s.team_ids.includes(team)))
  const name = config.staff.find((s) => s.id === person)?.name
  const teamName = config.teams.find((x) => x.id === team)?.name
  const submit = () => {
    close()
    void act(ticket.id, 'transfer', { ...(person ? { assignee_id: person } : {}), ...(team ? { team_id: team } : {}), reason: reason.trim() }, {
      assignee: person && name ? { id: person, name } : undefined, ...(team && teamName ? { team: { id: team, name: teamName } } : {}),
    }, { text: t('said.transferred', { name: name ?? teamName ?? '' }) })
  }
  return (
    <PanelFrame title="transfer.title" help={t('transfer.help')} submit={t('action.transfer')} disabled={(!team && !person) || !reason.trim()} onSubmit={submit} close={close}>
      <Field label={t('side.team')}>{(p) => <Select {...p} label={t('side.team')} choices={config.teams.map((x) => ({ id: x.id, text: x.name }))} value={team} onChange={(id) => { setTeam(id); setPerson(undefined) }} />}</Field>
      <Field label={t('side.assignee')} help={team && !person ? t('transfer.toTeam') : undefined}>{(p) => <Select {...p} label={t('side.assignee')} choices={people.map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))} value={person} onChange={setPerson} />}</Field>
      <Field label={t('transfer.reason')} required>{(p) => <textarea {...p} className="inp" maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
    </PanelFrame>
  )
}
