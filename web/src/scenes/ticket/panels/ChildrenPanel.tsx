import { useState } from 'react'
import { named, t } from '~/i18n'
import { Field } from '~/parts/Field'
import { statusName } from '~/parts/Glyph'
import { cancelBulk, running } from '~/stores/bulk'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import { replyToChildren } from '~/stores/understanding'
import { Button } from '~/parts/Button'
import { PanelFrame, type PanelProps } from './Panel'

/** One answer to everybody whose ticket hangs under this one. */
export function ChildrenPanel({ ticket, close }: PanelProps) {
  const order = useStore(running)
  const [body, setBody] = useState('')
  const { config } = useNames()
  const [status, setStatus] = useState<'' | 'pending' | 'open' | 'solved'>('')
  const [code, setCode] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    setBusy(true)
    if (await replyToChildren(ticket.id, body.trim(), status ? { status, ...(status === 'solved' ? { resolution: { code } } : {}) } : undefined)) close()
    else setBusy(false)
  }
  return (
    <PanelFrame title="children.title" help={t('children.help', { n: ticket.child_count })} submit={t('children.submit', { n: ticket.child_count })} disabled={!body.trim() || busy || (status === 'solved' && !code)} onSubmit={() => void submit()} close={close}>
      <Field label={t('action.reply')} required>{(p) => <textarea {...p} className="inp" rows={6} maxLength={20000} value={body} onChange={(e) => setBody(e.target.value)} />}</Field>
      <Field label={t('children.status')} help={t('children.status.help')}>{() => (
        <div className="choices" role="radiogroup" aria-label={t('children.status')}>
          {(['', 'pending', 'open', 'solved'] as const).map((s) => <button key={s} type="button" role="radio" aria-checked={s === status} className="choice" onClick={() => setStatus(s)}>{s ? statusName(s) : t('children.status.keep')}</button>)}
        </div>
      )}</Field>
      {status === 'solved' && <Field label={t('resolve.code')} required>{() => (
        <div className="choices" role="radiogroup" aria-label={t('resolve.code')}>
          {config.resolution_codes.map((c) => <button key={c.key} type="button" role="radio" aria-checked={c.key === code} className="choice" onClick={() => setCode(c.key)}>{named(c.name)}</button>)}
        </div>
      )}</Field>}
      {busy && (
        <div className="progress f13" role="status">
          <div className="row g8"><span className="sp">{order ? t('bulk.running', { done: order.done, total: order.total }) : t('children.begin')}</span>{order && <Button look="q sm" onClick={() => void cancelBulk(order.id)}>{t('common.cancel')}</Button>}</div>
          <div className="bar"><i style={{ width: `${order?.total ? (100 * order.done) / order.total : 0}%` }} /></div>
        </div>
      )}
    </PanelFrame>
  )
}
