import { useState } from 'react'
import type { TicketQuery } from '~/api/paths'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { bulk, cancelBulk, clearSelection, running, selection, wide } from '~/stores/bulk'
import { useStore } from '~/stores/store'
import { show, ui, type PickerName } from '~/stores/ui'
import { Pop } from '~/parts/Pop'
import { Picker } from '~/scenes/ticket/Picker'

const pickers = [['status', 'action.status', 's'], ['assign', 'action.assign', 'a'], ['priority', 'action.priority', 'p'], ['tags', 'action.tags', 'l']] as const

/** What to do with the chosen rows; while an order runs, how far it is. */
export function BulkBar({ all, query, more }: { all: string[]; query: TicketQuery; more: boolean }) {
  const chosen = useStore(selection)
  const order = useStore(running)
  const whole = useStore(wide)
  const open = useStore(ui, (u) => u.picker)
  if (order) {
    return (
      <div className="bulk" role="status">
        <div className="row g8 f13"><span className="sp">{t('bulk.running', { done: order.done, total: order.total })}</span><Button look="q sm" onClick={() => void cancelBulk(order.id)}>{t('common.cancel')}</Button></div>
        <div className="bar"><i style={{ width: `${order.total ? (100 * order.done) / order.total : 0}%` }} /></div>
      </div>
    )
  }
  const ids = [...chosen]
  return (
    <div className="bulk" role="toolbar" aria-label={t('bulk.title')}>
      <div className="row g8 f13">
        <b className="sp">{whole ? t('bulk.everything') : t('bulk.chosen', { n: chosen.size })}</b>
        {chosen.size < all.length && <Button look="q sm" onClick={() => selection.set(new Set(all))}>{t('bulk.all', { n: all.length })}</Button>}
        {chosen.size >= all.length && more && !whole && <Button look="q sm" onClick={() => wide.set({ ...(query.filter ? { filter: query.filter } : {}), ...(query.q ? { q: query.q } : {}), ...(query.view ? { view_id: query.view } : {}) })}>{t('bulk.wide')}</Button>}
        <IconButton icon="close" label={t('action.clearSelection')} keys="Escape" small onClick={clearSelection} />
      </div>
      <div className="row g4 wrap">
        <button type="button" className="btn sm" onClick={() => show({ panel: 'resolve' })}>{t('action.solve')}<kbd>{'e'}</kbd></button>
        {pickers.map(([name, label, keys]) => (
          <Pop key={name} placement="topLeft" open={open === name} onOpen={(o) => show({ picker: o ? (name as PickerName) : undefined })} content={(close) => <Picker name={name} ids={ids} close={close} />}>
            <button type="button" className="btn sm">{t(label)}<kbd>{keys}</kbd></button>
          </Pop>
        ))}
        <Pop width={376} placement="topLeft" content={(close) => <ReplyToAll ids={ids} whole={whole !== undefined} close={close} />}>
          <button type="button" className="btn sm">{t('bulk.reply')}</button>
        </Pop>
      </div>
    </div>
  )
}

/** The same words to the customers of all chosen tickets; they cannot be taken back. */
function ReplyToAll({ ids, whole, close }: { ids: ID[]; whole: boolean; close: () => void }) {
  const [body, setBody] = useState('')
  const ready = body.trim() !== ''
  const send = () => { if (ready) { close(); void bulk('reply', { body: body.trim() }, ids) } }
  return (
    <form className="popform" style={{ padding: '12px 16px 16px' }} onSubmit={(e) => { e.preventDefault(); send() }}>
      <label className="field"><span className="lb">{t('bulk.reply.text')}</span>
        <textarea className="inp" autoFocus rows={6} value={body} maxLength={20_000} onChange={(e) => setBody(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); send() } }} /></label>
      <p className="t3 f12" style={{ marginTop: 8 }}>{t('bulk.reply.help')}</p>
      <div className="row" style={{ marginTop: 12, justifyContent: 'flex-end' }}><Button look="p" type="submit" disabled={!ready} keys="Mod+Enter">{whole ? t('bulk.reply.everybody') : t('bulk.reply.send', { n: ids.length })}</Button></div>
    </form>
  )
}
