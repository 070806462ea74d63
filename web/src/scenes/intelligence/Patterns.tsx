import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '~/api/client'
import { problemText } from '~/api/problem'
import type { Pattern } from '~/api/types'
import { t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Select } from '~/scenes/ticket/FieldInput'
import { entityName } from '~/scenes/ticket/understand/Insight'
import { patternsQuery, savePatterns } from '~/stores/intelligence'
import { Page, Switch, useManager, Wait } from './frame'
import { matcher } from './pattern'

const kinds = ['order', 'tracking', 'serial', 'model', 'error_code', 'plate']
const lines = (s: string): string[] => [...new Set(s.split('\n').map((x) => x.trim()).filter(Boolean))].slice(0, 50)

/** Numbers of the company's own: shown by examples, learned, tried, kept. */
export function PatternsPage() {
  const query = useQuery(patternsQuery)
  const able = useManager()
  const [open, setOpen] = useState<number | 'new'>()
  const all = query.data
  const at = typeof open === 'number' ? all?.patterns[open] : undefined
  const put = (patterns: Pattern[]) => (all ? savePatterns({ ...all, patterns }, all) : Promise.resolve(false))
  return (
    <Page title={t('studio.patterns')} help={t('pattern.help')} wide actions={able && <Button look="p" icon="plus" onClick={() => setOpen('new')}>{t('pattern.new')}</Button>}>
      <Wait query={query}>
        {all && (
          <div className={open !== undefined ? 'halves with-detail' : 'halves'}>
            <div className="picklist">
              {all.patterns.length === 0 && <EmptyState icon="search" title={t('pattern.none')} help={t('pattern.none.help')} />}
              {all.patterns.map((p, i) => (
                <div key={p.name} className="row g4">
                  <button type="button" className={i === open ? 'on sp' : 'sp'} aria-current={i === open ? 'true' : undefined} onClick={() => setOpen(i)}><span className="ell sp">{p.name}</span><span className="t3 f12">{entityName(p.type)}</span></button>
                  <Switch on={!p.off} label={t('pattern.switch', { name: p.name })} disabled={!able} onChange={(on) => void put(all.patterns.map((x) => (x === p ? { ...x, off: !on } : x)))} />
                </div>
              ))}
            </div>
            {open === undefined ? <div className="detail"><EmptyState icon="flask" title={t('pattern.pick')} help={t('pattern.pick.help')} /></div> : (
              <Form key={String(open)} pattern={at} taken={all.patterns.filter((p) => p !== at).map((p) => p.name)} able={able} onClose={() => setOpen(undefined)}
                onSave={async (p) => { if (await put(at ? all.patterns.map((x) => (x === at ? p : x)) : [...all.patterns, p])) setOpen(at ? open : all.patterns.length) }}
                onRemove={at && (() => { setOpen(undefined); void put(all.patterns.filter((x) => x !== at)) })} />
            )}
          </div>
        )}
      </Wait>
    </Page>
  )
}

function Form({ pattern, taken, able, onSave, onRemove, onClose }: { pattern?: Pattern; taken: string[]; able: boolean; onSave: (p: Pattern) => Promise<void>; onRemove?: () => void; onClose: () => void }) {
  const [name, setName] = useState(pattern?.name ?? '')
  const [type, setType] = useState(pattern?.type ?? 'order')
  const [examples, setExamples] = useState((pattern?.examples ?? []).join('\n'))
  const [counter, setCounter] = useState('')
  const [expr, setExpr] = useState(pattern?.expr ?? '')
  const [sample, setSample] = useState('')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const learn = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const { pattern: found } = await data(api.POST('/understanding/patterns/learn', { body: { examples: lines(examples), ...(lines(counter).length ? { counter: lines(counter) } : {}) } }))
      setExpr(found.expr)
    } catch (problem) {
      setError(problem)
    }
    setBusy(false)
  }
  const match = matcher(expr)
  const tried = expr ? [...lines(examples).map((text) => ({ text, want: true })), ...lines(counter).map((text) => ({ text, want: false })), ...lines(sample).map((text) => ({ text, want: undefined }))] : []
  return (
    <form className="detail pform" onSubmit={(e) => { e.preventDefault(); void onSave({ name: name.trim(), type, expr, examples: lines(examples), off: pattern?.off ?? false }) }}>
      <div className="row"><h2 className="h2 sp">{pattern ? pattern.name : t('pattern.new')}</h2><span className="only-phone"><IconButton icon="close" label={t('common.close')} onClick={onClose} /></span></div>
      <div className="two">
        <Field label={t('pattern.name')} required error={taken.includes(name.trim()) ? t('pattern.taken') : undefined}>{(p) => <input {...p} className="inp" maxLength={60} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Field label={t('pattern.type')}>{(p) => <Select {...p} label={t('pattern.type')} choices={kinds.map((k) => ({ id: k, text: entityName(k) }))} value={type} text={entityName(type)} onChange={setType} />}</Field>
        <Field label={t('pattern.examples')} required help={t('pattern.examples.help')}>{(p) => <textarea {...p} className="inp mono" rows={6} value={examples} onChange={(e) => setExamples(e.target.value)} />}</Field>
        <Field label={t('pattern.counter')} help={t('pattern.counter.help')}>{(p) => <textarea {...p} className="inp mono" rows={6} value={counter} onChange={(e) => setCounter(e.target.value)} />}</Field>
      </div>
      <div className="row g8" style={{ marginTop: 12 }}><Button look="lg" disabled={!able || busy || !lines(examples).length} onClick={() => void learn()}>{t(expr ? 'pattern.again' : 'pattern.learn')}</Button>{error !== undefined && <span className="red f13" role="alert">{problemText(error)}</span>}</div>
      {expr && (
        <>
          <Field label={t('pattern.expr')} help={t('pattern.expr.help', { counts: '{3,5}' })}>{(p) => <input {...p} className="inp mono" value={expr} onChange={(e) => setExpr(e.target.value)} />}</Field>
          <Field label={t('pattern.try')}>{(p) => <textarea {...p} className="inp mono" rows={2} value={sample} onChange={(e) => setSample(e.target.value)} />}</Field>
          {match && <ul className="tries" aria-live="polite">
            {tried.map((x, i) => { const hit = match(x.text); const good = x.want === undefined || x.want === hit; return <li key={i} className={good ? (hit ? 'green' : 't3') : 'red'}><span className="mono sp ell">{x.text}</span><span className="f12 nw">{t(hit ? 'pattern.hit' : 'pattern.miss')}{!good && ` · ${t('pattern.wrong')}`}</span></li> })}
          </ul>}
        </>
      )}
      <div className="row g8 pend"><Button look="p lg" type="submit" disabled={!able || !name.trim() || !expr || taken.includes(name.trim())}>{t('common.save')}</Button><span className="sp" />{onRemove && able && <Button look="q lg danger" onClick={onRemove}>{t('pattern.remove')}</Button>}</div>
    </form>
  )
}
