import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { Problem } from '~/api/problem'
import type { Company, CompanyPatch, Customer, Ticket } from '~/api/types'
import { named, t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { When } from '~/parts/When'
import { Segmented } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { Row } from '~/scenes/ticket/Properties'
import { companiesQuery, companyQuery, companyTicketsQuery, contactsQuery, editCompany } from '~/stores/customer'
import { can, useMe, useNames } from '~/stores/session'
import { capped, over } from './Companies'
import { CompanyPick } from './CompanyPick'
import { TicketLines } from './CustomerPage'
import { Marks } from './Customers'
import { NoteValue, TagsValue, TextValue } from './edit'
import { NewCustomerForm } from './NewCustomer'
import { Places } from './Places'
import '~/scenes/ticket/ticket.css'
import './customers.css'


/** One company: its people, what was agreed, what stands above and below it, and all its tickets. */
export function CompanyPage() {
  const { company: id = '' } = useParams({ strict: false }) as { company?: string }
  const { data: company, error, refetch } = useQuery(companyQuery(id))
  const gone = error instanceof Problem && (error.status === 404 || error.status === 403)
  return (
    <div className="studio">
      <Places />
      <main className="sheet spage" id="main">
        {error && !company ? (gone ? <EmptyState icon="search" title={t('companies.gone')} help={t('customers.gone.help')}><Link className="btn" to="/companies" search={{}}>{t('companies.toList')}</Link></EmptyState> : <FailedState error={error} retry={() => void refetch()} />)
          : company ? <Page key={company.id} company={company} /> : <div style={{ padding: 24, display: 'grid', gap: 16 }} aria-busy="true"><Skeleton width="30%" height={24} /><Skeleton width="60%" /></div>}
      </main>
    </div>
  )
}

function Page({ company }: { company: Company }) {
  const able = can(useMe(), 'customer.update')
  const names = useNames()
  const [tab, setTab] = useState<'contacts' | 'tickets' | 'below'>('contacts')
  const save = (patch: CompanyPatch, guess: Partial<Company>, back: CompanyPatch) => void editCompany(company, patch, guess, back)
  const contract = (part: Partial<Company['contract']>) => { const next = { ...company.contract, ...part }; save({ contract: next }, { contract: next }, { contract: company.contract }) }
  return (
    <section className="page" aria-label={company.name}>
      <header className="phead person">
        <div className="sp">
          <div className="row g6 wrap"><h1 className="grow"><TextValue big value={company.name} label={t('companies.name')} disabled={!able} onSave={(name) => name && save({ name }, { name }, { name: company.name })} /></h1>{company.tier !== 'normal' && <span className="chip">{names.tier(company.tier)}</span>}{over(company) && <span className="chip red">{t('companies.over')}</span>}</div>
          <div className="f13 t3">{[t('companies.people', { n: capped(company.contact_count) }), t('companies.openTickets', { n: capped(company.open_ticket_count) }), t('companies.allTickets', { n: capped(company.ticket_count) })].join(' · ')}</div>
        </div>
      </header>
      <div className="cbody">
        <div className="cmain">
          <div className="row ctabs"><Segmented label={t('customers.shows')} value={tab} options={[['contacts', t('companies.contacts')], ['tickets', t('customer.tickets')], ['below', t('companies.below')]] as const} onChange={setTab} /></div>
          {tab === 'contacts' ? <Contacts company={company} able={able} /> : tab === 'tickets' ? <Tickets id={company.id} /> : <Below company={company} />}
        </div>
        <aside className="side" aria-label={t('customers.details')}>
          <section aria-label={t('customers.details')}>
            <h3>{t('customers.details')}</h3>
            <Row label={t('customers.tier')}><Select label={t('customers.tier')} value={company.tier} choices={names.config.tiers.map((x) => ({ id: x.key, text: named(x.name) }))} onChange={(tier) => able && tier !== company.tier && save({ tier }, { tier }, { tier: company.tier })} /></Row>
            <Row label={t('companies.parent')}><CompanyPick value={company.parent?.id} name={company.parent?.name} none={t('common.none')} disabled={!able} except={company.id} onChange={(c) => save({ parent_id: (c?.id ?? null) as string }, { parent: c }, { parent_id: (company.parent?.id ?? null) as string })} /></Row>
            <Row label={t('companies.domains')}><TagsValue label={t('companies.domains')} add={t('companies.domain.add')} value={company.domains} disabled={!able} onSave={(domains) => save({ domains }, { domains }, { domains: company.domains })} /></Row>
            <Row label={t('action.tags')}><TagsValue label={t('action.tags')} value={company.tags} disabled={!able} onSave={(tags) => save({ tags }, { tags }, { tags: company.tags })} /></Row>
          </section>
          <section aria-label={t('companies.contract')}>
            <h3>{t('companies.contract')}</h3>
            <Row label={t('companies.contract.number')}><TextValue label={t('companies.contract.number')} value={company.contract.number ?? ''} max={100} disabled={!able} onSave={(number) => contract({ number })} /></Row>
            <Row label={t('companies.contract.from')}><When kind="day" small label={t('companies.contract.from')} disabled={!able} value={company.contract.from || ''} onChange={(from) => contract({ from })} /></Row>
            <Row label={t('companies.until')}><When kind="day" small label={t('companies.until')} disabled={!able} value={company.contract.until || ''} onChange={(until) => contract({ until })} /></Row>
            <NoteValue label={t('companies.contract.terms')} none={t('companies.contract.none')} value={company.contract.terms ?? ''} disabled={!able} onSave={(terms) => contract({ terms })} />
          </section>
          <section aria-label={t('customers.note')}><h3>{t('customers.note')}</h3><NoteValue label={t('customers.note')} none={t('customers.note.none')} value={company.note} disabled={!able} onSave={(note) => save({ note }, { note }, { note: company.note })} /></section>
        </aside>
      </div>
    </section>
  )
}

function Contacts({ company, able }: { company: Company; able: boolean }) {
  const navigate = useNavigate()
  const query = useInfiniteQuery(contactsQuery(company.id))
  const list = (query.data?.pages.flatMap((p) => p.items) ?? []) as Customer[]
  const add = able && <Pop width={340} content={(close) => <NewCustomerForm company={company} onMade={(c) => { close(); void navigate({ to: '/customers/$customer', params: { customer: c.id } }) }} />}><Button icon="plus">{t('companies.contact.new')}</Button></Pop>
  if (query.error && list.length === 0) return <FailedState error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <Skeleton width="60%" />
  if (list.length === 0) return <EmptyState icon="person" title={t('companies.contacts.none')} help={t('companies.contacts.none.help')}>{add}</EmptyState>
  return (
    <div className="contacts">
      {list.map((c) => <Link key={c.id} className="cline1" to="/customers/$customer" params={{ customer: c.id }}><Avatar name={c.name} customer /><span className="sp ct"><span className="row g6"><b className="f13 ell">{c.name}</b><Marks customer={c} /></span><span className="f12 t3 ell">{[...c.identities.map((x) => x.display), t('customer.count', { n: c.ticket_count, open: c.open_ticket_count })].join(' · ')}</span></span></Link>)}
      {query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
      <div className="morebar">{add}</div>
    </div>
  )
}

function Tickets({ id }: { id: string }) {
  const query = useInfiniteQuery(companyTicketsQuery(id))
  const list = (query.data?.pages.flatMap((p) => p.items) ?? []) as Ticket[]
  if (query.error && list.length === 0) return <FailedState error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <Skeleton width="60%" />
  if (list.length === 0) return <EmptyState icon="inbox" title={t('customers.tickets.none')} help={t('companies.tickets.none.help')} />
  return <><TicketLines list={list} />{query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}</>
}

function Below({ company }: { company: Company }) {
  const query = useInfiniteQuery(companiesQuery({ parent: company.id }))
  const list = (query.data?.pages.flatMap((p) => p.items) ?? []) as Company[]
  if (query.isPending) return <Skeleton width="60%" />
  if (list.length === 0) return <EmptyState icon="tree" title={t('companies.below.none')} help={t('companies.below.none.help')} />
  return <div className="contacts">{list.map((c) => <Link key={c.id} className="cline1" to="/companies/$company" params={{ company: c.id }}><span className="sp ct"><b className="f13 ell">{c.name}</b><span className="f12 t3">{[t('companies.people', { n: capped(c.contact_count) }), t('companies.openTickets', { n: capped(c.open_ticket_count) })].join(' · ')}</span></span></Link>)}</div>
}
