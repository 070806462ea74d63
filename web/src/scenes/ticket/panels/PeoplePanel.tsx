import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { ChoiceList } from '~/parts/ChoiceList'
import { useMe, useNames } from '~/stores/session'
import { act } from '~/stores/ticket'
import { ask, unask } from '../Assists'
import { PanelFrame, type PanelProps } from './Panel'

/** Collaborators help on the ticket; watchers only hear of it. */
export function PeoplePanel({ ticket, close }: PanelProps) {
  const me = useMe()
  const { config } = useNames()
  const helpers = ticket.collaborators ?? []
  const watchers = ticket.watchers ?? []
  const list = (on: (id: string) => boolean) => config.staff.filter((s) => s.active || on(s.id)).map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" />, on: on(s.id) }))
  const named = (id: string) => ({ id, name: config.staff.find((s) => s.id === id)?.name ?? '' })
  const toggleHelper = (id: string) => {
    const has = helpers.some((p) => p.id === id)
    void act(ticket.id, 'collaborator', { add: has ? [] : [id], remove: has ? [id] : [] }, { collaborators: has ? helpers.filter((p) => p.id !== id) : [...helpers, named(id)] })
  }
  const toggleWatcher = (id: string) => {
    const has = watchers.some((p) => p.id === id)
    void act(ticket.id, 'watch', { on: !has, ...(id === me?.id ? {} : { user_id: id }) }, { watchers: has ? watchers.filter((p) => p.id !== id) : [...watchers, named(id)] })
  }
  const parts = ticket.assists ?? []
  const toggleTeam = (id: string) => {
    const part = parts.find((p) => p.team.id === id)
    void (part && part.state !== 'proposed' ? unask(ticket, part) : ask(ticket, { id, name: config.teams.find((x) => x.id === id)?.name ?? '' }))
  }
  return (
    <PanelFrame title="action.people" close={close}>
      {(!ticket.actions || ticket.actions.includes('assist')) && (
        <>
          <h3>{t('side.assists')}</h3><p className="f12 t3">{t('people.assists.help')}</p>
          <ChoiceList search multiple hint={t('people.assists.hint')} label={t('side.assists')} choices={config.teams.filter((x) => x.id !== ticket.team?.id).map((x) => ({ id: x.id, text: x.name, on: parts.some((p) => p.team.id === x.id && p.state !== 'proposed') }))} onChoose={toggleTeam} />
        </>
      )}
      <h3 style={{ marginTop: 16 }}>{t('side.collaborators')}</h3><p className="f12 t3">{t('people.collaborators.help')}</p>
      <ChoiceList search multiple hint={t('assign.hint')} label={t('side.collaborators')} choices={list((id) => helpers.some((p) => p.id === id))} onChoose={toggleHelper} />
      <h3 style={{ marginTop: 16 }}>{t('side.watchers')}</h3><p className="f12 t3">{t('people.watchers.help')}</p>
      <ChoiceList multiple label={t('side.watchers')} choices={list((id) => watchers.some((p) => p.id === id))} onChoose={toggleWatcher} />
    </PanelFrame>
  )
}
