import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState, type KeyboardEvent } from 'react'
import type { SLAPolicy } from '~/api/types'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { EmptyState } from '~/parts/State'
import { useDrag } from '~/parts/useDrag'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { openCountQuery, orderPolicies, policiesQuery, renewAll } from '~/stores/sla'
import { PolicyForm } from './PolicyForm'
import './policy.css'

/** The list with one taken out and put before or after another; onto another: it takes that one's place. */
export function moved<T extends { id: string }>(list: T[], id: string, over: string, place: 'before' | 'into' | 'after'): T[] {
  const taken = list.find((x) => x.id === id)
  const rest = list.filter((x) => x !== taken)
  const at = rest.findIndex((x) => x.id === over)
  if (!taken || id === over || at < 0) return list
  const down = list.indexOf(taken) < list.findIndex((x) => x.id === over)
  rest.splice(place === 'before' || (place === 'into' && !down) ? at : at + 1, 0, taken)
  return rest
}

/** SLA policies in the order in which they are tried; the first that fits a ticket holds. */
export function Policies() {
  const { item } = useParams({ strict: false }) as { item?: string }
  const navigate = useNavigate()
  const query = useQuery(policiesQuery)
  const [all, setAll] = useState(false)
  const go = (to: string | undefined) => void navigate(to ? { to: '/admin/$section/$item', params: { section: 'sla', item: to } } : { to: '/admin/$section', params: { section: 'sla' } })
  const list = query.data ?? []
  const used = list.filter((p) => !p.retired)
  const retired = list.filter((p) => p.retired)
  const order = (next: SLAPolicy[]) => { if (next !== used) void orderPolicies([...next, ...retired]) }
  const [drag, take] = useDrag<SLAPolicy>((p, over, place) => order(moved(used, p.id, over, place)))
  const keys = (p: SLAPolicy) => (e: KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[e.key]
    if (!by) return
    e.preventDefault()
    const other = used[used.indexOf(p) + by]
    if (other) order(moved(used, p.id, other.id, by < 0 ? 'before' : 'after'))
  }
  const wide = typeof matchMedia === 'undefined' || matchMedia('(min-width:768px)').matches
  const at = item ?? (wide ? used[0]?.id : undefined)
  const open = list.find((p) => p.id === at)
  return (
    <Page title={t('admin.sla')} help={t('slap.help')} wide actions={<><Renew /><Button look="p" icon="plus" onClick={() => go('new')}>{t('slap.new')}</Button></>}>
      <Wait query={query}>
        <div className={item ? 'halves with-detail' : 'halves'}>
          <div className="picklist">
            <p className="f12 t3">{t('slap.order.help')}</p>
            {used.map((p, i) => (
              <div key={p.id} data-drop={p.id} className={['row prow', drag?.item.id === p.id && 'dragged', drag?.over === p.id && drag.item.id !== p.id && `drop-${drag.place}`].filter(Boolean).join(' ')} onPointerDown={take(p)}>
                <button type="button" className="grip" data-grip aria-label={t('slap.move', { name: p.name, n: i + 1 })} title={t('slap.move.help')} onKeyDown={keys(p)}><Icon name="grip" size="s" /></button>
                <button type="button" className={p.id === at ? 'on sp' : 'sp'} aria-current={p.id === at ? 'true' : undefined} onClick={() => go(p.id)}><span className="t3 f12">{i + 1}</span><span className="ell sp">{shipped(p.name)}</span>{p.problem && <Icon name="warn" size="s" label={t('slap.problem')} />}</button>
              </div>
            ))}
            {retired.length > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired.length })}</button>}
            {all && retired.map((p) => <button key={p.id} type="button" className={p.id === at ? 'on' : undefined} onClick={() => go(p.id)}><span className="ell sp">{shipped(p.name)}</span><span className="t3 f12">{t('bizcal.retired')}</span></button>)}
          </div>
          <div className="detail">
            {item && <button type="button" className="btn q backup" onClick={() => go(undefined)}><Icon name="left" />{t('common.back')}</button>}
            {at === 'new' ? <PolicyForm key="new" go={go} /> : open ? <PolicyForm key={open.id} policy={open} go={go} /> : <EmptyState icon="clock" title={t(at ? 'slap.gone' : 'slap.none')} help={t('slap.none.help')} />}
          </div>
        </div>
      </Wait>
      {drag && <div className="ghost" style={{ left: drag.x + 12, top: drag.y + 8 }}>{drag.item.name}</div>}
    </Page>
  )
}

/** Brings what is open under the newest versions: asks first, with how many that are. */
function Renew() {
  const open = useQuery(openCountQuery).data
  return (
    <Pop placement="bottomRight" width={300} content={(close) => (
      <div className="popform">
        <p className="f13" style={{ padding: '16px 0 12px' }}>{t('slap.renew.ask', { n: open ? `${open.count}${open.capped ? '+' : ''}` : '…' })}</p>
        <div className="row g8"><span className="sp" /><Button look="q" onClick={close}>{t('common.cancel')}</Button><Button look="p" onClick={() => { close(); void renewAll() }}>{t('slap.renew.go')}</Button></div>
      </div>
    )}><Button icon="refresh">{t('slap.renew')}</Button></Pop>
  )
}
