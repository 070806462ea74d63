import { useQuery } from '@tanstack/react-query'
import type { Priority, SLAPromise, SLAUnit } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { priorityName } from '~/parts/Glyph'
import { metricName } from '~/parts/slaText'
import { priorities } from '~/scenes/inbox/filterChoices'
import { calendarsQuery } from '~/stores/calendar'
import { useNames } from '~/stores/session'
import { Cell } from './Targets'

const MAX = 100
const kinds = ['department', 'team'] as const

/** 部门时限: how long departments and teams may hold a ticket, all of a kind or one by one. */
export function Units({ units, onChange }: { units: SLAUnit[]; onChange: (u: SLAUnit[]) => void }) {
  const { config } = useNames()
  const calendars = (useQuery(calendarsQuery).data ?? []).filter((c) => !c.retired && c.key !== 'always')
  const put = (i: number, part: Partial<SLAUnit>) => onChange(units.map((u, k) => (k === i ? { ...u, ...part } : u)))
  const all = (kind: SLAUnit['kind']) => (kind === 'team' ? config.teams : config.departments)
  const free = (kind: SLAUnit['kind'], mine: SLAUnit) => all(kind).filter((x) => x.id === mine.unit_id || !units.some((u) => u.kind === kind && u.unit_id === x.id))
  const promise: SLAPromise = { minutes: 480 }
  return (
    <div className="lines">
      {units.map((u, i) => {
        const name = u.unit_id ? all(u.kind).find((x) => x.id === u.unit_id)?.name ?? t('unit.gone') : t('slap.unit.all', { kind: metricName(u.kind) })
        return (
          <div key={i} className="line unitline">
            <div className="unitwho">
              <select className="inp mini" value={u.kind} aria-label={t('slap.unit.kind')} onChange={(e) => put(i, { kind: e.target.value as SLAUnit['kind'], unit_id: undefined })}>{kinds.map((k) => <option key={k} value={k}>{t(`slap.unit.kind.${k}`)}</option>)}</select>
              <select className="inp mini" value={u.unit_id ?? ''} aria-label={t('slap.unit.which')} onChange={(e) => put(i, { unit_id: e.target.value || undefined })}><option value="">{t('slap.unit.each')}</option>{free(u.kind, u).map((x) => <option key={x.id} value={x.id}>{x.name}</option>)}</select>
            </div>
            <div className="unitcells">{priorities.map((p: Priority) => <div key={p}><span className="f12 t2">{priorityName(p)}</span><Cell label={`${name} ${priorityName(p)}`} promise={u[p]} calendars={calendars.map((c) => [c.key, named(c.name)])} onChange={(x) => put(i, { [p]: x })} /></div>)}</div>
            <IconButton icon="close" small label={t('slap.unit.remove', { name })} onClick={() => onChange(units.filter((_, k) => k !== i))} />
          </div>
        )
      })}
      {units.length < MAX && <Button icon="plus" look="sm" onClick={() => onChange([...units, { kind: 'department', ...(units.some((u) => u.kind === 'department' && !u.unit_id) ? { unit_id: config.departments.find((d) => !units.some((u) => u.unit_id === d.id))?.id } : {}), urgent: { minutes: 120 }, high: { minutes: 240 }, normal: promise, low: { minutes: 960 } }])}>{t('slap.unit.add')}</Button>}
    </div>
  )
}
