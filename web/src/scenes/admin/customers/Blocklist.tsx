import { useInfiniteQuery } from '@tanstack/react-query'
import { useDeferredValue, useState, type FormEvent } from 'react'
import type { Block } from '~/api/types'
import { t } from '~/i18n'
import { day } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { When } from '~/parts/When'
import { identityKinds, kindName } from '~/scenes/customers/Identities'
import { Find, Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { addBlock, blocklistQuery, changeBlock, dayEnd, removeBlock } from '~/stores/customer'
import { useNames } from '~/stores/session'
import { complain, say } from '~/stores/toast'
import { Ask, Back, useItem, useProblem, walk, Wrong, type Go } from '../people/parts'

/** 黑名单: whose contacts are refused, why and until when. */
export function Blocklist() {
  const [item, go, wide] = useItem('blocklist')
  const [q, setQ] = useState('')
  const [state, setState] = useState<'on' | 'over'>('on')
  const query = useInfiniteQuery(blocklistQuery({ q: useDeferredValue(q.trim()), ended: state === 'over' }))
  const list = query.data?.pages.flatMap((p) => p.items) ?? []
  const at = item ?? (wide ? (list[0]?.id ?? 'new') : undefined)
  const open = list.find((x) => x.id === at)
  return (
    <Page title={t('admin.blocklist')} help={t('blocks.help')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{t('blocks.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind">
              <Find value={q} label={t('blocks.find')} onChange={(x) => setQ(x.slice(0, 200))} />
              <Segmented label={t('blocks.state')} value={state} options={[['on', t('blocks.on')], ['over', t('blocks.over')]] as const} onChange={(x) => { setState(x); go(undefined) }} />
            </div>
            {list.map((x) => <button key={x.id} type="button" data-entry className={x.id === at ? 'person on' : 'person'} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><span className="pn"><span className="ell">{x.display}</span><small className="ell">{[kindName(x.kind), x.until ? t('care.until', { day: day(x.until, Date.now()) }) : t('blocks.forever')].join(' · ')}</small></span></button>)}
            {list.length === 0 && <EmptyState icon="lock" title={t(q ? 'blocks.none.find' : state === 'over' ? 'blocks.none.over' : 'blocks.none')} help={t(q ? 'blocks.none.find.help' : 'blocks.none.help')} />}
            {query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <NewBlock key="new" go={go} /> : open ? <BlockForm key={open.id} block={open} go={go} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function NewBlock({ go }: { go: Go }) {
  const [kind, setKind] = useState<string>('email')
  const [value, setValue] = useState('')
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState<string | null>(null)
  const { error, field, run } = useProblem()
  const save = async (e: FormEvent) => {
    e.preventDefault()
    await run(async () => {
      const made = await addBlock(kind, value.trim(), reason.trim(), dayEnd(until))
      say(t('blocks.added', { value: made.display }), { undo: () => removeBlock(made.id) })
      go(made.id)
    })
  }
  return (
    <form className="pform" onSubmit={(e) => void save(e)}>
      <h2 className="h2">{t('blocks.new')}</h2>
      <div className="two">
        <Field label={t('customers.identity.kind')}>{(p) => <Select id={p.id} label={t('customers.identity.kind')} value={kind} choices={['email', 'domain', 'phone', ...identityKinds.filter((k) => k !== 'email' && k !== 'phone')].map((k) => ({ id: k, text: kindName(k) }))} onChange={setKind} />}</Field>
        <Field label={t('blocks.value')} required help={kind === 'domain' ? t('blocks.domain.help') : undefined} error={field('value')}>{(p) => <input {...p} className="inp" required maxLength={256} value={value} onChange={(e) => setValue(e.target.value)} />}</Field>
        <Field label={t('care.reason')} required error={field('reason')}>{(p) => <input {...p} className="inp" required maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
        <Field label={t('care.through')} help={t('care.through.help')} error={field('until')}>{(p) => <When {...p} kind="day" value={until ?? ''} onChange={(d) => setUntil(d || null)} />}</Field>
      </div>
      <Wrong error={error} />
      <div className="row g8 pend"><Button look="p lg" type="submit" disabled={!value.trim() || !reason.trim()}>{t('blocks.add')}</Button></div>
    </form>
  )
}

function BlockForm({ block, go }: { block: Block; go: Go }) {
  const names = useNames()
  const [reason, setReason] = useState(block.reason)
  const [until, setUntil] = useState<string | null | undefined>()
  const { error, field, run } = useProblem()
  const dirty = reason.trim() !== block.reason || until !== undefined
  const save = async (e: FormEvent) => {
    e.preventDefault()
    const ok = await run(() => changeBlock(block.id, { ...(reason.trim() !== block.reason ? { reason: reason.trim() } : {}), ...(until !== undefined ? { until: dayEnd(until) ?? null } : {}) }))
    if (ok) { setUntil(undefined); say(t('common.saved'), { undo: () => changeBlock(block.id, { reason: block.reason, ...(until !== undefined ? { until: block.until ?? null } : {}) }) }) }
  }
  return (
    <form className="pform" onSubmit={(e) => void save(e)}>
      <h2 className="h2">{block.display}</h2>
      <p className="f13 t3">{t('blocks.made', { kind: kindName(block.kind), by: block.by_id ? names.staff(block.by_id) : '–' })}{' '}<Time at={block.created_at} /></p>
      <div className="two">
        <Field label={t('care.reason')} required error={field('reason')}>{(p) => <input {...p} className="inp" required maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />}</Field>
        <Field label={t('care.through')} help={t('care.through.help')} error={field('until')}>{(p) => <When {...p} kind="day" value={(until === undefined ? local(block.until) : until) ?? ''} onChange={(d) => setUntil(d || null)} />}</Field>
      </div>
      <Wrong error={error} />
      <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={!dirty || !reason.trim()}>{t('common.save')}</Button><span className="sp" />
        <Ask danger words={t('blocks.remove.ask', { value: block.display })} go={t('blocks.remove')} act={() => void removeBlock(block.id).then(() => go(undefined), complain)}><Button look="q lg danger">{t('blocks.remove')}</Button></Ask>
      </div>
    </form>
  )
}

const local = (stamp: string | undefined): string | undefined => {
  if (!stamp) return undefined
  const d = new Date(stamp)
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`
}
