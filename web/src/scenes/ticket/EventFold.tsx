import { useState } from 'react'
import type { Entry } from '~/api/types'
import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import { Time } from '~/parts/Time'
import { useNames } from '~/stores/session'
import { eventText } from './eventText'

export function EventFold({ entries, open: unfolded = false }: { entries: Entry[]; open?: boolean }) {
  const [open, setOpen] = useState(unfolded)
  const names = useNames()
  // that it was made goes without saying where more happened
  const told = entries.length > 1 ? entries.filter((e) => e.event?.name !== 'created') : entries
  const texts = [...new Set(told.map((e) => eventText(e, names)))]
  // a return says why, so it is read without opening the rest
  const returns = entries.filter((e) => e.event?.name === 'ruling' || e.event?.name === 'transfer' && (e.event.kind === 'return' || e.event.kind === 'ruling'))
  const summary = texts.slice(0, 3).join(t('common.and'))
  return (
    <div className={open ? 'fold open' : 'fold'}>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="right" size="s" />
        <span className="ell">{t('timeline.events', { n: entries.length, summary })}</span>
      </button>
      {(open || returns.length > 0) && (
        <ol>
          {(open ? entries : returns).map((e) => (
            <li key={e.seq}>
              <span className="ell"><b>{e.actor.kind === 'system' ? t('actor.system') : e.actor.name}</b>{' '}{eventText(e, names)}{e.event?.reason ? t('event.reason', { reason: e.event.reason }) : ''}</span>
              <Time at={e.at} as="clock" />
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}
