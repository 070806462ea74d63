import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '~/api/client'
import { Problem, problemText } from '~/api/problem'
import type { LanguageModels, Provider, ProviderTest } from '~/api/types'
import { messages, t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { llmQuery, saveLLM } from '~/stores/intelligence'
import { number, Page, Segmented, Switch, useManager, Wait } from './frame'

const shippedTasks = ['classify', 'entities', 'title_summary', 'translate', 'vision', 'transcribe']
export const taskName = (task: string): string => (`task.${task}` in messages() ? t(`task.${task}` as Key) : task)
type Full = LanguageModels & { tasks: Record<string, string[]>; task_budgets: Record<string, number> }
const blank: Provider = { name: '', kind: 'openai', base_url: '', model: '', region: 'home', price_in: 0, price_out: 0 }

/** Language models come after the local ones, only where a tenant says so, and never beyond its budget. */
export function LanguageModelsPage() {
  const query = useQuery({ ...llmQuery, retry: false })
  const able = useManager()
  const m: Full | undefined = query.data && { ...query.data, tasks: query.data.tasks ?? {}, task_budgets: query.data.task_budgets ?? {} }
  const [open, setOpen] = useState<number | 'new'>()
  const put = (part: Partial<LanguageModels>) => (m ? saveLLM({ ...m, ...part }, m) : Promise.resolve(false))
  const absent = query.error instanceof Problem && query.error.status === 404
  return (
    <Page title={t('studio.llm')} help={t('llm.help')} wide actions={m && able && <Button look="p" icon="plus" onClick={() => setOpen('new')}>{t('llm.new')}</Button>}>
      {absent ? <EmptyState icon="lock" title={t('llm.absent')} help={t('llm.absent.help')} /> : (
        <Wait query={query}>
          {m && (
            <>
              <div className={m.on ? 'kill on' : 'kill'}><div className="sp"><b className="f13">{t(m.on ? 'llm.on' : 'llm.off')}</b><p className="f12 t2">{t(m.on ? 'llm.on.help' : 'llm.off.help')}</p></div><Switch on={m.on} label={t('llm.switch')} disabled={!able || (!m.on && m.providers.length === 0)} onChange={(on) => void put({ on })} /></div>
              <div className={open !== undefined ? 'halves with-detail' : 'halves'}>
                <div className="picklist">
                  <div className="sec">{t('llm.providers')}</div>
                  {m.providers.length === 0 && <p className="f12 t3">{t('llm.none')}</p>}
                  {m.providers.map((p, i) => <button key={p.name} type="button" className={i === open ? 'on' : undefined} onClick={() => setOpen(i)}><span className="ell sp">{p.name}<span className="t3 f12">{' '}{p.model}</span></span>{p.region === 'abroad' && <span className="chip amber">{t('llm.abroad')}</span>}</button>)}
                </div>
                {open !== undefined ? (
                  <ProviderForm key={String(open)} provider={open === 'new' ? undefined : m.providers[open]} taken={m.providers.filter((_, i) => i !== open).map((p) => p.name)} able={able} onClose={() => setOpen(undefined)}
                    onSave={async (p) => {
                      const old = open === 'new' ? undefined : m.providers[open]
                      const renamed = (list: string[]) => list.map((n) => (n === old?.name ? p.name : n))
                      const ok = await put({ providers: old ? m.providers.map((x) => (x === old ? p : x)) : [...m.providers, p], ...(old && old.name !== p.name ? { tasks: Object.fromEntries(Object.entries(m.tasks).map(([k, v]) => [k, renamed(v)])) } : {}) })
                      if (ok && open === 'new') setOpen(m.providers.length)
                    }}
                    onRemove={open === 'new' ? undefined : () => { const gone = m.providers[open]!; setOpen(undefined); void put({ providers: m.providers.filter((x) => x !== gone), tasks: Object.fromEntries(Object.entries(m.tasks).map(([k, v]) => [k, v.filter((n) => n !== gone.name)])) }) }} />
                ) : <div className="detail"><Tasks m={m} able={able} put={put} /><Budget m={m} able={able} put={put} /></div>}
              </div>
            </>
          )}
        </Wait>
      )}
    </Page>
  )
}

type Put = (part: Partial<LanguageModels>) => Promise<boolean>

/** For each task who is asked, in which order: the next one when the first fails. */
function Tasks({ m, able, put }: { m: Full; able: boolean; put: Put }) {
  const tasks = [...new Set([...shippedTasks, ...Object.keys(m.tasks)])]
  return (
    <section aria-label={t('llm.tasks')}>
      <h2 className="h2">{t('llm.tasks')}</h2><p className="f13 t2 lead">{t('llm.tasks.help')}</p>
      {tasks.map((task) => {
        const list = m.tasks[task] ?? []
        const set = (names: string[]) => void put({ tasks: { ...m.tasks, [task]: names } })
        return (
          <div key={task} className="taskrow">
            <span className="f13">{taskName(task)}</span>
            <span className="row g4 wrap">
              {list.map((n, i) => <span key={n} className="chip pri">{i + 1}{' '}{n}{able && <button type="button" aria-label={t('llm.task.remove', { name: n, task: taskName(task) })} onClick={() => set(list.filter((x) => x !== n))}><Icon name="close" size="s" /></button>}</span>)}
              {able && m.providers.filter((p) => !list.includes(p.name)).map((p) => <button key={p.name} type="button" className="chip ol" onClick={() => set([...list, p.name])}><Icon name="plus" size="s" />{p.name}</button>)}
              {!list.length && <span className="f12 t3">{t('llm.task.none')}</span>}
            </span>
          </div>
        )
      })}
    </section>
  )
}

const MICRO = 1_000_000

function Budget({ m, able, put }: { m: Full; able: boolean; put: Put }) {
  const [day, setDay] = useState(String(m.daily_budget_micros / MICRO))
  const [own, setOwn] = useState<Record<string, string>>({})
  const worth = (s: string): number | undefined => (/^\d+([.]\d{1,6})?$/.test(s.trim()) ? Math.round(Number(s) * MICRO) : undefined)
  return (
    <section aria-label={t('llm.budget')}>
      <h2 className="h2">{t('llm.budget')}</h2><p className="f13 t2 lead">{t('llm.budget.help')}</p>
      <div className="taskrow"><label className="f13" htmlFor="day-budget">{t('llm.budget.day')}</label><input id="day-budget" className="inp money" inputMode="decimal" disabled={!able} value={day} aria-invalid={worth(day) === undefined || undefined} onChange={(e) => setDay(e.target.value)} onBlur={() => { const v = worth(day); if (v !== undefined && v !== m.daily_budget_micros) void put({ daily_budget_micros: v }) }} /></div>
      {shippedTasks.filter((k) => (m.tasks[k]?.length ?? 0) > 0).map((k) => {
        const value = own[k] ?? (m.task_budgets[k] === undefined ? '' : String(m.task_budgets[k] / MICRO))
        return (
          <div key={k} className="taskrow"><label className="f13" htmlFor={`budget-${k}`}>{taskName(k)}</label><input id={`budget-${k}`} className="inp money" inputMode="decimal" placeholder={t('llm.budget.shared')} disabled={!able} value={value} onChange={(e) => setOwn({ ...own, [k]: e.target.value })}
            onBlur={() => { const v = worth(value); if (value === '' && m.task_budgets[k] !== undefined) { const { [k]: _, ...rest } = m.task_budgets; void put({ task_budgets: rest }) } else if (v !== undefined && v !== m.task_budgets[k]) void put({ task_budgets: { ...m.task_budgets, [k]: v } }) }} /></div>
        )
      })}
      <div className="taskrow"><span className="f13">{t('llm.allowAbroad')}</span><span className="row g8"><Switch on={m.allow_abroad ?? false} label={t('llm.allowAbroad')} disabled={!able} onChange={(allow_abroad) => void put({ allow_abroad })} /><span className="f12 t2">{t(m.allow_abroad ? 'llm.allowAbroad.on' : 'llm.allowAbroad.off')}</span></span></div>
    </section>
  )
}

/** What the server says of the key is no part of what is sent. */
function sent({ key_set: _, ...p }: Provider): Provider {
  return p
}

function ProviderForm({ provider, taken, able, onSave, onRemove, onClose }: { provider?: Provider; taken: string[]; able: boolean; onSave: (p: Provider) => Promise<void>; onRemove?: () => void; onClose: () => void }) {
  const [p, setP] = useState<Provider>(provider ?? blank)
  const [key, setKey] = useState('')
  const [test, setTest] = useState<ProviderTest | 'running'>()
  const [error, setError] = useState<unknown>()
  const set = (part: Partial<Provider>) => setP((old) => ({ ...old, ...part }))
  const url = /^https?:\/\/[^\s]+$/.test(p.base_url.trim())
  const ready = p.name.trim() !== '' && !taken.includes(p.name.trim()) && url && p.model.trim() !== ''
  const probe = async () => {
    setTest('running')
    setError(undefined)
    try {
      setTest(await data(api.POST('/understanding/llm/test', { body: { provider: provider!.name } })))
    } catch (problem) {
      setTest(undefined)
      setError(problem)
    }
  }
  return (
    <form className="detail pform" onSubmit={(e) => { e.preventDefault(); void onSave({ ...sent(p), name: p.name.trim(), base_url: p.base_url.trim(), model: p.model.trim(), ...(key ? { key } : {}) }).then(() => setKey('')) }}>
      <div className="row"><h2 className="h2 sp">{provider ? provider.name : t('llm.new')}</h2><IconButton icon="close" label={t('common.close')} onClick={onClose} /></div>
      <div className="two">
        <Field label={t('llm.name')} required error={taken.includes(p.name.trim()) ? t('llm.taken') : undefined}>{(a) => <input {...a} className="inp" maxLength={60} value={p.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
        <Field label={t('llm.kind')}>{() => <Segmented label={t('llm.kind')} value={p.kind} options={[['openai', t('llm.kind.openai')], ['anthropic', t('llm.kind.anthropic')]]} onChange={(kind) => set({ kind })} />}</Field>
        <Field label={t('llm.url')} required error={p.base_url && !url ? t('llm.url.wrong') : undefined} help={t(p.kind === 'anthropic' ? 'llm.url.help.anthropic' : 'llm.url.help')}>{(a) => <input {...a} className="inp mono" maxLength={300} value={p.base_url} onChange={(e) => set({ base_url: e.target.value })} />}</Field>
        <Field label={t('llm.model')} required>{(a) => <input {...a} className="inp mono" maxLength={200} value={p.model} onChange={(e) => set({ model: e.target.value })} />}</Field>
        <Field label={t('llm.key')} help={t(p.key_set ? 'llm.key.set' : 'llm.key.help')}>{(a) => <input {...a} className="inp mono" type="password" autoComplete="off" value={key} placeholder={p.key_set ? '••••••••' : ''} onChange={(e) => setKey(e.target.value)} />}</Field>
        <Field label={t('llm.region')} help={t(p.region === 'abroad' ? 'llm.region.abroad.help' : 'llm.region.home.help')}>{() => <Segmented label={t('llm.region')} value={p.region} options={[['home', t('llm.home')], ['abroad', t('llm.abroad')]]} onChange={(region) => set({ region })} />}</Field>
        <Field label={t('llm.price.in')} help={t('llm.price.help')}>{(a) => <input {...a} className="inp money" type="number" min={0} step="any" value={(p.price_in ?? 0) / 1000} onChange={(e) => set({ price_in: Math.round(Number(e.target.value) * 1000) })} />}</Field>
        <Field label={t('llm.price.out')}>{(a) => <input {...a} className="inp money" type="number" min={0} step="any" value={(p.price_out ?? 0) / 1000} onChange={(e) => set({ price_out: Math.round(Number(e.target.value) * 1000) })} />}</Field>
        <Field label={t('llm.can')}>{() => <div className="row g16 f13">{(['images', 'audio'] as const).map((k) => <label key={k} className="row g6"><input type="checkbox" checked={p[k] ?? false} onChange={(e) => set({ [k]: e.target.checked })} />{t(`llm.can.${k}`)}</label>)}</div>}</Field>
      </div>
      {test !== undefined && <p className="f13" role="status">{test === 'running' ? t('llm.testing') : test.ok ? <span className="green row g4"><Icon name="check" size="s" />{t('llm.test.ok', { ms: number(test.latency_ms) })}</span> : <span className="red row g4"><Icon name="warn" size="s" />{t('llm.test.failed', { error: test.code && `error.${test.code}` in messages() ? t(`error.${test.code}` as Key) : (test.error ?? '') })}</span>}</p>}
      {error !== undefined && <p className="red f13" role="alert">{problemText(error)}</p>}
      <div className="row g8 pend"><Button look="p lg" type="submit" disabled={!able || !ready}>{t('common.save')}</Button>{provider && <Button look="lg" icon="play" disabled={!able || test === 'running'} onClick={() => void probe()}>{t('llm.test')}</Button>}<span className="sp" />{onRemove && able && <Button look="q lg danger" onClick={onRemove}>{t('llm.remove')}</Button>}</div>
    </form>
  )
}
