import { useState } from 'react'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Field } from '~/parts/Field'
import { useNames } from '~/stores/session'
import { act } from '~/stores/ticket'
import { Select } from '../FieldInput'
import { PanelFrame, type PanelProps } from './Panel'

type Place = NonNullable<Ticket['disputed']>[number]

/** A place in words: the unit, and the person when one is named. */
export const placeName = (p: Partial<Pick<Place, 'team' | 'department' | 'assignee'>> | undefined): string => [(p?.team ?? p?.department)?.name, p?.assignee?.name].filter(Boolean).join(' · ')

/** 裁定: whose a ticket is that went back and forth. One of the two sides is a click away. */
export function RulingPanel({ ticket, close }: PanelProps) {
  const { config } = useNames()
  const [team, setTeam] = useState<string>()
  const [person, setPerson] = useState<string>()
  const [reason, setReason] = useState('')
  const sides = ticket.disputed ?? []
  const people = config.staff.filter((s) => s.active && (!team || s.team_ids.includes(team)))
  const name = config.staff.find((s) => s.id === person)?.name
  const teamName = config.teams.find((x) => x.id === team)?.name
  const submit = () => {
    close()
    void act(ticket.id, 'ruling', { ...(person ? { assignee_id: person } : {}), ...(team ? { team_id: team } : {}), reason: reason.trim() }, {
      assignee: person && name ? { id: person, name } : undefined, ...(team && teamName ? { team: { id: team, name: teamName } } : {}), ruling_asked_at: undefined, disputed: undefined,
    }, { text: t('said.ruled', { name: placeName({ ...(teamName ? { team: { id: team!, name: teamName } } : {}), ...(name ? { assignee: { id: person!, name } } : {}) }) }) })
  }
  return (
    <PanelFrame title={'ruling.title'} help={t(ticket.ruling_asked_at ? 'ruling.help' : 'ruling.change')} submit={t('action.ruling')} disabled={(!team && !person) || !reason.trim()} onSubmit={submit} close={close}>
      {sides.length > 0 && (
        <div className="field">
          <span className="lb" id="ruling-sides">{t('ruling.sides')}</span>
          <div className="sides" role="group" aria-labelledby="ruling-sides">
            {sides.map((p, i) => (
              <button key={p.team?.id ?? p.department?.id ?? p.assignee?.id ?? i} type="button" className="sidebtn" {...(i === 0 ? { 'data-first': true } : {})} disabled={!p.team && !p.assignee}
                aria-pressed={!!p.team && p.team.id === team} onClick={() => { setTeam(p.team?.id); setPerson(p.team ? undefined : p.assignee?.id) }}>
                <span className="ell">{placeName({ team: p.team, department: p.department })}</span><span className="t3 f12">{t(i === 0 ? 'ruling.handed' : 'ruling.returned')}</span>
              </button>
            ))}
          </div>
        </div>
      )}
      <Field label={t('side.team')}>{(p) => <Select {...p} label={t('side.team')} choices={config.teams.map((x) => ({ id: x.id, text: x.name }))} value={team} onChange={(id) => { setTeam(id); setPerson(undefined) }} />}</Field>
      <Field label={t('side.assignee')} help={team && !person ? t('transfer.toTeam') : undefined}>{(p) => <Select {...p} label={t('side.assignee')} choices={people.map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))} value={person} onChange={setPerson} />}</Field>
      <Field label={t('ruling.reason')} required>{(p) => <textarea {...p} className="inp" maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
    </PanelFrame>
  )
}

/** 解除裁定: those who have it may return it again. */
export function LiftPanel({ ticket, close }: PanelProps) {
  const [reason, setReason] = useState('')
  const submit = () => {
    close()
    void act(ticket.id, 'lift', { reason: reason.trim() }, { ruling: ticket.ruling && { ...ticket.ruling, over: true } }, { text: t('said.lifted') })
  }
  return (
    <PanelFrame title={'lift.title'} help={t('lift.help', { name: placeName(ticket.ruling) })} submit={t('action.lift')} disabled={!reason.trim()} onSubmit={submit} close={close}>
      <Field label={t('lift.reason')} required>{(p) => <textarea {...p} data-first className="inp" required maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
    </PanelFrame>
  )
}
