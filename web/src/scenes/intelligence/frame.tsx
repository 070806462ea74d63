// What the pages of administration share: head, switch, slider, words about a figure.
import { Tooltip } from 'antd'
import { useEffect, useState, type ReactNode } from 'react'
import { locale, t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import { FailedState, Skeleton } from '~/parts/State'
import { useNames, useMe } from '~/stores/session'
import { may } from '~/stores/understanding'
import { valueText } from '~/scenes/ticket/understand/values'

export const useManager = (): boolean => may(useMe(), 'understand.manage')

export function Page({ title, help, actions, children, wide }: { title: string; help?: string; actions?: ReactNode; children: ReactNode; wide?: boolean }) {
  return (
    <section className="page" aria-label={title}>
      <header className="phead"><h1>{title}</h1>{help && <span className="t3 f13 ell">{help}</span>}<span className="sp" />{actions}</header>
      <div className={wide ? 'pbody wide' : 'pbody'}>{children}</div>
    </section>
  )
}

export function Wait({ query, children }: { query: { error: unknown; data: unknown; refetch: () => unknown }; children: ReactNode }) {
  if (query.data !== undefined) return children
  if (query.error) return <FailedState error={query.error} retry={() => void query.refetch()} />
  return <div role="status" aria-busy="true" aria-label={t('common.loading')} style={{ display: 'grid', gap: 16, padding: '8px 0' }}>{[90, 70, 80, 60, 75].map((w) => <Skeleton key={w} width={`${w}%`} height={14} />)}</div>
}

export function Switch({ on, label, onChange, disabled }: { on: boolean; label: string; onChange: (on: boolean) => void; disabled?: boolean }) {
  return <button type="button" role="switch" aria-checked={on} aria-label={label} title={label} disabled={disabled} className="switch" onClick={() => onChange(!on)}><i /></button>
}

/** Moves freely, counts when it is let go. */
export function Slide({ value, min = 0, max = 1, label, disabled, onChange, onDone }: { value: number; min?: number; max?: number; label: string; disabled?: boolean; onChange: (v: number) => void; onDone: () => void }) {
  return <input type="range" className="slide" min={0} max={1} step={0.01} value={value} disabled={disabled} aria-label={label} aria-valuetext={percent1(value)} style={{ ['--at' as string]: `${value * 100}%` }} onChange={(e) => onChange(Math.min(max, Math.max(min, Number(e.target.value))))} onPointerUp={onDone} onKeyUp={onDone} onBlur={onDone} />
}

/** Says what a figure counts: none is shown without. */
export function Meaning({ text, children }: { text: string; children: ReactNode }) {
  return <Tooltip title={text} arrow={false} mouseEnterDelay={0.15}><span className="meaning" tabIndex={0}>{children}</span></Tooltip>
}

export function Segmented<V extends string>({ label, value, options, onChange }: { label: string; value: V; options: (readonly [V, string])[]; onChange: (v: V) => void }) {
  return <div className="segment" role="radiogroup" aria-label={label}>{options.map(([v, text]) => <button key={v} type="button" role="radio" aria-checked={v === value} onClick={() => onChange(v)}>{text}</button>)}</div>
}

export function Find({ value, label, onChange }: { value: string; label: string; onChange: (v: string) => void }) {
  return <div className="inp find"><Icon name="search" size="s" /><input value={value} placeholder={label} aria-label={label} onChange={(e) => onChange(e.target.value)} onKeyDown={(e) => { if (e.key === 'Escape' && value) { e.stopPropagation(); onChange('') } }} /></div>
}

export const percent1 = (x: number): string => new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 1 }).format(x)
export const number = (x: number, digits = 0): string => new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(x)

/** Names of labels of a field; an id that means nothing any more stays readable. */
export function useLabel(): (field: string, value: string) => string {
  const names = useNames()
  return (field, value) => (value === '' ? t('common.none') : valueText(field, value, names))
}

/** A draft of what the server has; follows it until somebody edits. */
export function useDraft<T>(saved: T | undefined): [T | undefined, (next: T) => void, boolean, () => void] {
  const [draft, setDraft] = useState<T>()
  useEffect(() => setDraft(undefined), [saved])
  return [draft ?? saved, setDraft, draft !== undefined, () => setDraft(undefined)]
}

/** Saves words as a file on the reader's machine. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }))
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}

/** RFC 4180; a leading = + - @ is kept from becoming a formula. */
export const csv = (rows: (string | number)[][]): string => rows.map((r) => r.map((c) => { const s = String(c); const safe = typeof c === 'string' && /^[=+\-@\t\r]/.test(s) ? `'${s}` : s; return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe }).join(',')).join('\r\n')
