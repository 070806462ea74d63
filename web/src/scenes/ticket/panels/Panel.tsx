import { useEffect, useRef, type FormEvent, type ReactNode } from 'react'
import type { ID, Ticket } from '~/api/types'
import { t, type Key } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { show, type PanelName } from '~/stores/ui'
import { AssistedPanel } from './AssistedPanel'
import { ChildrenPanel } from './ChildrenPanel'
import { MattersPanel } from './MattersPanel'
import { LinkPanel, MergePanel, ParentPanel } from './Others'
import { PeoplePanel } from './PeoplePanel'
import { ResolvePanel } from './ResolvePanel'
import { ReturnPanel } from './ReturnPanel'
import { LiftPanel, RulingPanel } from './RulingPanel'
import { SplitPanel } from './SplitPanel'
import { ExtendPanel, SupervisePanel } from '../sla/panels'
import { TransferPanel } from './TransferPanel'
import '../ticket.css'

export interface PanelProps { ticket: Ticket; ids: ID[]; close: () => void }

/** Forms that need more room than a popover slide over the side, never over the conversation. */
export function Panel({ name, ticket, ids }: { name: PanelName; ticket: Ticket; ids: ID[] }) {
  const props = { ticket, ids, close: () => show({ panel: undefined }) }
  switch (name) {
    case 'resolve': return <ResolvePanel {...props} />
    case 'transfer': return <TransferPanel {...props} />
    case 'return': return <ReturnPanel {...props} />
    case 'assisted': return <AssistedPanel {...props} />
    case 'ruling': return <RulingPanel {...props} />
    case 'lift': return <LiftPanel {...props} />
    case 'merge': return <MergePanel {...props} />
    case 'split': return <SplitPanel {...props} />
    case 'link': return <LinkPanel {...props} />
    case 'parent': return <ParentPanel {...props} />
    case 'matters': return <MattersPanel {...props} />
    case 'children': return <ChildrenPanel {...props} />
    case 'extend': return <ExtendPanel {...props} />
    case 'supervise': return <SupervisePanel {...props} />
    case 'people': return <PeoplePanel {...props} />
  }
}

export function PanelFrame({ title, help, submit, disabled, onSubmit, close, children }: {
  title: Key; help?: string; submit?: string; disabled?: boolean; onSubmit?: () => void; close: () => void; children: ReactNode
}) {
  const box = useRef<HTMLFormElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    if (!box.current?.contains(before)) box.current?.querySelector<HTMLElement>('[data-first], input, textarea, .select')?.focus({ preventScroll: true })
    return () => before?.isConnected ? before.focus({ preventScroll: true }) : undefined
  }, [])
  const go = (e: FormEvent) => {
    e.preventDefault()
    if (!disabled) onSubmit?.()
  }
  return (
    <form ref={box} className="panel" role="dialog" aria-label={t(title)} onSubmit={go} onKeyDown={(e) => {
      if (e.key === 'Escape') { e.stopPropagation(); e.preventDefault(); close() }
      if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) go(e)
    }}>
      <header className="row"><h2 className="sp">{t(title)}</h2><IconButton icon="close" label={t('common.close')} keys="Escape" onClick={close} /></header>
      <div className="panel-body">{help && <p className="f13 t2">{help}</p>}{children}</div>
      {submit && <footer className="row g8"><span className="sp" /><button type="button" className="btn q" onClick={close}>{t('common.cancel')}</button><button type="submit" className="btn p" disabled={disabled}>{submit}<kbd>{'Ctrl ↵'}</kbd></button></footer>}
    </form>
  )
}
