import { useState } from 'react'
import { problemText } from '~/api/problem'
import type { ID, Tried } from '~/api/types'
import { locale, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { When } from '~/parts/When'
import { tryCalendar } from '~/stores/calendar'

const stamp = (at: string, zone: string): string => new Intl.DateTimeFormat(locale(), { timeZone: zone, month: 'short', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at))
const clockIn = (at: string, zone: string): string => new Intl.DateTimeFormat(locale(), { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at))

/** Asks the calendar when a promise would be due, and in which hours it passes. */
export function TryDue({ id, zone }: { id: ID; zone: string }) {
  const [hours, setHours] = useState('8')
  const [from, setFrom] = useState('')
  const [answer, setAnswer] = useState<{ tried?: Tried; error?: unknown }>()
  const go = async () => {
    try {
      setAnswer({ tried: await tryCalendar(id, (from ? new Date(from) : new Date()).toISOString(), Number(hours)) })
    } catch (error) {
      setAnswer({ error })
    }
  }
  const due = answer?.tried?.due
  return (
    <section aria-label={t('bizcal.try')} className="trydue">
      <h2 className="h2">{t('bizcal.try')}</h2>
      <div className="row g8 wrap f13">
        <span className="row g4"><span aria-hidden="true">{t('bizcal.try.from')}</span><When kind="moment" small required label={t('bizcal.try.from')} value={from} onChange={setFrom} /></span>
        <label className="row g4">{t('bizcal.try.hours')}<input className="inp wall" inputMode="decimal" value={hours} onChange={(e) => setHours(e.target.value.replace(/[^\d.]/g, ''))} /></label>
        <Button onClick={() => void go()} disabled={!(Number(hours) > 0)}>{t('bizcal.try.go')}</Button>
      </div>
      {answer && (
        <div role="status" className="f13">
          {answer.error !== undefined ? <p className="red">{problemText(answer.error)}</p>
          : due && !due.startsWith('0001') ? (
            <>
              <p><b>{t('bizcal.try.due', { at: stamp(due, zone) })}</b>{' '}<span className="t3">{zone}</span></p>
              <ol className="tries">{answer.tried!.intervals.slice(0, 12).map((x) => <li key={x.from}><span>{stamp(x.from, zone)}</span><span className="t3">{`– ${clockIn(x.to, zone)}`}</span></li>)}</ol>
              {(answer.tried!.intervals.length > 12 || answer.tried!.more) && <p className="t3 f12">{t('bizcal.try.more', { n: answer.tried!.intervals.length - 12 })}</p>}
            </>
          ) : <p>{t('bizcal.try.never')}</p>}
        </div>
      )}
    </section>
  )
}
