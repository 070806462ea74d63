import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useDeferredValue, useEffect, useState, type KeyboardEvent } from 'react'
import { problemText } from '~/api/problem'
import type { Customer, MergeTake } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Layer } from '~/parts/Layer'
import { EmptyState } from '~/parts/State'
import { customerQuery, findCustomersQuery, mergeCustomer, unmerge } from '~/stores/customer'
import { useNames } from '~/stores/session'
import { say } from '~/stores/toast'

/** Two customers side by side: which stays, whose value counts, and what moves. */
export function MergePanel({ customer, with: given = '', onClose }: { customer: Customer; /** The other one, where it was chosen already. */ with?: string; onClose: () => void }) {
  const navigate = useNavigate()
  const names = useNames()
  const [words, setWords] = useState('')
  const [otherID, setOther] = useState(given)
  const [stays, setStays] = useState<'this' | 'other'>('this')
  const [take, setTake] = useState<MergeTake[]>([])
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const found = (useQuery(findCustomersQuery(useDeferredValue(words.trim()))).data?.items.filter((c) => c.id !== customer.id) ?? []) as Customer[]
  const other = useQuery(customerQuery(otherID)).data
  const into = stays === 'this' ? customer : other
  const from = stays === 'this' ? other : customer
  useEffect(() => setTake([]), [stays, otherID])
  const value = (c: Customer, f: MergeTake): string => ({ name: c.name, tier: names.tier(c.tier), company: c.company?.name ?? '', language: c.language ?? '', note: c.note })[f]
  const fields: MergeTake[] = ['name', 'tier', 'company', 'language', 'note']
  const merge = async () => {
    if (!from || !into || busy) return
    setBusy(true)
    setError(undefined)
    try {
      const undo = await mergeCustomer(from.id, into.id, take)
      onClose()
      await navigate({ to: '/customers/$customer', params: { customer: into.id } })
      say(t('customers.merge.done', { name: from.name }), { undo: async () => { if (await unmerge(undo)) await navigate({ to: '/customers/$customer', params: { customer: customer.id } }) }, seconds: 20 })
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  const press = (e: KeyboardEvent) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void merge() } }
  return (
    <Layer label={t('customers.merge.title')} onClose={onClose}>
      <div className="mergebox" onKeyDown={press}>
        <header className="row g8"><h2>{t('customers.merge.title')}</h2><span className="sp" /><IconButton icon="close" label={t('common.close')} onClick={onClose} /></header>
        {!other ? (
          <>
            <p className="f13 t3">{t('customers.merge.help')}</p>
            <div className="inp find" style={{ width: '100%', height: 32 }}><Icon name="search" size="s" /><input data-first value={words} maxLength={200} placeholder={t('customers.find')} aria-label={t('customers.find')} onChange={(e) => setWords(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter' && found[0] && !e.nativeEvent.isComposing) { e.preventDefault(); setOther(found[0].id) } }} /></div>
            <div className="mergefound">
              {found.map((c) => <button key={c.id} type="button" className="found" onClick={() => setOther(c.id)}><Avatar name={c.name} size="l" customer /><span className="sp"><b className="ell f13" style={{ display: 'block' }}>{c.name}</b><span className="t3 f12">{[...c.identities.map((x) => x.display), t('customer.count', { n: c.ticket_count, open: c.open_ticket_count })].join(' · ')}</span></span></button>)}
              {words.trim().length >= 2 && found.length === 0 && <EmptyState icon="search" title={t('customers.none')} help={t('customers.merge.none')} />}
            </div>
          </>
        ) : into && from && (
          <>
            <div className="mergehead">
              <div /><div><span className="chip green">{t('customers.merge.stays')}</span></div><div><span className="chip">{t('customers.merge.goes')}</span></div>
              <div /><div className="row g8"><Avatar name={into.name} customer /><b className="ell">{into.name}</b></div><div className="row g8"><Avatar name={from.name} customer /><b className="ell">{from.name}</b><span className="sp" /><Button look="q sm" icon="transfer" onClick={() => setStays(stays === 'this' ? 'other' : 'this')}>{t('customers.merge.swap')}</Button></div>
            </div>
            <div className="mergetable">
              {fields.map((f) => {
                const [mine, theirs] = [value(into, f), value(from, f)]
                const free = theirs !== '' && mine !== theirs
                const lacks = free && mine === '' || f === 'tier' && into.tier === 'normal' && from.tier !== 'normal'
                const chosen = lacks || take.includes(f)
                const both = f === 'note' && free && mine !== '' && !take.includes('note')
                const pick = (yes: boolean) => setTake(yes ? [...take.filter((x) => x !== f), f] : take.filter((x) => x !== f))
                return (
                  <div key={f} className="mergerow" role="radiogroup" aria-label={t(`customers.field.${f}`)}>
                    <span className="t3 f13">{t(`customers.field.${f}`)}</span>
                    <button type="button" role="radio" aria-checked={!chosen} disabled={!free || lacks} onClick={() => pick(false)} className={!chosen ? 'on' : undefined}><span>{mine || t('common.none')}{both && <small className="t3">{t('customers.merge.both')}</small>}</span></button>
                    <button type="button" role="radio" aria-checked={chosen} disabled={!free || lacks} onClick={() => pick(true)} className={chosen ? 'on' : undefined}><span>{theirs || t('common.none')}</span></button>
                  </div>
                )
              })}
              <div className="mergerow"><span className="t3 f13">{t('customers.identities')}</span><span className="f13">{into.identities.map((x) => x.display).join('、') || t('common.none')}</span><span className="f13">{from.identities.map((x) => x.display).join('、') || t('common.none')}</span></div>
              <div className="mergerow"><span className="t3 f13">{t('action.tags')}</span><span className="f13">{into.tags.join('、') || t('common.none')}</span><span className="f13">{from.tags.join('、') || t('common.none')}</span></div>
              <div className="mergerow"><span className="t3 f13">{t('customer.tickets')}</span><span className="f13">{t('customer.count', { n: into.ticket_count, open: into.open_ticket_count })}</span><span className="f13">{t('customer.count', { n: from.ticket_count, open: from.open_ticket_count })}</span></div>
            </div>
            <p className="f13 t2">{t('customers.merge.moves', { tickets: from.ticket_count, identities: from.identities.length, tags: from.tags.filter((x) => !into.tags.includes(x)).length, name: into.name })}</p>
            {error !== undefined && <p className="red f13" role="alert">{problemText(error)}</p>}
            <footer className="row g8"><Button look="q" onClick={() => setOther('')}>{t('customers.merge.again')}</Button><span className="sp" /><Button look="q" onClick={onClose}>{t('common.cancel')}</Button><Button look="p" data-first autoFocus keys="Mod+Enter" disabled={busy} onClick={() => void merge()}>{t('customers.merge.go')}</Button></footer>
          </>
        )}
      </div>
    </Layer>
  )
}
