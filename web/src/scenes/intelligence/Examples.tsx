import { useInfiniteQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Example, LearnedField } from '~/api/types'
import { messages, named, t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { Select } from '~/scenes/ticket/FieldInput'
import { BriefLink } from '~/scenes/ticket/understand/Similar'
import { fieldName } from '~/scenes/ticket/understand/values'
import { attempt, examplesQuery } from '~/stores/intelligence'
import { queries } from '~/stores/query'
import { useNames, type Names } from '~/stores/session'
import { say } from '~/stores/toast'
import { Find, number, Page, Segmented, useLabel, useManager, Wait } from './frame'
import { learned } from './Models'
import { readTable, TableError } from './table'

/** What a field was taught: by corrections, and by labelled history that somebody brings. */
export function Examples() {
  const able = useManager()
  const label = useLabel()
  const [field, setField] = useState<LearnedField>('category')
  const [words, setWords] = useState('')
  const [bringing, setBringing] = useState(false)
  const query = useInfiniteQuery(examplesQuery(field))
  const all = query.data?.pages.flatMap((p) => p.items) ?? []
  const wanted = words.trim().toLowerCase()
  const shown = all.filter((e) => !wanted || `${e.text} ${label(field, e.label)}`.toLowerCase().includes(wanted))
  const changed = [[...keys.mind('examples')]]
  const remove = async (e: Example) => {
    const done = await attempt(async () => { await data(api.DELETE('/understanding/examples/{id}', { params: { path: { id: e.id }, query: { field } } })); return true }, changed)
    if (done) say(t('examples.removed'), { undo: () => attempt(() => data(api.POST('/understanding/examples', { body: { field, items: [{ text: e.text, label: e.label }] } })), changed) })
  }
  return (
    <Page title={t('studio.examples')} help={t('examples.help')} actions={able && <Button look="p" icon="upload" onClick={() => setBringing(true)}>{t('import.open')}</Button>}>
      <div className="row g8 wrap bar2"><Segmented label={t('acc.field')} value={field} options={learned.map((f) => [f, fieldName(f)] as const)} onChange={setField} /><Find value={words} label={t('examples.find')} onChange={setWords} /></div>
      {bringing && <Import key={field} field={field} onClose={() => setBringing(false)} />}
      <Wait query={query}>
        {shown.length === 0 ? <EmptyState icon="search" title={t(wanted ? 'examples.none.search' : 'examples.none')} help={wanted ? undefined : t('examples.none.help')} /> : (
          <div className="scroll-x"><table className="tbl rows40">
            <thead><tr><th>{t('examples.text')}</th><th>{fieldName(field)}</th><th>{t('examples.source')}</th><th className="r">{t('examples.at')}</th><th /></tr></thead>
            <tbody>{shown.map((e) => (
              <tr key={e.id}><td className="long">{e.ticket ? <BriefLink ticket={e.ticket} /> : <span className="clamp">{e.text}</span>}</td><td>{label(field, e.label)}</td><td><span className="chip">{t(`examples.source.${e.source}`)}</span></td><td className="r t3"><Time at={e.at} /></td><td className="r">{able && <IconButton icon="close" small label={t('examples.remove')} onClick={() => void remove(e)} />}</td></tr>
            ))}</tbody>
          </table></div>
        )}
        {query.hasNextPage && <div className="morebar"><Button look="q" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t(query.isFetchingNextPage ? 'common.loading' : 'studio.more')}</Button></div>}
      </Wait>
    </Page>
  )
}

/** Labels by every name that people may have written for them. */
function nameMap(field: LearnedField, names: Names): Map<string, string> {
  const map = new Map<string, string>()
  const put = (name: string | undefined, value: string) => { const k = name?.trim().toLowerCase(); if (k && !map.has(k)) map.set(k, value) }
  const { config } = names
  if (field === 'type') for (const x of config.types) { put(x.key, x.key); put(named(x.name), x.key); put(x.name.zh, x.key); put(x.name.en, x.key) }
  if (field === 'category') for (const c of config.categories) { put(c.id, c.id); put(names.category(c.id), c.id); put(names.category(c.id).replaceAll(' › ', '/'), c.id); put(names.category(c.id).replaceAll(' › ', '>'), c.id); put(c.name.zh, c.id); put(c.name.en, c.id) }
  if (field === 'priority') for (const p of ['low', 'normal', 'high', 'urgent']) { put(p, p); put(t(`priority.${p}` as Key), p) }
  return map
}

interface Result { added: number; errors: { row: number; code: string; message: string }[] }
const CHUNK = 5000

/** A table is read here, its columns chosen, tried without teaching anything, then taught. */
function Import({ field, onClose }: { field: LearnedField; onClose: () => void }) {
  const names = useNames()
  const picker = useRef<HTMLInputElement>(null)
  const [name, setName] = useState('')
  const [rows, setRows] = useState<string[][]>()
  const [wrong, setWrong] = useState<string>()
  const [text, setText] = useState('0')
  const [title, setTitle] = useState('')
  const [labelled, setLabelled] = useState('1')
  const [share, setShare] = useState<number>()
  const [result, setResult] = useState<Result>()
  const open = async (file: File | undefined) => {
    if (!file) return
    setName(file.name)
    setResult(undefined)
    setWrong(undefined)
    try {
      const table = await readTable(file)
      const head = table[0]!.map((c) => c.trim().toLowerCase())
      const find = (re: RegExp, other: number) => String(Math.max(0, head.findIndex((h) => re.test(h))) || (head.findIndex((h) => re.test(h)) === 0 ? 0 : other))
      setRows(table)
      setText(find(new RegExp(t('import.guess.text'), 'i'), 0))
      setLabelled(find(new RegExp(t('import.guess.label'), 'i'), Math.min(1, head.length - 1)))
    } catch (error) {
      setRows(undefined)
      setWrong(t(error instanceof TableError ? `import.error.${error.code}` : 'import.error.format'))
    }
  }
  const known = nameMap(field, names)
  const items = (rows ?? []).slice(1).map((r, i) => ({ row: i + 2, text: (r[Number(text)] ?? '').trim(), title: title === '' ? '' : (r[Number(title)] ?? '').trim(), said: (r[Number(labelled)] ?? '').trim() })).map((x) => ({ ...x, label: known.get(x.said.toLowerCase()) }))
  const good = items.filter((x) => x.text !== '' && x.label !== undefined)
  const unknown = new Map<string, number>()
  for (const x of items) if (x.said !== '' && x.label === undefined) unknown.set(x.said, (unknown.get(x.said) ?? 0) + 1)
  const empty = items.filter((x) => x.text === '' || x.said === '').length
  const teach = async () => {
    const total: Result = { added: 0, errors: [] }
    for (let i = 0; i < good.length; i += CHUNK) {
      setShare(i / good.length)
      const part = good.slice(i, i + CHUNK)
      const answer = await attempt(() => data(api.POST('/understanding/examples', { body: { field, items: part.map((x) => ({ text: x.text, label: x.label!, ...(x.title ? { title: x.title } : {}) })) } })), [])
      if (!answer) break
      total.added += answer.added
      total.errors.push(...answer.errors.map((e) => ({ ...e, row: part[e.row - 1]?.row ?? e.row })))
    }
    setShare(undefined)
    setResult(total)
    void queries.invalidateQueries({ queryKey: keys.mind('examples') })
    void queries.invalidateQueries({ queryKey: keys.mind('overview') })
  }
  const columns = (rows?.[0] ?? []).map((c, i) => ({ id: String(i), text: c.trim() || t('import.column', { n: i + 1 }) }))
  return (
    <section className="import" aria-label={t('import.title', { field: fieldName(field) })} onDragOver={(e) => e.preventDefault()} onDrop={(e) => { e.preventDefault(); void open(e.dataTransfer.files[0]) }}>
      <div className="row g8"><h2 className="h2 sp">{t('import.title', { field: fieldName(field) })}</h2><IconButton icon="close" small label={t('common.close')} onClick={onClose} /></div>
      <div className="row g8 wrap"><Button look="lg" icon="file" onClick={() => picker.current?.click()}>{name || t('import.choose')}</Button><span className="f12 t3">{t('import.formats')}</span></div>
      <input ref={picker} type="file" hidden accept=".csv,.tsv,.txt,.xlsx" data-import onChange={(e) => { void open(e.target.files?.[0]); e.target.value = '' }} />
      {wrong && <p className="red f13" role="alert">{wrong}</p>}
      {rows && !result && (
        <>
          <div className="three">
            <Field label={t('import.text')} required>{(p) => <Select {...p} label={t('import.text')} choices={columns} value={text} onChange={setText} />}</Field>
            <Field label={t('import.label', { field: fieldName(field) })} required>{(p) => <Select {...p} label={t('import.label', { field: fieldName(field) })} choices={columns} value={labelled} onChange={setLabelled} />}</Field>
            <Field label={t('import.subject')}>{(p) => <Select {...p} label={t('import.subject')} choices={[{ id: '', text: t('common.none') }, ...columns]} value={title} onChange={setTitle} />}</Field>
          </div>
          <p className="f13" role="status"><b>{t('import.ready', { n: number(good.length), all: number(items.length) })}</b>{empty > 0 && <span className="t2">{' '}{t('import.empty', { n: empty })}</span>}</p>
          {unknown.size > 0 && <div className="row g4 wrap f13"><span className="amber row g4"><Icon name="warn" size="s" />{t('import.unknown', { n: unknown.size })}</span>{[...unknown].toSorted((a, b) => b[1] - a[1]).slice(0, 12).map(([v, n]) => <span key={v} className="chip">{v}{' '}{n}</span>)}</div>}
          <div className="scroll-x"><table className="tbl"><thead><tr><th className="r">{t('import.row')}</th><th>{t('import.text')}</th><th>{fieldName(field)}</th></tr></thead>
            <tbody>{items.slice(0, 6).map((x) => <tr key={x.row}><td className="r t3">{x.row}</td><td className="long"><span className="clamp">{x.text}</span></td><td className={x.label === undefined ? 'red' : undefined}>{x.said || t('common.none')}</td></tr>)}</tbody></table></div>
          <div className="row g8"><Button look="p lg" disabled={!good.length || share !== undefined} onClick={() => void teach()}>{t('import.submit', { n: good.length })}</Button>{share !== undefined && <span className="bar prog"><i style={{ width: `${Math.round(share * 100)}%` }} /></span>}</div>
        </>
      )}
      {result && (
        <>
          <p className="f13" role="status"><b>{t('import.done', { n: number(result.added) })}</b>{' '}<span className="t2">{t('import.next')}</span></p>
          {result.errors.length > 0 && <div className="scroll-x"><table className="tbl"><thead><tr><th className="r">{t('import.row')}</th><th>{t('import.problem')}</th></tr></thead><tbody>{result.errors.slice(0, 50).map((e) => <tr key={e.row}><td className="r">{e.row}</td><td className="red">{`error.${e.code}` in messages() ? t(`error.${e.code}` as Key) : e.message}</td></tr>)}</tbody></table></div>}
        </>
      )}
    </section>
  )
}
