// What the forms of people share: chips with a list to add from, a draft that
// holds only what was touched, a question before what has no way back.
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState, type KeyboardEvent, type ReactElement, type ReactNode } from 'react'
import { Problem, problemText } from '~/api/problem'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import type { Choice } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { Select } from '~/scenes/ticket/FieldInput'
import '../routing/routing.css'
import '../sla/policy.css'
import './people.css'

export type Go = (to: string | undefined) => void

/** What is open stands in the address; on a wide screen the first is open when nothing is. */
export function useItem(section: string): [string | undefined, Go, boolean] {
  const { item } = useParams({ strict: false }) as { item?: string }
  const navigate = useNavigate()
  const go: Go = (to) => void navigate(to ? { to: '/admin/$section/$item', params: { section, item: to } } : { to: '/admin/$section', params: { section } })
  return [item, go, typeof matchMedia === 'undefined' || matchMedia('(min-width:768px)').matches]
}

/** Fields that somebody touched, over what the server has: what others change meanwhile is not overwritten. */
export function useTouched<T extends object>(saved: T): { value: T; touched: Partial<T>; dirty: boolean; set: (part: Partial<T>) => void; drop: () => void } {
  const [touched, setTouched] = useState<Partial<T>>({})
  const set = (part: Partial<T>) => setTouched((was) => Object.fromEntries(Object.entries({ ...was, ...part }).filter(([k, v]) => JSON.stringify(v) !== JSON.stringify(saved[k as keyof T]))) as Partial<T>)
  return { value: { ...saved, ...touched }, touched, dirty: Object.keys(touched).length > 0, set, drop: () => setTouched({}) }
}

export function useProblem(): { error: unknown; field: (name: string) => string | undefined; run: (act: () => Promise<unknown>) => Promise<boolean> } {
  const [error, setError] = useState<unknown>()
  const run = async (act: () => Promise<unknown>): Promise<boolean> => {
    setError(undefined)
    try {
      await act()
      return true
    } catch (problem) {
      setError(problem)
      return false
    }
  }
  return { error, run, field: (name) => (error instanceof Problem ? error.field(name) : undefined) }
}

export const Wrong = ({ error }: { error: unknown }) => (error === undefined ? null : <p className="red f13" role="alert">{problemText(error)}</p>)

/** Some of a list as chips, with a way to add and to take out. */
export function Picks({ label, value, choices, add, onChange }: { label: string; value: string[]; choices: Choice[]; add: string; onChange: (ids: string[]) => void }) {
  const left = choices.filter((c) => !value.includes(c.id))
  return (
    <div className="choices people" role="group" aria-label={label}>
      {value.map((id) => { const text = choices.find((c) => c.id === id)?.text ?? id; return <span key={id} className="chip">{text}<button type="button" aria-label={t('who.take', { name: text })} onClick={() => onChange(value.filter((x) => x !== id))}><Icon name="close" size="s" /></button></span> })}
      {left.length > 0 && <Select label={label} text={add} choices={left} onChange={(id) => onChange([...value, id])} />}
    </div>
  )
}

/** Asks before what cannot simply be taken back, and says what follows. */
export function Ask({ children, words, go, act, danger }: { children: ReactElement; words: ReactNode; go: string; act: () => void; danger?: boolean }) {
  return (
    <Pop width={320} placement="topLeft" content={(close) => (
      <div className="popform ask">
        <div className="f13">{words}</div>
        <div className="row g8"><span className="sp" /><Button look="q" onClick={close}>{t('common.cancel')}</Button><Button look={danger ? 'danger' : 'p'} onClick={() => { close(); act() }}>{go}</Button></div>
      </div>
    )}>{children}</Pop>
  )
}

/** Arrows walk through the entries of a list. */
export function walk(e: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[e.key]
  if (!by || (e.target as HTMLElement).closest('input,.segment')) return
  const all = [...e.currentTarget.querySelectorAll<HTMLElement>('[data-entry]')]
  const next = all[all.indexOf(e.target as HTMLElement) + by]
  if (!next) return
  e.preventDefault()
  next.focus()
}

export const Back = ({ go }: { go: Go }) => <button type="button" className="btn q backup" onClick={() => go(undefined)}><Icon name="left" />{t('common.back')}</button>
