import { useQuery } from '@tanstack/react-query'
import { useMemo, useState, type FormEvent } from 'react'
import { Problem, problemText } from '~/api/problem'
import type { Calendar, CalendarSettings } from '~/api/types'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { useDraft } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { calendarsQuery, saveCalendar, settingsOf, tablesQuery } from '~/stores/calendar'
import { Hours } from './Hours'
import { SpecialDays } from './SpecialDays'
import { TryDue } from './TryDue'
import { hoursText, weekdayName, weekdays } from './week'
import { YearView } from './YearView'

const zones = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : []
const fresh = (n: number): CalendarSettings => ({
  key: `calendar_${n}`, name: { zh: '', en: '' }, zone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'Asia/Shanghai', position: n,
  week: weekdays.map((_, d) => (d >= 1 && d <= 5 ? [{ from: '09:00', to: '18:00' }] : [])),
})

const span = (r: { from: string; to: string }): number => {
  const at = (s: string) => Number(s.slice(0, 2)) * 60 + Number(s.slice(3))
  return at(r.to) > at(r.from) ? at(r.to) - at(r.from) : at(r.to) + 1440 - at(r.from)
}

/** One calendar: its week, what it follows, days that differ, and the year that comes of it. */
export function CalendarForm({ calendar, go }: { calendar?: Calendar; go: (to: string | undefined) => void }) {
  const list = useQuery(calendarsQuery).data
  const tables = useQuery(tablesQuery).data ?? []
  const saved = useMemo(() => (calendar ? settingsOf(calendar) : fresh((list?.length ?? 0) + 1)), [calendar, list])
  const [draft = saved, setDraft, dirty, drop] = useDraft<CalendarSettings>(saved)
  const [error, setError] = useState<unknown>()
  const set = (part: Partial<CalendarSettings>) => { setError(undefined); setDraft({ ...draft, ...part }) }
  const field = (name: string) => (error instanceof Problem ? error.field(name) : undefined)
  const save = async (body: CalendarSettings) => {
    try {
      const after = await saveCalendar(calendar, body)
      drop()
      if (!calendar) go(after.id)
    } catch (problem) {
      setError(problem)
    }
  }
  const submit = (e: FormEvent) => { e.preventDefault(); void save(draft) }
  const week = draft.week.flat()
  const sum = week.every((r) => /^\d\d:\d\d$/.test(r.from) && /^\d\d:\d\d$/.test(r.to)) ? week.reduce((n, r) => n + span(r), 0) : undefined
  // a range of the week is named by its day, not by its place in a list
  const where = error instanceof Problem ? /^(?:body\.)?week\[(\d)\]/.exec(error.errors[0]?.field ?? '')?.[1] : undefined
  return (
    <>
      <form className="pform" onSubmit={submit}>
        <div className="row g8"><h2 className="h2 sp">{calendar ? named(calendar.name) : t('bizcal.new')}</h2>{calendar?.retired && <span className="chip">{t('bizcal.retired')}</span>}</div>
        <div className="two">
          <Field label={t('bizcal.name.zh')} error={field('name')}>{(p) => <input {...p} className="inp" lang="zh" maxLength={100} value={draft.name.zh} onChange={(e) => set({ name: { ...draft.name, zh: e.target.value } })} />}</Field>
          <Field label={t('bizcal.name.en')}>{(p) => <input {...p} className="inp" lang="en" maxLength={100} value={draft.name.en} onChange={(e) => set({ name: { ...draft.name, en: e.target.value } })} />}</Field>
          {!calendar && <Field label={t('bizcal.key')} required help={t('bizcal.key.help')} error={field('key')}>{(p) => <input {...p} className="inp mono" required maxLength={64} pattern="[a-z][a-z0-9_]*" value={draft.key} onChange={(e) => set({ key: e.target.value })} />}</Field>}
          <Field label={t('bizcal.zone')} help={t('bizcal.zone.help')} error={field('zone')}>{(p) => <Select {...p} label={t('bizcal.zone')} value={draft.zone} text={draft.zone} choices={[...new Set([draft.zone, ...zones])].map((z) => ({ id: z, text: z }))} onChange={(zone) => set({ zone })} />}</Field>
          <Field label={t('bizcal.table')} help={t('bizcal.table.help')}>{(p) => <Select {...p} label={t('bizcal.table')} value={draft.table ?? ''} choices={[{ id: '', text: t('bizcal.table.none') }, ...tables.map((x) => ({ id: x.key, text: named(x.name) }))]} onChange={(table) => set({ table: table || undefined })} />}</Field>
        </div>
        <div className="row g8"><h2 className="h2 sp">{t('bizcal.week')}</h2>{sum !== undefined && <span className="t3 f12">{t('bizcal.week.sum', { time: hoursText(sum) })}</span>}</div>
        <p className="f13 t2 lead">{t('bizcal.week.help')}</p>
        <div className="weekrows">
          {weekdays.map((d) => (
            <div key={d} className="wrow">
              <span className="f13 t2">{weekdayName(d)}</span>
              <Hours label={weekdayName(d, 'long')} ranges={draft.week[d] ?? []} onChange={(r) => set({ week: draft.week.map((old, k) => (k === d ? r : old)) })} />
              {d === 1 && <Button look="q sm" onClick={() => set({ week: draft.week.map((old, k) => (k >= 1 && k <= 5 ? structuredClone(draft.week[1]!) : old)) })}>{t('bizcal.week.copy')}</Button>}
            </div>
          ))}
        </div>
        <SpecialDays draft={draft} set={set} />
        {error !== undefined && <p className="red f13" role="alert">{where !== undefined && `${weekdayName(Number(where), 'long')} `}{problemText(error)}</p>}
        <div className="row g8 wrap pend">
          <Button look="p lg" type="submit" disabled={!dirty && !!calendar}>{t('common.save')}</Button>
          {dirty && <Button look="q lg" onClick={() => { setError(undefined); drop() }}>{t('bizcal.drop')}</Button>}
          <span className="sp" />
          {calendar && <Button look="q lg" onClick={() => void save({ ...saved, retired: !calendar.retired })}>{t(calendar.retired ? 'bizcal.unretire' : 'bizcal.retire')}</Button>}
        </div>
        {dirty && <p className="f12 t3">{t('bizcal.effect')}</p>}
      </form>
      {calendar && <YearView id={calendar.id} />}
      {calendar && <TryDue id={calendar.id} zone={calendar.zone} />}
    </>
  )
}
