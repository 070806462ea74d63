import { useState } from 'react'
import type { Stamp } from '~/api/types'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { When } from '~/parts/When'
import { snoozeTimes } from './snooze'

const pad = (n: number) => String(n).padStart(2, '0')
/** Local time without a zone. */
const local = (d: Date) => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}T${pad(d.getHours())}:${pad(d.getMinutes())}`

/** Times at which one would send, or any other. */
export function Later({ onChoose }: { onChoose: (at: Stamp) => void }) {
  const [now] = useState(() => Date.now())
  const [own, setOwn] = useState<string>()
  if (own === undefined) {
    return (
      <ChoiceList label={t('composer.later')} onChoose={(id) => (id ? onChoose(id) : setOwn(local(new Date(now + 3_600_000))))}
        choices={[...snoozeTimes(new Date(now)).map(({ key, at }) => ({ id: at.toISOString(), text: t(key), sub: clock(at.toISOString(), now), glyph: <Icon name="clock" /> })), { id: '', text: t('composer.later.pick'), glyph: <Icon name="calendar" /> }]} />
    )
  }
  const at = new Date(own)
  const past = !(at.getTime() > Date.now())
  return (
    <form className="popform" onSubmit={(e) => { e.preventDefault(); if (!past) onChoose(at.toISOString()) }}>
      <div className="f13" style={{ display: 'grid', gap: 6 }}><span aria-hidden="true">{t('composer.later.time')}</span><When kind="moment" autoFocus required label={t('composer.later.time')} value={own} min={local(new Date(now))} onChange={setOwn} /></div>
      {past && <p className="f12 red" role="alert">{t('composer.later.past')}</p>}
      <div className="row g8"><span className="sp" /><Button look="p" type="submit" disabled={past}>{t('composer.later.set')}</Button></div>
    </form>
  )
}
