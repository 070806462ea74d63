import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { problemText } from '~/api/problem'
import type { HolidayImport, Imported } from '~/api/types'
import { named, t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Time } from '~/parts/Time'
import { calendarsQuery, changed, importHolidays, tablesQuery, undoImport } from '~/stores/calendar'
import { say } from '~/stores/toast'
import { dateName } from './week'

interface Pending { table: string; body: HolidayImport; file: string; answer: Imported }
const MAX = 1 << 20

/** A holiday table by years; importing shows every day that would change before it does. */
export function TableView({ tableKey, go }: { tableKey: string; go: (to: string | undefined) => void }) {
  const table = useQuery(tablesQuery).data?.find((x) => x.key === tableKey)
  const users = (useQuery(calendarsQuery).data ?? []).filter((c) => c.table === tableKey && tableKey)
  const [key, setKey] = useState(tableKey)
  const [zh, setZh] = useState('')
  const [en, setEn] = useState('')
  const [pending, setPending] = useState<Pending>()
  const [error, setError] = useState<unknown>()
  const input = useRef<HTMLInputElement>(null)
  const name = table ? undefined : { zh: zh.trim() || en.trim() || key, en: en.trim() || zh.trim() || key }
  const look = async (body: HolidayImport, file: string) => {
    setError(undefined)
    setPending(undefined)
    const full = { ...body, ...(name ? { name } : {}) }
    try {
      setPending({ table: key, body: full, file, answer: await importHolidays(key, { ...full, dry_run: true }) })
    } catch (problem) {
      setError(problem)
    }
  }
  const choose = async (file: File | undefined) => {
    if (!file) return
    if (file.size > MAX) return setError(new Error(t('bizcal.import.size')))
    await look({ format: /\.ics$/i.test(file.name) ? 'ics' : 'json', data: await file.text() }, file.name)
  }
  const carryOut = async () => {
    if (!pending) return
    try {
      const done = await importHolidays(pending.table, pending.body)
      await changed()
      setPending(undefined)
      say(t('bizcal.imported', { n: done.differences.length }), { undo: () => undoImport(pending.table) })
      if (!table) go(`table-${pending.table}`)
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <section aria-label={table ? named(table.name) : t('bizcal.table.new')}>
      <div className="row g8 wrap"><h2 className="h2 sp">{table ? named(table.name) : t('bizcal.table.new')}</h2>{table?.undoable && <Button icon="undo" onClick={() => void undoImport(tableKey)}>{t('bizcal.import.undo')}</Button>}</div>
      {table && <p className="f13 t2 lead">{users.length ? t('bizcal.table.used', { names: users.map((c) => named(c.name)).join(t('common.and')) }) : t('bizcal.table.unused')}{' '}<span className="t3">{t('bizcal.table.at')}<Time at={table.updated_at} as="clock" /></span></p>}
      {!table && (
        <div className="two">
          <Field label={t('bizcal.name.zh')}>{(p) => <input {...p} className="inp" lang="zh" maxLength={100} value={zh} onChange={(e) => setZh(e.target.value)} />}</Field>
          <Field label={t('bizcal.name.en')}>{(p) => <input {...p} className="inp" lang="en" maxLength={100} value={en} onChange={(e) => setEn(e.target.value)} />}</Field>
          <Field label={t('bizcal.key')} required help={t('bizcal.key.help')}>{(p) => <input {...p} className="inp mono" maxLength={64} pattern="[a-z][a-z0-9_]*" value={key} onChange={(e) => setKey(e.target.value)} />}</Field>
        </div>
      )}
      <div className="import">
        <b className="f13">{t('bizcal.import')}</b>
        <p className="f13 t2">{t('bizcal.import.help')}</p>
        <div className="row g8 wrap">
          <Button icon="upload" disabled={!/^[a-z][a-z0-9_]*$/.test(key)} onClick={() => input.current?.click()}>{t('bizcal.import.file')}</Button>
          <input ref={input} data-holidays type="file" accept=".json,.ics,application/json,text/calendar" hidden onChange={(e) => { void choose(e.target.files?.[0]); e.target.value = '' }} />
          {table?.offered.map((year) => <Button key={year} onClick={() => void look({ format: 'shipped', year }, t('bizcal.import.shipped', { year }))}>{t('bizcal.import.shipped', { year })}</Button>)}
        </div>
        {error !== undefined && <p className="red f13" role="alert">{problemText(error)}</p>}
        {pending && (
          <div className="preview" role="status">
            <p className="f13"><b>{pending.file}</b>{' '}{t('bizcal.import.would', { n: pending.answer.differences.length, years: pending.answer.table.years.length })}</p>
            {pending.answer.differences.length > 0 && (
              <div className="scroll-x difflist" tabIndex={0} role="group" aria-label={t('bizcal.import')}><table className="tbl">
                <thead><tr><th>{t('bizcal.date')}</th><th>{t('bizcal.before')}</th><th>{t('bizcal.after')}</th></tr></thead>
                <tbody>{pending.answer.differences.slice(0, 400).map((d) => <tr key={d.date}><td>{dateName(d.date)}</td><td className="t3">{said(d.before)}</td><td>{said(d.after)}</td></tr>)}</tbody>
              </table></div>
            )}
            <p className="f12 t2">{users.length ? t('bizcal.import.moves', { names: users.map((c) => named(c.name)).join(t('common.and')) }) : t('bizcal.table.unused')}</p>
            <div className="row g8"><Button look="p" disabled={pending.answer.differences.length === 0} onClick={() => void carryOut()}>{t('bizcal.import.go', { n: pending.answer.differences.length })}</Button><Button look="q" onClick={() => setPending(undefined)}>{t('common.cancel')}</Button></div>
          </div>
        )}
      </div>
      {table?.years.toReversed().map((y) => (
        <details key={y.year} className="more tyear" open={y.year === new Date().getFullYear()}>
          <summary className="f13"><b>{y.year}</b>{' '}<span className="t3">{t('bizcal.year.sum', { holidays: y.holidays.length, makeup: y.makeup.length })}</span></summary>
          <table className="tbl"><tbody>
            {[...y.holidays.map((p) => ({ from: p.from, to: p.to, name: p.name, kind: 'holiday' })), ...y.makeup.map((m) => ({ from: m.date, to: m.date, name: m.name, kind: 'makeup' }))].toSorted((a, b) => a.from.localeCompare(b.from)).map((x) => (
              <tr key={`${x.kind}${x.from}`}><td>{x.from === x.to ? x.from : `${x.from} – ${x.to}`}</td><td>{x.name}</td><td className={x.kind === 'makeup' ? 'amber' : 't2'}>{t(`bizcal.kind.${x.kind}` as Key)}</td></tr>
            ))}
          </tbody></table>
          {y.source && <p className="f12 t3"><Icon name="info" size="s" />{' '}{y.source}</p>}
        </details>
      ))}
    </section>
  )
}

const said = (d: Imported['differences'][number]['after']): string => (d.kind ? [t(`bizcal.kind.${d.kind}` as Key), d.name].filter(Boolean).join(' · ') : t('bizcal.ordinary'))
