import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Answer } from '~/api/paths'
import type { Customer } from '~/api/types'
import { messages, t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import { editCustomer, historyQuery } from '~/stores/customer'
import { useNames } from '~/stores/session'
import { kindName } from './Identities'

type Act = Answer<'/customers/{id}/history'>['items'][number]

const fieldName = (f: string): string => { const key = `customers.field.${f.replace(/_id$/, '')}`; return key in messages() ? t(key as Key) : f }

function says(x: Act): string {
  const key = `customers.did.${x.name}`
  return key in messages()
    ? t(key as 'customers.did.changed', { what: x.fields?.map(fieldName).join(t('common.and')) ?? '', kind: x.kind ? kindName(x.kind) : '', company: x.company?.name || t('common.none') })
    : x.name
}

/** What was done to the record, by whom; what the desk did by itself can be taken back here. */
export function History({ customer, able }: { customer: Customer; able: boolean }) {
  const names = useNames()
  const query = useInfiniteQuery(historyQuery(customer.id))
  const list = query.data?.pages.flatMap((p) => p.items) ?? []
  if (query.error && list.length === 0) return <FailedState error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <div style={{ display: 'grid', gap: 16, padding: '16px 0' }}>{[52, 40, 46].map((w) => <Skeleton key={w} width={`${w}%`} />)}</div>
  if (list.length === 0) return <EmptyState icon="history" title={t('customers.history.none')} help={t('customers.history.none.help')} />
  // only the newest placing speaks of the company of now
  const placed = list.find((x) => x.name === 'placed' && x.company?.id === customer.company?.id)
  const out = () => void editCustomer(customer, { company_id: null as unknown as string }, { company: undefined }, { company_id: customer.company!.id })
  return (
    <div className="contacts">
      {list.map((x) => (
        <div key={x.id} className="cline1">
          <span className="cw t3 f12"><Time at={x.at} as="clock" /></span>
          <span className="ci"><Icon name={x.name === 'placed' ? 'people' : 'history'} size="s" /></span>
          <span className="sp ct"><span className="f13">{says(x)}{x.name === 'placed' && x.company && x.company.id === customer.company?.id && <>{' '}<Link className="link" to="/companies/$company" params={{ company: x.company.id }}>{t('companies.open')}</Link></>}</span><span className="f12 t3">{(x.by_id && names.staff(x.by_id)) || t('customers.did.itself')}</span></span>
          {x === placed && able && <Button look="q sm" icon="undo" onClick={out}>{t('customers.placed.undo')}</Button>}
        </div>
      ))}
      {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
    </div>
  )
}
