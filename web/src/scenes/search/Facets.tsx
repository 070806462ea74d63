import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { t, type Key } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { Skeleton } from '~/parts/State'
import { readFilter, writeFilter, type Chip, type ValuesChip } from '~/scenes/inbox/filter'
import { fieldName, filterChoices } from '~/scenes/inbox/filterChoices'
import type { Condition } from '~/scenes/inbox/FilterBar'
import { prefs } from '~/stores/prefs'
import { dropSearch, facetsQuery } from '~/stores/search'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'

const fields = ['status', 'type', 'category', 'team', 'assignee', 'channel', 'priority'] as const
/** Steps of age, with the hours that the newest may be old. */
const ages = [['day', 24], ['week', 168], ['month', 720], ['quarter', 2160]] as const
const short = 6

const chosen = (chips: Chip[], field: string): ValuesChip | undefined => chips.find((c): c is ValuesChip => c.kind === 'values' && c.field === field && !c.not)
const without = (chips: Chip[], field: string): Chip[] => chips.filter((c) => !(c.kind === 'values' && c.field === field && !c.not))

/** What the newest hits are like; a press narrows, a second one widens again. */
export function Facets({ q, condition }: { q: string; condition: Condition }) {
  const searches = useStore(prefs, (p) => p.searches)
  const chips = readFilter(condition.cel)
  const all = useQuery(facetsQuery(q, condition.cel)).data
  const asked = Boolean(q || condition.cel)
  return (
    <nav className="views facets" aria-label={t('facets.title')}>
      <div className="row head"><h2 className="sp">{t('facets.title')}</h2></div>
      <div className="scroll">
        {asked && <p className="t3 f12 fnote">{all ? t(all.further ? 'facets.newest' : 'facets.hits', { n: all.hits }) : <Skeleton width="60%" />}</p>}
        {asked && fields.map((f) => <Facet key={f} q={q} field={f} chips={chips} condition={condition} />)}
        {asked && <Age q={q} chips={chips} condition={condition} />}
        {searches.length > 0 && (
          <section>
            <div className="sec">{t('palette.searches')}</div>
            {searches.map((s) => (
              <div key={`${s.q}|${s.filter ?? ''}`} className="vrow">
                <Link to="/search" search={{ q: s.q, ...(s.filter ? { only: s.filter } : {}) }} className={s.q === q && (s.filter ?? '') === condition.cel ? 'on' : undefined}><span className="ell">{s.name}</span><span /></Link>
                <IconButton icon="close" small label={t('results.drop.what', { name: s.name })} onClick={() => dropSearch(s)} />
              </div>
            ))}
          </section>
        )}
      </div>
    </nav>
  )
}

/** Counts as if nothing were chosen in this one: what pressing another value would give. */
function Facet({ q, field, chips, condition }: { q: string; field: string; chips: Chip[]; condition: Condition }) {
  const names = useNames()
  const [whole, setWhole] = useState(false)
  const mine = chosen(chips, field)
  const rest = without(chips, field)
  const counts = useQuery(facetsQuery(q, mine ? writeFilter(rest) : condition.cel)).data?.property[field]
  if (!counts || (counts.length < 2 && !mine)) return null
  const choices = filterChoices(field, names)
  const text = (v: string) => choices.find((c) => c.id === v)?.text ?? (v === '' ? t(field === 'assignee' ? 'common.nobody' : 'common.none') : v)
  const toggle = (v: string) => {
    const values = mine?.values.includes(v) ? mine.values.filter((x) => x !== v) : [...(mine?.values ?? []), v]
    condition.change(writeFilter([...rest, { kind: 'values', field, values }]))
  }
  const shown = whole ? counts : counts.filter((c, i) => i < short || mine?.values.includes(c.value))
  return (
    <section role="group" aria-label={fieldName(field, names)}>
      <div className="sec">{fieldName(field, names)}</div>
      {shown.map((c) => <Line key={c.value} text={text(c.value)} count={c.count} on={mine?.values.includes(c.value) ?? false} press={() => toggle(c.value)} />)}
      {counts.length > shown.length && <button type="button" className="fmore t3 f12" onClick={() => setWhole(true)}>{t('facets.more', { n: counts.length - shown.length })}</button>}
    </section>
  )
}

function Age({ q, chips, condition }: { q: string; chips: Chip[]; condition: Condition }) {
  const mine = chips.find((c) => c.kind === 'time' && c.field === 'created_at' && c.op === '>=')
  const rest = chips.filter((c) => c !== mine)
  const counts = useQuery(facetsQuery(q, writeFilter(rest))).data?.property.age
  if (!counts || (counts.length < 2 && !mine)) return null
  let sum = 0
  const lines = ages.map(([name, hours]) => ({ name, hours, count: (sum += counts.find((c) => c.value === name)?.count ?? 0) }))
  return (
    <section role="group" aria-label={t('filter.created_at')}>
      <div className="sec">{t('filter.created_at')}</div>
      {lines.map(({ name, hours, count }) => {
        const on = mine?.kind === 'time' && mine.hours === -hours
        return <Line key={name} text={t(`facets.age.${name}` as Key)} count={count} on={on} press={() => condition.change(writeFilter(on ? rest : [...rest, { kind: 'time', field: 'created_at', op: '>=', hours: -hours }]))} />
      })}
    </section>
  )
}

function Line({ text, count, on, press }: { text: string; count: number; on: boolean; press: () => void }) {
  return <button type="button" className={on ? 'facet on' : 'facet'} aria-pressed={on} onClick={press}><span className="ell sp">{text}</span><span className="num">{count}</span></button>
}
