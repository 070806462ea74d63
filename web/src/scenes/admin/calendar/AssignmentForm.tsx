import { useQuery } from '@tanstack/react-query'
import type { ID } from '~/api/types'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { useDraft, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { assign, assignmentQuery, calendarsQuery, type Assigned } from '~/stores/calendar'
import { useNames } from '~/stores/session'

/** Who works by which calendar: the team's own, else that of its department or the nearest above, else the company's. */
export function AssignmentForm() {
  const query = useQuery(assignmentQuery)
  const calendars = useQuery(calendarsQuery).data ?? []
  const { config } = useNames()
  const [draft, setDraft, dirty, drop] = useDraft<Assigned>(query.data)
  if (!draft) return <Wait query={query}>{null}</Wait>
  const name = (id: ID) => named(calendars.find((c) => c.id === id)?.name)
  const choices = calendars.filter((c) => !c.retired).map((c) => ({ id: c.id, text: named(c.name) }))
  const put = (list: 'teams' | 'departments', unit: ID, calendar: ID) => {
    const { [unit]: _, ...rest } = draft[list]
    setDraft({ ...draft, [list]: calendar ? { ...rest, [unit]: calendar } : rest })
  }
  const row = (list: 'teams' | 'departments', unit: { id: ID; name: string }) => (
    <div key={unit.id} className="arow"><span className="f13 ell">{unit.name}</span><Select label={t('bizcal.of', { name: unit.name })} value={draft[list][unit.id] ?? ''} text={draft[list][unit.id] ? name(draft[list][unit.id]!) : t('bizcal.inherit')} choices={[{ id: '', text: t('bizcal.inherit') }, ...choices]} onChange={(c) => put(list, unit.id, c)} /></div>
  )
  const save = async () => { const { version: _version, ...next } = draft; if (query.data && (await assign(query.data, next))) drop() }
  return (
    <section aria-label={t('bizcal.assignment')}>
      <h2 className="h2">{t('bizcal.assignment')}</h2>
      <p className="f13 t2 lead">{t('bizcal.assignment.help')}</p>
      <div className="arow"><b className="f13">{t('bizcal.everybody')}</b><Select label={t('bizcal.everybody')} value={draft.tenant} text={name(draft.tenant)} choices={choices} onChange={(tenant) => setDraft({ ...draft, tenant })} /></div>
      {config.departments.length > 0 && <><h3 className="sec">{t('bizcal.departments')}</h3>{config.departments.map((d) => row('departments', d))}</>}
      {config.teams.length > 0 && <><h3 className="sec">{t('bizcal.teams')}</h3>{config.teams.map((x) => row('teams', x))}</>}
      {config.teams.length + config.departments.length === 0 && <EmptyState icon="people" title={t('bizcal.nounits')} help={t('bizcal.nounits.help')} />}
      <div className="row g8 pend"><Button look="p lg" disabled={!dirty} onClick={() => void save()}>{t('common.save')}</Button>{dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}</div>
      {dirty && <p className="f12 t3">{t('bizcal.effect')}</p>}
    </section>
  )
}
