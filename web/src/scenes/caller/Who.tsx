import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useRef, type RefObject } from 'react'
import type { Brief, Customer, Like } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { CareNote } from '~/parts/CareNote'
import { Field } from '~/parts/Field'
import { ChannelIcon, StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Kbd } from '~/parts/Kbd'
import { Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import { percent } from '~/scenes/ticket/understand/values'
import { callerQuery, customerQuery, customerTickets, findCustomersQuery, lastContacts } from '~/stores/customer'
import { useNames } from '~/stores/session'
import { dialable, digits, type Form } from './draft'

export interface Known { customer?: Customer; blocked?: { reason: string; until?: string }; number?: string; searching: boolean; none: boolean; matches: Customer[]; settled: boolean }

/** Who is it? By the number at once, by other words from those that are found. `settled`: the answer is to what stands in the box. */
export function useWho(form: Form): Known {
  const late = useDeferredValue(form.words.trim())
  const dials = digits(late) >= 4
  const picked = useQuery(customerQuery(form.customer ?? ''))
  const caller = useQuery(callerQuery(dials && !form.customer ? late.replace(/[\s()-]/g, '') : ''))
  const found = useQuery({ ...findCustomersQuery(late), enabled: late.length >= 2 && !form.customer && !dials })
  const near = caller.data?.customer ? [] : caller.data?.matches
  const matches = form.customer || late.length < 2 ? [] : (((dials ? near : found.data?.items) ?? []) as Customer[])
  const customer = form.customer ? picked.data : dials ? (caller.data?.customer as Customer | undefined) : undefined
  const asking = form.customer ? picked.isPending : dials ? caller.isPending : late.length >= 2 && found.isPending
  return {
    settled: late === form.words.trim() && !asking,
    customer, matches, searching: asking, number: caller.data?.number, blocked: customer?.blocked ?? (dials ? caller.data?.blocked : undefined),
    none: !asking && !customer && late.length >= 2 && matches.length === 0 && !(dials && caller.isError),
  }
}

export interface Joinable { ticket: Brief; score?: number; solved: boolean }

/** Tickets that this call may be about: those that say the same first, then what is open, then what was solved lately. */
export function useJoinable(customer: Customer | undefined, same: Like[]): Joinable[] {
  const tickets = useQuery(customerTickets(customer?.id)).data?.items ?? []
  const list: Joinable[] = same.slice(0, 3).map((x) => ({ ticket: x.ticket, score: x.score, solved: x.ticket.status === 'solved' }))
  const more = tickets.filter((x) => !list.some((k) => k.ticket.id === x.id) && !['closed', 'cancelled'].includes(x.status))
  for (const x of [...more.filter((k) => k.status !== 'solved'), ...more.filter((k) => k.status === 'solved').slice(0, 2)]) {
    list.push({ ticket: { id: x.id, number: x.number, subject: x.subject, status: x.status, ...(x.assignee ? { assignee: x.assignee } : {}) } as Brief, solved: x.status === 'solved' })
  }
  return list.slice(0, 9)
}

export function Who({ form, set, known, joinable, onJoin, onOpen, onNext, input, busy }: {
  form: Form; set: (part: Partial<Form>) => void; known: Known; joinable: Joinable[]; onJoin: (t: Joinable) => void; onOpen: (id: string) => void
  onNext: () => void; input: RefObject<HTMLInputElement | null>; busy: boolean
}) {
  const { customer, matches, settled } = known
  // Enter before the answer has come takes the first of those that are found then
  const wanted = useRef('')
  useEffect(() => {
    if (wanted.current && settled && wanted.current === form.words && matches[0] && !customer) set({ customer: matches[0].id })
    if (settled || wanted.current !== form.words) wanted.current = ''
  })
  const other = () => { set({ words: '', customer: undefined, name: '' }); requestAnimationFrame(() => input.current?.focus()) }
  return (
    <section className="c1" aria-label={t('side.customer')}>
      <div className={known.blocked ? 'phone bad' : 'phone'}>
        <Icon name="phone" size="l" />
        <input ref={input} autoFocus value={form.words} placeholder={t('create.lookup')} aria-label={t('create.lookup')} autoComplete="off" inputMode="text" maxLength={200}
          onChange={(e) => set({ words: e.target.value, customer: undefined })}
          onKeyDown={(e) => {
            if (e.key !== 'Enter' || e.ctrlKey || e.metaKey || e.nativeEvent.isComposing) return
            e.preventDefault()
            if (!settled) wanted.current = form.words
            else if (matches[0]) set({ customer: matches[0].id })
            onNext()
          }} />
        <span className="f12 t3 nw" role="status">{customer ? t('caller.matched') : known.searching && form.words.trim().length >= 2 ? t('caller.searching') : matches.length ? t('create.matches', { n: matches.length }) : known.none ? t('caller.unknown') : ''}</span>
        {customer && <span className="green"><Icon name="check" /></span>}
      </div>
      {known.blocked && <CareNote kind="blocked" reason={known.blocked.reason} until={known.blocked.until} />}
      {customer ? <Portrait customer={customer} onOther={other} /> : (
        <>
          {known.searching && form.words.trim().length >= 2 && <div style={{ display: 'grid', gap: 12, marginTop: 16 }}><Skeleton width="60%" /><Skeleton width="45%" /></div>}
          {matches.map((c, i) => (
            <button key={c.id} type="button" className="found" onClick={() => { set({ customer: c.id }); onNext() }}>
              <Avatar name={c.name} size="l" customer />
              <span className="sp"><b className="ell f13" style={{ display: 'block' }}>{c.name}</b><span className="t3 f12">{[...c.identities.map((x) => x.display), c.company?.name].filter(Boolean).join(' · ')}</span></span>
              {i === 0 && <Kbd keys="Enter" />}
            </button>
          ))}
          {known.none && (
            <>
              <p className="f13 t2" style={{ marginTop: 16 }}>{t('create.newCustomer')}</p>
              {(dialable(form.words) || form.words.includes('@')) && <Field label={t('create.name')} help={t('caller.name.help')}>{(p) => <input {...p} className="inp" data-name maxLength={100} value={form.name} onChange={(e) => set({ name: e.target.value })} onKeyDown={(e) => { if (e.key === 'Enter' && !e.nativeEvent.isComposing && !e.ctrlKey && !e.metaKey) { e.preventDefault(); onNext() } }} />}</Field>}
            </>
          )}
          {form.words.trim().length < 2 && <p className="f13 t3" style={{ marginTop: 16 }}>{t('create.lookup.help')}</p>}
        </>
      )}
      {joinable.length > 0 && <div className="lab"><h3>{t('caller.join.title')}</h3><span className="t3 f12">{joinable.length}</span></div>}
      {customer && joinable.length === 0 && <p className="f13 t3" style={{ marginTop: 16 }}>{t('create.open.none')}</p>}
      {joinable.map((x, i) => (
        <div key={x.ticket.id} className={i === 0 && (x.score !== undefined || joinable.length === 1) ? 'tk hit' : 'tk'}>
          <StatusGlyph status={x.ticket.status} />
          <div className="sp">
            <b className="f13">{x.ticket.subject || t('brief.hidden', { number: x.ticket.number })}</b>
            <div className="t3 f12">{[x.ticket.number, statusName(x.ticket.status), x.ticket.assignee?.name].filter(Boolean).join(' · ')}</div>
            {x.score !== undefined && <div className="f12 ai">{t('caller.same', { share: percent(x.score) })}</div>}
            <div className="row g8 acts">
              <Button look={i === 0 && (!x.solved || x.score !== undefined) ? 'p sm' : 'sm'} disabled={busy} onClick={() => onJoin(x)}>{t(x.solved ? 'caller.reopen' : 'check.join')}<Kbd keys={`Alt+${i + 1}`} /></Button>
              <Button look="sm" onClick={() => onOpen(x.ticket.id)}>{t('check.open')}</Button>
            </div>
          </div>
        </div>
      ))}
      {customer && <Contacts customer={customer} onOpen={onOpen} />}
    </section>
  )
}

function Portrait({ customer, onOther }: { customer: Customer; onOther: () => void }) {
  const names = useNames()
  const proved = customer.identities.some((x) => x.verified)
  return (
    <>
      <div className="row g12" style={{ marginTop: 16 }}>
        <Avatar name={customer.name} size="xl" customer />
        <div className="sp">
          <div className="row g6 wrap"><b className="ell" style={{ fontSize: 16, lineHeight: '24px' }}>{customer.name}</b>{customer.tier !== 'normal' && <span className="chip">{names.tier(customer.tier)}</span>}{proved && <span className="chip green"><Icon name="check" size="s" />{t('identity.verified')}</span>}</div>
          <div className="f13 t2 ell">{[customer.company?.name, ...customer.identities.map((x) => x.display)].filter(Boolean).join(' · ')}</div>
        </div>
      </div>
      <div className="row f13 t2 g12" style={{ marginTop: 8, paddingLeft: 52 }}><span className="sp">{t('customer.count', { n: customer.ticket_count, open: customer.open_ticket_count })}</span><Link className="link" to="/customers/$customer" params={{ customer: customer.id }}>{t('caller.profile')}</Link><button type="button" className="link" onClick={onOther}>{t('create.other')}</button></div>
      {customer.care && <CareNote kind="care" reason={customer.care.reason} until={customer.care.until} />}
      {customer.note && <p className="f13 t2" style={{ marginTop: 12, whiteSpace: 'pre-wrap' }}>{customer.note}</p>}
    </>
  )
}

function Contacts({ customer, onOpen }: { customer: Customer; onOpen: (id: string) => void }) {
  const list = (useQuery(lastContacts(customer.id)).data?.items ?? []).filter((x) => x.kind === 'message')
  if (list.length === 0) return null
  return (
    <>
      <div className="lab"><h3>{t('caller.contacts')}</h3></div>
      {list.map((x, i) => (
        <button key={i} type="button" className="contact" onClick={() => onOpen(x.ticket.id)}>
          <span className="t3 nw"><Time at={x.at} as="clock" /></span>
          <span className="t3">{x.message_kind === 'customer' ? <ChannelIcon channel="chat" /> : <Icon name={x.message_kind === 'note' ? 'lock' : 'reply'} size="s" />}</span>
          <span className="ell sp">{x.excerpt || x.ticket.subject}</span>
          <span className="t3 f12 nw">{x.ticket.number}</span>
        </button>
      ))}
    </>
  )
}
