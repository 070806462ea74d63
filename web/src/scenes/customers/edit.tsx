// Values that are changed where they stand.
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'

/** A line of text: a click or Enter edits, Enter or leaving saves, Esc leaves it as it was. */
export function TextValue({ value, label, none, onSave, disabled, max = 200, big, type }: { value: string; label: string; none?: string; onSave: (v: string) => void; disabled?: boolean; max?: number; big?: boolean; type?: string }) {
  const [draft, setDraft] = useState<string>()
  const back = useRef<HTMLButtonElement>(null)
  const end = (save: boolean) => {
    const next = draft?.trim()
    setDraft(undefined)
    if (save && next !== undefined && next !== value) onSave(next)
    requestAnimationFrame(() => back.current?.focus())
  }
  const press = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return
    if (e.key === 'Enter') { e.preventDefault(); end(true) }
    if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); end(false) }
  }
  if (draft === undefined) return <button ref={back} type="button" className={big ? 'inplace big' : 'inplace'} disabled={disabled} aria-label={t('common.colon', { name: label, value: value || t('common.none') })} onClick={() => setDraft(value)}><span className={value ? 'ell' : 'ell t3'}>{value || none || t('common.none')}</span></button>
  return <input className={big ? 'inp big' : 'inp'} autoFocus aria-label={label} type={type} value={draft} maxLength={max} onChange={(e) => setDraft(e.target.value)} onBlur={() => end(true)} onKeyDown={press} />
}

/** Words of several lines: saved on leaving or with Ctrl Enter. */
export function NoteValue({ value, label, none, onSave, disabled }: { value: string; label: string; none: string; onSave: (v: string) => void; disabled?: boolean }) {
  const [draft, setDraft] = useState(value)
  const [saved, setSaved] = useState(value)
  if (saved !== value) { setSaved(value); setDraft(value) }
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    const el = area.current
    if (el) { el.style.height = 'auto'; el.style.height = `${Math.min(el.scrollHeight, 320)}px` }
  }, [draft])
  const save = () => { if (draft.trim() !== value) onSave(draft.trim()) }
  return (
    <textarea ref={area} className="inp" rows={2} aria-label={label} placeholder={none} maxLength={20_000} disabled={disabled} value={draft} onChange={(e) => setDraft(e.target.value)} onBlur={save}
      onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); save() } if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); setDraft(value) } }} />
  )
}

/** Tags as chips; what is typed becomes one with Enter or a comma. */
export function TagsValue({ value, label, add: hint = t('customers.tag.add'), onSave, disabled, onOpen }: { value: string[]; label: string; add?: string; onSave: (tags: string[]) => void; disabled?: boolean; onOpen?: (tag: string) => void }) {
  const [words, setWords] = useState('')
  const add = () => {
    const tag = words.replace(/[,，]/g, '').trim()
    setWords('')
    if (tag && !value.includes(tag)) onSave([...value, tag])
  }
  return (
    <div className="tagsin" role="group" aria-label={label}>
      {value.map((x) => <span key={x} className="chip">{onOpen ? <button type="button" className="plain" onClick={() => onOpen(x)}>{x}</button> : x}{!disabled && <button type="button" aria-label={t('who.take', { name: x })} onClick={() => onSave(value.filter((y) => y !== x))}><Icon name="close" size="s" /></button>}</span>)}
      {!disabled && <input aria-label={hint} placeholder={hint} maxLength={253} value={words} onChange={(e) => setWords(e.target.value)} onBlur={add}
        onKeyDown={(e) => { if (e.nativeEvent.isComposing) return; if (e.key === 'Enter' || e.key === ',' || e.key === '，') { e.preventDefault(); add() } if (e.key === 'Backspace' && words === '' && value.length) onSave(value.slice(0, -1)) }} />}
    </div>
  )
}
