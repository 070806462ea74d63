import { useQuery } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import type { DayInfo, ID } from '~/api/types'
import { t, type Key } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Meaning, Wait } from '~/scenes/intelligence/frame'
import { yearQuery } from '~/stores/calendar'
import { dateName, hoursText, monthName, rangesText, weekdayName, weekdays } from './week'

const kinds = ['workday', 'makeup', 'override', 'holiday', 'off'] as const

/** A whole year as it is counted: every day says what it is and why. */
export function YearView({ id }: { id: ID }) {
  const [year, setYear] = useState(() => new Date().getFullYear())
  const query = useQuery(yearQuery(id, year))
  const [date, setDate] = useState<string>()
  const days = query.data?.days ?? []
  const at = days.find((d) => d.date === date)
  const months = Array.from({ length: 12 }, (_, m) => days.filter((d) => Number(d.date.slice(5, 7)) === m + 1))
  const sum = days.reduce((n, d) => n + d.minutes, 0)
  const move = (e: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[e.key]
    if (!by) return
    e.preventDefault()
    const next = days[Math.min(days.length - 1, Math.max(0, days.findIndex((d) => d.date === date) + by))]
    if (next) setDate(next.date)
  }
  return (
    <section className="yview" aria-label={t('bizcal.year')}>
      <div className="row g4 yhead">
        <h2 className="h2">{t('bizcal.year')}</h2><span className="sp" />
        <IconButton icon="left" label={t('bizcal.year.before')} onClick={() => setYear(year - 1)} />
        <b className="ynum">{year}</b>
        <IconButton icon="right" label={t('bizcal.year.next')} onClick={() => setYear(year + 1)} />
      </div>
      <Wait query={query}>
        {query.data && !query.data.covered && <p className="alert amber boxed" role="status"><Icon name="warn" /><span className="sp">{t('bizcal.uncovered', { year })}</span></p>}
        <p className="f13 t2 lead"><Meaning text={t('bizcal.sum.meaning')}>{t('bizcal.sum', { days: days.filter((d) => d.minutes > 0).length, hours: hoursText(sum) })}</Meaning></p>
        <p className="yday f13" role="status">{at ? <><b>{dateName(at.date)}</b><span>{[t(`bizcal.kind.${at.kind}` as Key), at.name].filter(Boolean).join(' · ')}</span><span>{rangesText(at.ranges)}</span>{at.minutes > 0 && <span className="t3">{hoursText(at.minutes)}</span>}</> : <span className="t3">{t('bizcal.day.help')}</span>}</p>
        <div className="ymonths" role="grid" aria-label={t('bizcal.year')} tabIndex={0} aria-activedescendant={date ? `day-${date}` : undefined} onKeyDown={move} onFocus={() => !date && days[0] && setDate(days[0].date)} onMouseLeave={() => setDate(undefined)}>
          {months.map((list, m) => <Month key={m} month={m} days={list} date={date} look={setDate} />)}
        </div>
        <div className="row g16 wrap f12 t2 ylegend">{kinds.map((k) => <span key={k} className="row g4"><i className={`yd ${k}`} aria-hidden="true" />{t(`bizcal.kind.${k}` as Key)}</span>)}</div>
      </Wait>
    </section>
  )
}

function Month({ month, days, date, look }: { month: number; days: DayInfo[]; date?: string; look: (d: string) => void }) {
  const first = days[0]
  const lead = first ? (new Date(`${first.date}T00:00:00Z`).getUTCDay() + 6) % 7 : 0
  const cells: (DayInfo | undefined)[] = [...Array<undefined>(lead).fill(undefined), ...days]
  const weeks = Array.from({ length: Math.ceil(cells.length / 7) }, (_, i) => cells.slice(i * 7, i * 7 + 7))
  return (
    <div className="ymonth" role="rowgroup" aria-label={monthName(month)}>
      <b className="f12" aria-hidden="true">{monthName(month)}</b>
      <div className="yweek t3" aria-hidden="true">{weekdays.map((d) => <span key={d}>{weekdayName(d, 'narrow')}</span>)}</div>
      {weeks.map((week, i) => (
        <div key={i} className="yweek" role="row">
          {week.map((d, k) => d ? (
            <span key={d.date} id={`day-${d.date}`} role="gridcell" aria-selected={d.date === date} className={`yd ${d.kind}${d.date === date ? ' on' : ''}`} aria-label={`${dateName(d.date)} ${t(`bizcal.kind.${d.kind}` as Key)} ${d.name ?? ''} ${rangesText(d.ranges)}`} onMouseEnter={() => look(d.date)} onClick={() => look(d.date)}>{Number(d.date.slice(8))}</span>
          ) : <span key={k} role="gridcell" aria-hidden="true" />)}
        </div>
      ))}
    </div>
  )
}
