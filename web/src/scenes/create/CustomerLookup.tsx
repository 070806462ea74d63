import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, type ReactNode } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Customer, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { StatusGlyph, statusName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import { customerTickets } from '~/scenes/ticket/panels/customerTickets'
import { useNames } from '~/stores/session'

export interface Caller { words: string; name?: string; customer?: Customer }

/** Finds the caller by phone, mail or name; shows what is still open for them, so that no second ticket is made. */
export function CustomerLookup({ caller, onChange, onOpen, shown, children }: { caller: Caller; onChange: (c: Caller) => void; onOpen: (t: Ticket) => void; shown?: string[]; children?: ReactNode }) {
  const late = useDeferredValue(caller.words.trim())
  const enough = late.length >= 2 && !caller.customer
  const found = useQuery({ queryKey: keys.customers.find(late), queryFn: ({ signal }) => data(api.GET('/customers', { params: { query: { q: late, limit: 8 } }, signal })), enabled: enough })
  const matches = enough ? (found.data?.items ?? []) : []
  return (
    <section className="c1" aria-label={t('side.customer')}>
      <div className="phone">
        <Icon name="phone" size="l" />
        <input autoFocus value={caller.customer?.name ?? caller.words} readOnly={!!caller.customer} placeholder={t('create.lookup')} aria-label={t('create.lookup')} autoComplete="off" onChange={(e) => onChange({ ...caller, words: e.target.value })}
          onKeyDown={(e) => { if (e.key === 'Enter' && !e.ctrlKey && !e.metaKey && matches[0]) { e.preventDefault(); onChange({ ...caller, customer: matches[0] }) } }} />
        <span className="f12 t3 nw" role="status">{caller.customer ? '' : enough && found.isFetched ? t('create.matches', { n: matches.length }) : ''}</span>
      </div>
      {caller.customer ? <Known customer={caller.customer} onOther={() => onChange({ words: '' })} onOpen={onOpen} shown={shown}>{children}</Known> : (
        <>
          {enough && found.isPending && <div style={{ display: 'grid', gap: 12, marginTop: 16 }}><Skeleton width="60%" /><Skeleton width="45%" /></div>}
          {matches.map((c, i) => (
            <button key={c.id} type="button" className="found" onClick={() => onChange({ ...caller, customer: c })}>
              <Avatar name={c.name} size="l" />
              <span className="sp"><b className="ell f13" style={{ display: 'block' }}>{c.name}</b><span className="t3 f12">{c.identities.map((x) => x.display).join(' · ')}</span></span>
              {i === 0 && <kbd>{'↵'}</kbd>}
            </button>
          ))}
          {enough && found.isFetched && matches.length === 0 && (
            <>
              <p className="f13 t2" style={{ marginTop: 16 }}>{t('create.newCustomer')}</p>
              <Field label={t('create.name')}>{(p) => <input {...p} className="inp" value={caller.name ?? ''} onChange={(e) => onChange({ ...caller, name: e.target.value })} />}</Field>
            </>
          )}
          {children}
          {!enough && <p className="f13 t3" style={{ marginTop: 16 }}>{t('create.lookup.help')}</p>}
        </>
      )}
    </section>
  )
}

function Known({ customer, onOther, onOpen, shown = [], children }: { customer: Customer; onOther: () => void; onOpen: (t: Ticket) => void; shown?: string[]; children?: ReactNode }) {
  const names = useNames()
  const tickets = useQuery(customerTickets(customer.id)).data?.items ?? []
  const open = tickets.filter((x) => !['solved', 'closed', 'cancelled'].includes(x.status) && !shown.includes(x.id))
  return (
    <>
      <div className="row g12" style={{ marginTop: 16 }}>
        <Avatar name={customer.name} size="xl" />
        <div className="sp">
          <div className="row g6"><b className="ell" style={{ fontSize: 16, lineHeight: '24px' }}>{customer.name}</b>{customer.tier && customer.tier !== 'normal' && <span className="chip">{names.tier(customer.tier)}</span>}</div>
          <div className="f13 t2 ell">{customer.identities.map((x) => x.display).join(' · ')}</div>
        </div>
      </div>
      <div className="row f13 t2" style={{ marginTop: 8, paddingLeft: 52 }}><span className="sp">{t('customer.count', { n: customer.ticket_count, open: customer.open_ticket_count })}</span><button type="button" className="link" onClick={onOther}>{t('create.other')}</button></div>
      {customer.note && <p className="f13 t2" style={{ marginTop: 12 }}>{customer.note}</p>}
      {children}
      {(open.length > 0 || !shown.length) && <div className="lab"><h3>{t(shown.length ? 'create.open.more' : 'create.open')}</h3><span className="t3 f12">{open.length}</span></div>}
      {open.length === 0 && !shown.length && <p className="f13 t3">{t('create.open.none')}</p>}
      {open.map((x, i) => (
        <div key={x.id} className={i === 0 && !children ? 'tk hit' : 'tk'}>
          <StatusGlyph status={x.status} />
          <div><b className="f13">{x.subject}</b><div className="t3 f12">{[x.number, statusName(x.status), x.assignee?.name].filter(Boolean).join(' · ')}{' · '}<Time at={x.updated_at} /></div></div>
          <Button look="sm" onClick={() => onOpen(x)}>{t('action.open')}</Button>
        </div>
      ))}
    </>
  )
}
