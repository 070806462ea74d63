import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Problem } from '~/api/problem'
import type { Contact, Customer, Ticket } from '~/api/types'
import { named, t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { CareNote } from '~/parts/CareNote'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Time } from '~/parts/Time'
import { Segmented } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { Row } from '~/scenes/ticket/Properties'
import { blockCustomer, customerQuery, customerTickets, editCustomer, endCare, mergesQuery, setCare, timelineQuery, unblockCustomer, unmerge } from '~/stores/customer'
import { can, useMe, useNames } from '~/stores/session'
import { complain, say } from '~/stores/toast'
import { CompanyPick } from './CompanyPick'
import { Marks } from './Customers'
import { NoteValue, TagsValue, TextValue } from './edit'
import { History } from './History'
import { Identities } from './Identities'
import { MarkForm } from './MarkForm'
import { MergePanel } from './MergePanel'
import { Places } from './Places'
import '~/scenes/ticket/ticket.css'
import './customers.css'

const languages = ['zh-CN', 'zh-TW', 'en', 'ja', 'ko', 'de', 'fr', 'es', 'ru', 'th', 'vi', 'id']

/** One customer over all channels: what was said, by which addresses, in which company. */
export function CustomerPage() {
  const { customer: id = '' } = useParams({ strict: false }) as { customer?: string }
  const { data: customer, error, refetch } = useQuery(customerQuery(id))
  const gone = error instanceof Problem && (error.status === 404 || error.status === 403)
  return (
    <div className="studio">
      <Places />
      <main className="sheet spage" id="main">
        {error && !customer ? (gone ? <EmptyState icon="search" title={t('customers.gone')} help={t('customers.gone.help')}><Link className="btn" to="/customers" search={{}}>{t('customers.toList')}</Link></EmptyState> : <FailedState error={error} retry={() => void refetch()} />)
          : customer ? <Page key={customer.id} customer={customer} /> : <div style={{ padding: 24, display: 'grid', gap: 16 }} aria-busy="true"><Skeleton width="30%" height={24} /><Skeleton width="60%" /><Skeleton width="52%" /></div>}
      </main>
    </div>
  )
}

function Page({ customer }: { customer: Customer }) {
  const navigate = useNavigate()
  const me = useMe()
  const able = can(me, 'customer.update') && !customer.merged_into
  const [tab, setTab] = useState<'timeline' | 'tickets' | 'history'>('timeline')
  const [merging, setMerging] = useState(false)
  useEffect(() => { document.title = customer.name; return () => { document.title = t('app.name') } }, [customer.name])
  const run = (act: Promise<unknown>) => void act.catch(complain)
  return (
    <section className="page" aria-label={customer.name}>
      <header className="phead person">
        <Avatar name={customer.name} size="xl" customer />
        <div className="sp">
          <div className="row g6 wrap"><h1 className="grow"><TextValue big value={customer.name} label={t('customers.name')} disabled={!able} onSave={(name) => name && void editCustomer(customer, { name }, { name }, { name: customer.name })} /></h1><Marks customer={customer} /></div>
          <div className="f13 t3">{t('customer.count', { n: customer.ticket_count, open: customer.open_ticket_count })}{customer.last_contact_at && <>{' · '}{t('customer.last')}{' '}<Time at={customer.last_contact_at} /></>}</div>
        </div>
        <div className="row g8 wrap acts">
          {can(me, 'ticket.create') && !customer.merged_into && <Button icon="plus" onClick={() => void navigate({ to: '/create', search: { customer: customer.id } })}>{t('action.create')}</Button>}
          {able && <Pop width={340} placement="bottomRight" content={(close) => <MarkForm reason={customer.care?.reason} help={t('care.help')} go={t('care.set')} onSave={async (reason, until) => { await setCare(customer.id, reason, until); close(); say(t('care.done'), { undo: () => endCare(customer.id) }) }} />}><Button icon="flag">{t('care.mark')}</Button></Pop>}
          {can(me, 'customer.block') && !customer.merged_into && (customer.blocked
            ? <Button onClick={() => run(unblockCustomer(customer.id).then(() => say(t('blocked.lifted'))))}>{t('blocked.lift')}</Button>
            : <Pop width={340} placement="bottomRight" content={(close) => <MarkForm help={t('blocked.help')} go={t('blocked.set')} onSave={async (reason, until) => { await blockCustomer(customer.id, reason, until); close(); say(t('blocked.done'), { undo: () => unblockCustomer(customer.id) }) }} />}><Button look="danger">{t('blocked.set')}</Button></Pop>)}
          {can(me, 'customer.merge') && !customer.merged_into && <Button icon="merge" onClick={() => setMerging(true)}>{t('customers.merge')}</Button>}
        </div>
      </header>
      {customer.merged_into && <p className="alertline"><Icon name="merge" size="s" />{t('customers.merged')}<Link className="link" to="/customers/$customer" params={{ customer: customer.merged_into }}>{t('customers.merged.open')}</Link></p>}
      <div className="cbody">
        <div className="cmain">
          {customer.care && <div className="row g8 carerow"><div className="sp"><CareNote kind="care" reason={customer.care.reason} until={customer.care.until} /></div>{able && <Button look="q sm" onClick={() => run(endCare(customer.id).then(() => say(t('care.ended'), { undo: () => setCare(customer.id, customer.care!.reason, customer.care!.until) })))}>{t('care.end')}</Button>}</div>}
          {customer.blocked && <CareNote kind="blocked" reason={customer.blocked.reason} until={customer.blocked.until} />}
          <div className="row ctabs"><Segmented label={t('customers.shows')} value={tab} options={[['timeline', t('customers.timeline')], ['tickets', t('customer.tickets')], ['history', t('customers.history')]] as const} onChange={setTab} /></div>
          {tab === 'timeline' ? <Timeline id={customer.id} /> : tab === 'tickets' ? <Tickets id={customer.id} /> : <History customer={customer} able={able} />}
        </div>
        <Side customer={customer} able={able} />
      </div>
      {merging && <MergePanel customer={customer} onClose={() => setMerging(false)} />}
    </section>
  )
}

function Side({ customer, able }: { customer: Customer; able: boolean }) {
  const navigate = useNavigate()
  const names = useNames()
  const me = useMe()
  const merges = useQuery(mergesQuery(customer.id)).data?.items ?? []
  return (
    <aside className="side" aria-label={t('customers.details')}>
      <Identities customer={customer} able={able} />
      <section aria-label={t('customers.details')}>
        <h3>{t('customers.details')}</h3>
        <Row label={t('customers.tier')}><Select label={t('customers.tier')} value={customer.tier} choices={names.config.tiers.map((x) => ({ id: x.key, text: named(x.name) }))} onChange={(tier) => able && tier !== customer.tier && void editCustomer(customer, { tier }, { tier }, { tier: customer.tier })} /></Row>
        <Row label={t('customers.company')}>
          <CompanyPick value={customer.company?.id} name={customer.company?.name} none={t('common.none')} disabled={!able} onChange={(c) => void editCustomer(customer, { company_id: (c?.id ?? null) as string }, { company: c }, { company_id: (customer.company?.id ?? null) as string })} />
          {customer.company && <Link className="ib sm" aria-label={t('companies.open')} to="/companies/$company" params={{ company: customer.company.id }}><Icon name="right" size="s" /></Link>}
        </Row>
        <Row label={t('customers.language')}><Select label={t('customers.language')} value={customer.language ?? ''} text={customer.language ? languageName(customer.language) : undefined} choices={['', ...languages].map((x) => ({ id: x, text: x ? languageName(x) : t('common.none') }))} onChange={(language) => able && void editCustomer(customer, { language }, { language }, { language: customer.language ?? '' })} /></Row>
        <Row label={t('action.tags')}><TagsValue label={t('action.tags')} value={customer.tags} disabled={!able} onOpen={(tag) => void navigate({ to: '/customers', search: { tag } })} onSave={(tags) => void editCustomer(customer, { tags }, { tags }, { tags: customer.tags })} /></Row>
        <Row label={t('customers.since')}><span className="f13"><Time at={customer.created_at} /></span></Row>
      </section>
      <section aria-label={t('customers.note')}>
        <h3>{t('customers.note')}</h3>
        <NoteValue label={t('customers.note')} none={t('customers.note.none')} value={customer.note} disabled={!able} onSave={(note) => void editCustomer(customer, { note }, { note }, { note: customer.note })} />
      </section>
      {Object.keys(customer.fields).length > 0 && <section aria-label={t('customers.fields')}><h3>{t('customers.fields')}</h3>{Object.entries(customer.fields).map(([k, v]) => <Row key={k} label={k}><span className="ell">{String(v)}</span></Row>)}</section>}
      {merges.length > 0 && (
        <section aria-label={t('customers.merges')}>
          <h3>{t('customers.merges')}</h3>
          {merges.map((m) => <div key={m.undo_id} className="row g8 f13 mergeline"><span className="ell sp" title={m.from.name}>{m.from.name}</span><span className="t3 f12"><Time at={m.at} /></span>{can(me, 'customer.merge') && <Button look="q sm" onClick={() => void unmerge(m.undo_id)}>{t('customers.unmerge')}</Button>}</div>)}
        </section>
      )}
    </aside>
  )
}

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([document.documentElement.lang || 'zh-CN'], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

function Timeline({ id }: { id: string }) {
  const query = useInfiniteQuery(timelineQuery(id))
  const list = query.data?.pages.flatMap((p) => p.items) ?? []
  if (query.error && list.length === 0) return <FailedState error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <div style={{ display: 'grid', gap: 16, padding: '16px 0' }}>{[70, 52, 64].map((w) => <Skeleton key={w} width={`${w}%`} />)}</div>
  if (list.length === 0) return <EmptyState icon="chat" title={t('customers.timeline.none')} help={t('customers.timeline.none.help')} />
  return (
    <div className="contacts">
      {list.map((x, i) => <ContactLine key={`${x.kind}${x.ticket.id}${x.at}${i}`} x={x} />)}
      {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
    </div>
  )
}

function ContactLine({ x }: { x: Contact }) {
  return (
    <Link className={`cline1 ${x.kind === 'ticket' ? 'born' : x.message_kind ? `is-${x.message_kind}` : ''}`} to="/inbox/$view/$ticket" params={{ view: 'all', ticket: x.ticket.id }} search={{}}>
      <span className="cw t3 f12"><Time at={x.at} as="clock" /></span>
      <span className="ci">{x.kind === 'ticket' ? <StatusGlyph status={x.ticket.status} /> : <Icon name={x.message_kind === 'note' ? 'lock' : x.message_kind === 'reply' ? 'reply' : 'chat'} size="s" />}</span>
      <span className="sp ct"><span className="f12 t3">{t(x.kind === 'ticket' ? 'customers.line.ticket' : x.message_kind === 'note' ? 'customers.line.note' : x.message_kind === 'reply' ? 'customers.line.reply' : 'customers.line.customer')}{' · '}{x.ticket.number}{x.kind === 'ticket' ? ` · ${statusName(x.ticket.status)}` : ''}</span><span className={x.kind === 'ticket' ? 'f13 b' : 'f13'}>{x.kind === 'ticket' ? x.ticket.subject : x.excerpt || t('customers.line.files')}</span></span>
    </Link>
  )
}

function Tickets({ id }: { id: string }) {
  const query = useQuery(customerTickets(id, 100))
  const list = (query.data?.items ?? []) as Ticket[]
  if (query.isPending) return <Skeleton width="60%" />
  if (list.length === 0) return <EmptyState icon="inbox" title={t('customers.tickets.none')} help={t('customers.timeline.none.help')} />
  return <TicketLines list={list} />
}

export function TicketLines({ list }: { list: Ticket[] }) {
  return (
    <div className="contacts">
      {list.map((x) => (
        <Link key={x.id} className="cline1" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: x.id }} search={{}}>
          <span className="cw t3 f12"><Time at={x.updated_at} /></span><span className="ci"><StatusGlyph status={x.status} /></span>
          <span className="sp ct"><span className="f12 t3">{[x.number, statusName(x.status), x.requester?.name, x.assignee?.name].filter(Boolean).join(' · ')}</span><span className="f13 b">{x.subject}</span></span>
        </Link>
      ))}
    </div>
  )
}
