import { useEffect, useState, type KeyboardEvent } from 'react'
import type { Ticket } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Activity } from './Activity'
import { CustomerCard } from './CustomerCard'
import { Files } from './Files'
import { People } from './People'
import { Properties } from './Properties'
import { Related } from './Related'
import { Judgments } from './understand/Judgments'
import { Similar } from './understand/Similar'

type Tab = 'details' | 'files' | 'activity'
const tabs: Tab[] = ['details', 'files', 'activity']

export function Side({ ticket }: { ticket: Ticket }) {
  const [tab, setTab] = useState<Tab>('details')
  useEffect(() => setTab('details'), [ticket.id])
  const walk = (e: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    if (!by) return
    e.preventDefault()
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length]!
    setTab(next)
    e.currentTarget.querySelector<HTMLElement>(`[data-tab=${next}]`)?.focus()
  }
  return (
    <aside className="side" aria-label={t('ticket.side')}>
      <div className="sidetabs" role="tablist" aria-label={t('side.tabs')} onKeyDown={walk}>
        {tabs.map((x) => <button key={x} type="button" role="tab" data-tab={x} aria-selected={x === tab} tabIndex={x === tab ? 0 : -1} className={x === tab ? 'on' : undefined} onClick={() => setTab(x)}>{t(`side.tab.${x}` as Key)}</button>)}
      </div>
      {tab === 'files' && <Files ticket={ticket} />}
      {tab === 'activity' && <Activity ticket={ticket} />}
      {tab === 'details' && (
        <>
          <Properties ticket={ticket} />
          <Judgments ticket={ticket} />
          <CustomerCard ticket={ticket} />
          <Similar ticket={ticket} />
          <Related ticket={ticket} />
          <People ticket={ticket} />
        </>
      )}
    </aside>
  )
}
