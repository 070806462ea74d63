import { t } from '~/i18n'
import { dismiss, toasts } from '~/stores/toast'
import { useStore } from '~/stores/store'
import { Kbd } from './Kbd'

export function Toasts() {
  // one at a time, the newest: z reaches the older ones one by one
  const list = useStore(toasts).slice(-1)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {list.map((toast) => (
        <div key={toast.id} className={toast.bad ? 'toast bad' : 'toast'}>
          <span className="sp">{toast.text}</span>
          {toast.undo && (
            <button type="button" onClick={() => { dismiss(toast.id); void toast.undo?.() }}>
              {toast.undoText ?? t('common.undo')}
              {!toast.undoText && <Kbd keys="z" />}
            </button>
          )}
          <button type="button" aria-label={t('common.close')} onClick={() => dismiss(toast.id)}>{'×'}</button>
        </div>
      ))}
    </div>
  )
}
