import { useState, type FormEvent } from 'react'
import { Link } from '@tanstack/react-router'
import { Problem, problemText } from '~/api/problem'
import type { Customer, Identity } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { Select } from '~/scenes/ticket/FieldInput'
import { addIdentity, removeIdentity, revealIdentity, verifyIdentity } from '~/stores/customer'
import { can, useMe } from '~/stores/session'
import { complain, say } from '~/stores/toast'
import '~/scenes/ticket/ticket.css'

export const identityKinds = ['phone', 'email', 'wechat', 'whatsapp', 'qq', 'openid', 'external'] as const
export const kindName = (kind: string): string => ((identityKinds as readonly string[]).includes(kind) || kind === 'domain' ? t(`identity.${kind}` as Key) : kind)

/** The addresses of a customer: masked, whole only on demand and on record. */
export function Identities({ customer, able }: { customer: Customer; able: boolean }) {
  return (
    <section aria-label={t('customers.identities')}>
      <h3>{t('customers.identities')}<span className="sp" />{able && <Pop width={300} placement="bottomRight" content={(close) => <AddForm customer={customer} close={close} />}><Button look="q sm" icon="plus">{t('customers.identity.add')}</Button></Pop>}</h3>
      {customer.identities.length === 0 && <p className="f13 t3">{t('customers.identity.none')}</p>}
      {customer.identities.map((x) => <Line key={x.id} customer={customer} identity={x} able={able} />)}
    </section>
  )
}

function Line({ customer, identity, able }: { customer: Customer; identity: Identity; able: boolean }) {
  const me = useMe()
  const [whole, setWhole] = useState<string>()
  const [asked, setAsked] = useState(false)
  const run = (act: Promise<unknown>, done?: string) => void act.then(() => done && say(done), complain)
  return (
    <div className="pr">
      <span className="lb">{kindName(identity.kind)}</span>
      <div className="vl">
        <span className="ell">{whole ?? identity.display}</span>
        {identity.verified ? <span className="green" title={t('identity.verified')}><Icon name="check" size="s" label={t('identity.verified')} /></span> : null}
        <span className="sp" />
        {can(me, 'customer.reveal') && !whole && <IconButton icon="eye" small label={t('identity.reveal')} onClick={() => run(revealIdentity(customer.id, identity.id).then(setWhole))} />}
        {able && !identity.verified && <IconButton icon="check" small label={t('identity.verify')} onClick={() => run(verifyIdentity(customer.id, identity.id), t('identity.verify.done'))} />}
        {able && <Pop open={asked} onOpen={setAsked} width={280} placement="bottomRight" content={(close) => (
          <div className="popform ask"><div className="f13">{t('identity.remove.ask', { value: identity.display })}</div><div className="row g8"><span className="sp" /><Button look="q" onClick={close}>{t('common.cancel')}</Button><Button look="danger" onClick={() => { close(); run(removeIdentity(customer.id, identity.id)) }}>{t('identity.remove')}</Button></div></div>
        )}><IconButton icon="close" small label={t('identity.remove')} /></Pop>}
      </div>
    </div>
  )
}

function AddForm({ customer, close }: { customer: Customer; close: () => void }) {
  const [kind, setKind] = useState<string>('phone')
  const [value, setValue] = useState('')
  const [error, setError] = useState<unknown>()
  const save = async (e: FormEvent) => {
    e.preventDefault()
    try {
      await addIdentity(customer.id, kind, value)
      close()
    } catch (problem) {
      setError(problem)
    }
  }
  const taken = error instanceof Problem && error.code === 'identity.taken' ? error.params.customer : undefined
  return (
    <form className="popform" onSubmit={(e) => void save(e)}>
      <Field label={t('customers.identity.kind')}>{(p) => <Select id={p.id} label={t('customers.identity.kind')} value={kind} choices={identityKinds.map((k) => ({ id: k, text: kindName(k) }))} onChange={setKind} />}</Field>
      <Field label={t('customers.identity.value')} required error={error === undefined ? undefined : problemText(error)}>{(p) => <input {...p} className="inp" autoFocus maxLength={256} value={value} onChange={(e) => setValue(e.target.value)} />}</Field>
      {taken && <p className="f12" style={{ marginTop: 8 }}><Link className="link" to="/customers/$customer" params={{ customer: taken }}>{t('customers.taken.open')}</Link></p>}
      <div className="row" style={{ marginTop: 16, justifyContent: 'flex-end' }}><Button look="p" type="submit" disabled={!value.trim()}>{t('common.save')}</Button></div>
    </form>
  )
}
