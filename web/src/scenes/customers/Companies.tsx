import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useState, type FormEvent } from 'react'
import { problemText } from '~/api/problem'
import type { Company } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState } from '~/parts/State'
import { Select } from '~/scenes/ticket/FieldInput'
import { companiesQuery, createCompany, type CompanyFilter } from '~/stores/customer'
import { asked } from '~/stores/exchange'
import { can, useMe, useNames } from '~/stores/session'
import { ColumnPick, useColumns } from './columns'
import { Places } from './Places'
import { Table, type Column } from './Table'
import './customers.css'

export const capped = (n: number): string => (n >= 1000 ? '999+' : String(n))

/** 企业客户: the companies whose people the desk serves. */
export function Companies() {
  const navigate = useNavigate()
  const filter = useSearch({ strict: false }) as CompanyFilter
  const names = useNames()
  const me = useMe()
  const able = can(me, 'customer.update')
  const [words, setWords] = useState(filter.q ?? '')
  const late = useDeferredValue(words)
  const set = (part: CompanyFilter) => void navigate({ to: '/companies', search: Object.fromEntries(Object.entries({ ...filter, ...part }).filter(([, v]) => v)), replace: true })
  useEffect(() => {
    if (late.trim() === (filter.q ?? '')) return
    const timer = setTimeout(() => set({ q: late.trim() }), 200)
    return () => clearTimeout(timer)
  })
  const query = useInfiniteQuery(companiesQuery(filter))
  const items = (query.data?.pages.flatMap((p) => p.items) ?? []) as Company[]
  const narrowed = Object.keys(filter).length > 0
  const chosen = Object.keys(filter).some((k) => k !== 'q')
  const open = (c: Company) => void navigate({ to: '/companies/$company', params: { company: c.id } })
  const shipped: Column<Company>[] = [
    { id: 'name', head: t('companies.name'), wide: 'minmax(176px,1.5fr)', cell: (c) => <span className="row g8"><b className="ell">{c.name}</b>{c.tier !== 'normal' && <span className="chip">{names.tier(c.tier)}</span>}</span> },
    { id: 'domains', head: t('companies.domains'), wide: 'minmax(110px,1fr)', cell: (c) => <span className="t2">{c.domains.join('、')}</span> },
    { id: 'parent', head: t('companies.parent'), wide: 'minmax(110px,1fr)', roomy: true, cell: (c) => c.parent?.name ?? <span className="t3">{'–'}</span> },
    { id: 'until', head: t('companies.until'), wide: '108px', cell: (c) => <span className={over(c) ? 'red' : 't2'}>{c.contract.until ?? ''}</span> },
    { id: 'contacts', head: t('companies.contacts'), wide: '72px', right: true, cell: (c) => capped(c.contact_count) },
    { id: 'open', head: t('customers.open'), wide: '72px', right: true, cell: (c) => capped(c.open_ticket_count) },
    { id: 'all', head: t('customers.all'), wide: '72px', right: true, cell: (c) => capped(c.ticket_count) },
  ]
  const { columns, all, toggle } = useColumns('companies', shipped, items)
  return (
    <div className="studio">
      <Places />
      <main className="sheet spage" id="main">
        <section className="page" aria-label={t('companies.title')}>
          <header className="phead">
            <h1>{t('companies.title')}</h1>
            <div className="inp find wide"><Icon name="search" size="s" /><input data-search value={words} maxLength={200} placeholder={t('companies.find')} aria-label={t('companies.find')} onChange={(e) => setWords(e.target.value)}
              onKeyDown={(e) => { if (e.key === 'ArrowDown' || e.key === 'Enter') { e.preventDefault(); document.querySelector<HTMLElement>('.cscroll [data-at]')?.focus() } if (e.key === 'Escape' && words) { e.stopPropagation(); e.preventDefault(); setWords('') } }} /></div>
            <span className="sp" />
            {can(me, 'export') && <IconButton icon="download" label={t('action.export')} onClick={() => asked.set({ what: 'company', ...(filter.q ? { q: filter.q } : {}), ...(chosen ? { companies: { tier: filter.tier, parent_id: filter.parent } } : {}) })} />}
            <ColumnPick all={all} shown={columns} toggle={toggle} />
            {able && <Pop width={320} placement="bottomRight" content={(close) => <NewCompany onMade={(c) => { close(); open(c) }} />}><Button look="p" icon="plus">{t('companies.new')}</Button></Pop>}
          </header>
          <div className="cfilter">
            <Select label={t('customers.tier')} value={filter.tier ?? ''} text={filter.tier ? undefined : t('customers.anyTier')} choices={[{ id: '', text: t('customers.anyTier') }, ...names.config.tiers.map((x) => ({ id: x.key, text: named(x.name) }))]} onChange={(tier) => set({ tier })} />
            {narrowed && <Button look="q" onClick={() => { setWords(''); void navigate({ to: '/companies', search: {}, replace: true }) }}>{t('common.clear')}</Button>}
          </div>
          {query.error && items.length === 0 ? <FailedState error={query.error} retry={() => void query.refetch()} />
            : !query.isPending && items.length === 0 ? <EmptyState icon="people" title={t(narrowed ? 'companies.none' : 'companies.empty')} help={t(narrowed ? 'customers.none.help' : 'companies.empty.help')} />
            : <Table label={t('companies.title')} columns={columns} items={items} open={open} loading={query.isPending || query.isFetchingNextPage} more={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
              line={(c) => <><span className="row g8"><b className="ell">{c.name}</b>{c.tier !== 'normal' && <span className="chip">{names.tier(c.tier)}</span>}</span><span className="f13 t3 ell">{[c.domains.join('、'), t('companies.people', { n: capped(c.contact_count) }), t('companies.openTickets', { n: capped(c.open_ticket_count) })].filter(Boolean).join(' · ')}</span></>} />}
        </section>
      </main>
    </div>
  )
}

export const over = (c: Company): boolean => !!c.contract.until && c.contract.until < new Date().toISOString().slice(0, 10)

function NewCompany({ onMade }: { onMade: (c: Company) => void }) {
  const [name, setName] = useState('')
  const [domain, setDomain] = useState('')
  const [error, setError] = useState<unknown>()
  const save = async (e: FormEvent) => {
    e.preventDefault()
    try {
      onMade(await createCompany({ name: name.trim(), ...(domain.trim() ? { domains: [domain.trim()] } : {}) }))
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <form className="popform" onSubmit={(e) => void save(e)}>
      <Field label={t('companies.name')} required>{(p) => <input {...p} className="inp" autoFocus maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
      <Field label={t('companies.domain')} help={t('companies.domain.help')}>{(p) => <input {...p} className="inp" maxLength={253} value={domain} onChange={(e) => setDomain(e.target.value)} />}</Field>
      {error !== undefined && <p className="red f13" role="alert" style={{ marginTop: 12 }}>{problemText(error)}</p>}
      <div className="row" style={{ marginTop: 16, justifyContent: 'flex-end' }}><Button look="p" type="submit" disabled={!name.trim()}>{t('companies.make')}</Button></div>
    </form>
  )
}
