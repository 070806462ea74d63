import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useState, type KeyboardEvent } from 'react'
import type { Customer } from '~/api/types'
import { named, t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { Select } from '~/scenes/ticket/FieldInput'
import { companyQuery, customersQuery, type CustomerFilter } from '~/stores/customer'
import { asked } from '~/stores/exchange'
import { can, useMe, useNames } from '~/stores/session'
import { ColumnPick, useColumns } from './columns'
import { CompanyPick } from './CompanyPick'
import { MergePanel } from './MergePanel'
import { NewCustomerForm } from './NewCustomer'
import { Places } from './Places'
import { Table, type Column } from './Table'
import './customers.css'

/** Marks that stand with a name wherever customers are listed. */
export function Marks({ customer }: { customer: Customer }) {
  const names = useNames()
  return (
    <>
      {customer.tier !== 'normal' && <span className="chip">{names.tier(customer.tier)}</span>}
      {customer.care && <span className="chip amber" title={customer.care.reason}><Icon name="flag" size="s" />{t('care.mark')}</span>}
      {customer.blocked && <span className="chip red" title={customer.blocked.reason}>{t('blocked.mark')}</span>}
    </>
  )
}

const address = (c: Customer): string => c.identities.map((x) => x.display).slice(0, 2).join(' · ')

/** 客户: everybody the desk has met, found by name, number, mail or company. */
export function Customers() {
  const navigate = useNavigate()
  const filter = useSearch({ strict: false }) as CustomerFilter
  const { config } = useNames()
  const me = useMe()
  const [words, setWords] = useState(filter.q ?? '')
  const late = useDeferredValue(words)
  const set = (part: CustomerFilter) => void navigate({ to: '/customers', search: Object.fromEntries(Object.entries({ ...filter, ...part }).filter(([, v]) => v)), replace: true })
  useEffect(() => {
    if (late.trim() === (filter.q ?? '')) return
    const timer = setTimeout(() => set({ q: late.trim() }), 200)
    return () => clearTimeout(timer)
  })
  const query = useInfiniteQuery(customersQuery(filter))
  const items = (query.data?.pages.flatMap((p) => p.items) ?? []) as Customer[]
  const company = useQuery({ ...companyQuery(filter.company ?? ''), enabled: !!filter.company }).data
  const narrowed = Object.keys(filter).length > 0
  const chosen = Object.keys(filter).some((k) => k !== 'q')
  const open = (c: Customer) => void navigate({ to: '/customers/$customer', params: { customer: c.id } })
  const shipped: Column<Customer>[] = [
    { id: 'name', head: t('customers.name'), wide: 'minmax(176px,1.4fr)', cell: (c) => <span className="row g8"><Avatar name={c.name} size="s" customer /><b className="ell">{c.name}</b><Marks customer={c} /></span> },
    { id: 'address', head: t('customers.address'), wide: 'minmax(124px,1.2fr)', cell: (c) => <span className="t2">{address(c)}</span> },
    { id: 'company', head: t('customers.company'), wide: 'minmax(88px,1fr)', cell: (c) => c.company?.name ?? <span className="t3">{'–'}</span> },
    { id: 'tags', head: t('action.tags'), wide: 'minmax(100px,1fr)', roomy: true, cell: (c) => <span className="row g4">{c.tags.slice(0, 3).map((x) => <span key={x} className="chip">{x}</span>)}</span> },
    { id: 'open', head: t('customers.open'), wide: '72px', right: true, cell: (c) => c.open_ticket_count || <span className="t3">{0}</span> },
    { id: 'all', head: t('customers.all'), wide: '64px', right: true, cell: (c) => c.ticket_count },
    { id: 'last', head: t('customer.last'), wide: '92px', right: true, cell: (c) => (c.last_contact_at ? <span className="t3"><Time at={c.last_contact_at} /></span> : '') },
  ]
  const { columns, all, toggle } = useColumns('customers', shipped, items)
  const mayMerge = can(me, 'customer.merge')
  const [picked, setPicked] = useState<Customer[]>([])
  const [merging, setMerging] = useState(false)
  const pick = (c: Customer) => setPicked((old) => (old.some((x) => x.id === c.id) ? old.filter((x) => x.id !== c.id) : [...old, c].slice(-2)))
  const press = (e: KeyboardEvent) => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || (e.target as HTMLElement).closest('input:not([type=checkbox]),textarea')) return
    if (e.key === 'm' && picked.length === 2) setMerging(true)
    else if (e.key === 'Escape' && picked.length > 0 && !merging) setPicked([])
    else return
    e.preventDefault()
  }
  return (
    <div className="studio">
      <Places />
      <main className="sheet spage" id="main">
        <section className="page" aria-label={t('customers.title')} onKeyDown={press}>
          <header className="phead">
            <h1>{t('customers.title')}</h1>
            <div className="inp find wide"><Icon name="search" size="s" /><input data-search value={words} maxLength={200} placeholder={t('customers.find')} aria-label={t('customers.find')} onChange={(e) => setWords(e.target.value)}
              onKeyDown={(e) => { if (e.key === 'ArrowDown' || e.key === 'Enter') { e.preventDefault(); document.querySelector<HTMLElement>('.cscroll [data-at]')?.focus() } if (e.key === 'Escape' && words) { e.stopPropagation(); e.preventDefault(); setWords('') } }} /></div>
            <span className="sp" />
            {can(me, 'export') && <IconButton icon="download" label={t('action.export')} onClick={() => asked.set({ what: 'customer', ...(filter.q ? { q: filter.q } : {}), ...(chosen ? { customers: { tier: filter.tier, company_id: filter.company, tag: filter.tag, care: filter.care } } : {}) })} />}
            <ColumnPick all={all} shown={columns} toggle={toggle} />
            {can(me, 'customer.update') && <Pop width={340} placement="bottomRight" content={(close) => <NewCustomerForm onMade={(c) => { close(); open(c) }} />}><Button look="p" icon="plus">{t('customers.new')}</Button></Pop>}
          </header>
          <div className="cfilter">
            <Select label={t('customers.tier')} value={filter.tier ?? ''} text={filter.tier ? undefined : t('customers.anyTier')} choices={[{ id: '', text: t('customers.anyTier') }, ...config.tiers.map((x) => ({ id: x.key, text: named(x.name) }))]} onChange={(tier) => set({ tier })} />
            <CompanyPick value={filter.company} name={company?.name} none={t('customers.anyCompany')} onChange={(c) => set({ company: c?.id ?? '' })} />
            <button type="button" className="choice" role="checkbox" aria-checked={!!filter.care} onClick={() => set({ care: !filter.care })}>{t('care.only')}</button>
            {filter.tag && <span className="chip pri">{t('customers.tagged', { tag: filter.tag })}<button type="button" aria-label={t('common.clear')} onClick={() => set({ tag: '' })}><Icon name="close" size="s" /></button></span>}
            {narrowed && <Button look="q" onClick={() => { setWords(''); void navigate({ to: '/customers', search: {}, replace: true }) }}>{t('common.clear')}</Button>}
          </div>
          {query.error && items.length === 0 ? <FailedState error={query.error} retry={() => void query.refetch()} />
            : !query.isPending && items.length === 0 ? <EmptyState icon="people" title={t(narrowed ? 'customers.none' : 'customers.empty')} help={t(narrowed ? 'customers.none.help' : 'customers.empty.help')} />
            : <Table label={t('customers.title')} columns={columns} items={items} open={open} choosing={mayMerge ? { chosen: new Set(picked.map((x) => x.id)), toggle: pick, label: (c) => t('customers.choose', { name: c.name }) } : undefined} loading={query.isPending || query.isFetchingNextPage} more={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
              line={(c) => <><span className="row g8"><Avatar name={c.name} size="s" customer /><b className="ell">{c.name}</b><Marks customer={c} /></span><span className="f13 t3 ell">{[c.company?.name, address(c), t('customer.count', { n: c.ticket_count, open: c.open_ticket_count })].filter(Boolean).join(' · ')}</span></>} />}
          {picked.length > 0 && (
            <div className="cbulk" role="status">
              <span className="ell sp f13">{t('customers.chosen', { names: picked.map((x) => x.name).join(t('common.and')) })}{picked.length === 1 && <span className="t3">{' '}{t('customers.chosen.one')}</span>}</span>
              <Button look="q" onClick={() => setPicked([])}>{t('common.clear')}</Button>
              <Button look="p" icon="merge" keys="m" disabled={picked.length !== 2} onClick={() => setMerging(true)}>{t('customers.merge')}</Button>
            </div>
          )}
        </section>
        {merging && picked[0] && picked[1] && <MergePanel customer={picked[0]} with={picked[1].id} onClose={() => setMerging(false)} />}
      </main>
    </div>
  )
}
