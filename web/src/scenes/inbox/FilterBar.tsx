import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { TicketQuery } from '~/api/paths'
import type { Sort, View } from '~/api/types'
import { t, type Key } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { Pop } from '~/parts/Pop'
import { useNames } from '~/stores/session'
import { filterChoices } from './filterChoices'
import { SaveView } from './SaveView'
import { filterFields, filtersOf, sorts, type FilterField, type InboxSearch } from './search'

export function useSearchChange(): (change: Partial<InboxSearch>) => void {
  const navigate = useNavigate()
  return (change) => void navigate({ to: '.', search: (old: InboxSearch) => Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, v]) => v !== undefined && v !== '' && !(Array.isArray(v) && v.length === 0))), replace: true })
}

export function SearchBox({ search }: { search: InboxSearch }) {
  const change = useSearchChange()
  const [words, setWords] = useState(search.q ?? '')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const composing = useRef(false)
  useEffect(() => () => clearTimeout(timer.current), [])
  const later = (q: string) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => change({ q: q.trim() || undefined }), 250)
  }
  return (
    <div className="search">
      <Icon name="search" size="s" />
      <input
        data-search value={words} placeholder={t('search.hint')} aria-label={t('search.hint')} enterKeyHint="search" type="text"
        autoFocus={Boolean(search.q)}
        onCompositionStart={() => (composing.current = true)}
        onCompositionEnd={(e) => { composing.current = false; later(e.currentTarget.value) }}
        onChange={(e) => { setWords(e.target.value); if (!composing.current) later(e.target.value) }}
        onKeyDown={(e) => {
          if (e.nativeEvent.isComposing) return
          if (e.key === 'Enter') { clearTimeout(timer.current); change({ q: words.trim() || undefined }) }
          if (e.key === 'Escape' && words) { e.preventDefault(); e.stopPropagation(); setWords(''); clearTimeout(timer.current); change({ q: undefined }) }
        }}
      />
      {words ? <IconButton icon="close" label={t('common.clear')} small onClick={() => { setWords(''); change({ q: undefined }) }} /> : <Kbd keys="/" />}
    </div>
  )
}

export function SortMenu({ query, search }: { query: TicketQuery; search: InboxSearch }) {
  const change = useSearchChange()
  return (
    <Pop placement="bottomRight" content={(close) => (
      <ChoiceList label={t('sort.title')} choices={sorts.map((s) => ({ id: s, text: t(`sort.${s}` as Key), on: s === query.sort }))} onChoose={(id) => { close(); change({ sort: id as Sort }) }} />
    )}>
      <IconButton icon="sort" label={t('sort.title')} on={Boolean(search.sort)} />
    </Pop>
  )
}

export function FilterBar({ search, view, query }: { search: InboxSearch; view?: View; query: TicketQuery }) {
  const change = useSearchChange()
  const names = useNames()
  const filters = filtersOf(search)
  const active = filterFields.filter((f) => filters[f]?.length)
  if (!active.length && !search.sort) return null
  const text = (field: FilterField): string => {
    const choices = filterChoices(field, names)
    const values = filters[field]!.map((v) => choices.find((c) => c.id === v)?.text ?? v)
    return t('common.colon', { name: t(`filter.${field}` as Key), value: values.length > 2 ? t('filter.several', { n: values.length }) : values.join(t('common.and')) })
  }
  return (
    <div className="fl">
      {active.map((field) => (
        <Pop key={field} content={() => <Values field={field} chosen={filters[field] ?? []} onChange={(values) => change({ [field]: values })} />}>
          <button type="button" className="chip pri">
            <span className="ell" style={{ maxWidth: 150 }}>{text(field)}</span>
            <span role="button" tabIndex={-1} aria-label={t('filter.remove')} style={{ display: 'grid' }} onClick={(e) => { e.stopPropagation(); change({ [field]: undefined }) }}><Icon name="close" size="s" /></span>
          </button>
        </Pop>
      ))}
      <SaveView view={view} query={query} />
    </div>
  )
}

export function AddFilter({ search }: { search: InboxSearch }) {
  const onChange = useSearchChange()
  const filters = filtersOf(search)
  const [field, setField] = useState<FilterField>()
  return (
    <Pop placement="bottomRight" onOpen={(open) => open && setField(undefined)} content={() =>
      field ? (
        <Values key={field} field={field} chosen={filters[field] ?? []} onChange={(values) => onChange({ [field]: values })} />
      ) : (
        <ChoiceList label={t('filter.add')} choices={filterFields.map((f): Choice => ({ id: f, text: t(`filter.${f}` as Key) }))} onChoose={(id) => setField(id as FilterField)} />
      )
    }>
      <IconButton icon="filter" label={t('filter.add')} on={Object.keys(filters).length > 0} />
    </Pop>
  )
}

function Values({ field, chosen, onChange }: { field: FilterField; chosen: string[]; onChange: (values: string[]) => void }) {
  const names = useNames()
  const choices = filterChoices(field, names).map((c) => ({ ...c, on: chosen.includes(c.id) }))
  return (
    <ChoiceList
      label={t(`filter.${field}` as Key)} choices={choices} multiple search={choices.length > 8}
      onChoose={(id) => onChange(chosen.includes(id) ? chosen.filter((x) => x !== id) : [...chosen, id])}
    />
  )
}
