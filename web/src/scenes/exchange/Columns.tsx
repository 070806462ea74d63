import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '~/api/problem'
import { named, t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { forgetMapping, mappingsQuery, previewQuery, saveMapping, setColumns, targetsQuery, type Import } from '~/stores/exchange'

const dups = ['skip', 'update', 'create'] as const

/** Step two: what each column means, and what is done about what is here already. */
export function Columns({ i, onDone }: { i: Import; onDone: () => void }) {
  const targets = useQuery(targetsQuery(i.what))
  const sample = useQuery(previewQuery(i)).data?.slice(0, 3) ?? []
  const saved = useQuery(mappingsQuery(i.what)).data ?? []
  const [columns, setDraft] = useState(i.columns)
  const [dup, setDup] = useState(i.options.duplicates as (typeof dups)[number])
  const [dayFirst, setDayFirst] = useState(i.options.day_first ?? false)
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [name, setName] = useState('')
  const list = targets.data ?? []
  const next = async () => {
    setBusy(true)
    setWrong(undefined)
    try {
      await setColumns(i.id, columns, { ...i.options, duplicates: dup, day_first: dayFirst })
      onDone()
    } catch (error) {
      setWrong(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(e) => { e.preventDefault(); void next() }}>
      <div className="row g8 wrap bar2">
        <span className="t2 f13">{t('imp.mapped', { n: columns.filter(Boolean).length, all: columns.length })}</span>
        <span className="sp" />
        {saved.length > 0 && <Select label={t('imp.mapping')} text={t('imp.mapping')} choices={saved.map((m) => ({ id: m.name, text: m.name }))} onChange={(picked) => { const m = saved.find((x) => x.name === picked)!; setDraft(i.headings.map((h) => m.columns[h] ?? '')); setName(picked) }} />}
      </div>
      <Wait query={targets}>
        <div className="scroll-x"><table className="tbl rows40 xcolumns">
          <thead><tr><th>{t('imp.heading')}</th><th>{t('imp.sample')}</th><th>{t('imp.means')}</th></tr></thead>
          <tbody>{i.headings.map((h, n) => (
            <tr key={n}>
              <td><b>{h || t('imp.column', { n: n + 1 })}</b></td>
              <td className="long t2 f12"><span className="clamp">{sample.map((r) => r.cells[n]).filter(Boolean).join(' · ')}</span></td>
              <td>
                <select className="inp xselect" aria-label={`${t('imp.means')}: ${h || t('imp.column', { n: n + 1 })}`} value={columns[n]} onChange={(e) => setDraft(columns.map((c, k) => (k === n ? e.target.value : c === e.target.value ? '' : c)))}>
                  <option value="">{t('imp.nothing')}</option>
                  {list.map((x) => <option key={x.key} value={x.key}>{named(x.name)}{x.required ? ' *' : ''}</option>)}
                </select>
              </td>
            </tr>
          ))}</tbody>
        </table></div>
      </Wait>
      {i.what !== 'batch' && <><h2 className="h2">{t('imp.dup')}</h2>
      <div className="row g8 wrap"><Segmented label={t('imp.dup')} value={dup} options={dups.map((d) => [d, t(`imp.dup.${d}` as Key)] as const)} onChange={setDup} /></div>
      <p className="t3 f12 lead xhelp">{t(`imp.dup.${dup}.help` as Key)}</p></>}
      {i.what === 'ticket' && <label className="row g8 f13 xcheck"><input type="checkbox" checked={dayFirst} onChange={(e) => setDayFirst(e.target.checked)} />{t('imp.dayfirst')}</label>}
      <div className="row g8 wrap xsave">
        <input className="inp" value={name} maxLength={60} placeholder={t('imp.mapping.name')} aria-label={t('imp.mapping.name')} onChange={(e) => setName(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); if (name.trim()) void saveMapping(i.what, name.trim(), i, columns) } }} />
        <Button look="sm" disabled={!name.trim()} onClick={() => void saveMapping(i.what, name.trim(), i, columns)}>{t('imp.mapping.save')}</Button>
        {saved.some((m) => m.name === name) && <IconButton icon="close" small label={t('imp.mapping.forget', { name })} onClick={() => { void forgetMapping(i.what, name); setName('') }} />}
      </div>
      {wrong && <p className="red f13" role="alert">{wrong}</p>}
      <footer className="row g8 xfoot"><span className="sp" /><Button type="submit" look="p" disabled={busy}>{t('imp.next')}</Button></footer>
    </form>
  )
}
