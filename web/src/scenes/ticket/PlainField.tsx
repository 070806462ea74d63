import { useImperativeHandle, useRef, type KeyboardEvent, type Ref } from 'react'
import type { Content, Writer } from './useComposer'

const escape = (s: string): string => s.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!)
export const asHTML = (text: string): string => text.split('\n').map((l) => `<p>${escape(l)}</p>`).join('')

export interface FieldProps {
  ref: Ref<Writer>
  content: Content
  onChange: (content: Content) => void
  onKeyDown: (e: KeyboardEvent) => void
  label: string
  autoFocus?: boolean
  /** Sees keys first; true: it has taken the key. */
  onKey: (key: string, e: { ctrlKey: boolean; metaKey: boolean; isComposing: boolean }) => boolean
  /** The cursor has moved. */
  onMove: () => void
}

/** A plain field: what one writes in until the editor has come, and on the phone. */
export function PlainField({ ref, content, onChange, onKeyDown, onKey, onMove, label }: FieldProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const put = (text: string) => onChange({ text, html: asHTML(text) })
  const splice = (n: number, text: string) => {
    const el = field.current
    if (!el) return
    el.setRangeText(text, Math.max(0, el.selectionStart - n), el.selectionEnd, 'end')
    put(el.value)
    el.focus()
  }
  useImperativeHandle(ref, () => ({
    focus: () => field.current?.focus(),
    insert: (text) => splice(0, text),
    set: () => undefined,
    before: () => {
      const el = field.current
      return el ? el.value.slice(0, el.selectionStart).split('\n').at(-1)! : ''
    },
    replace: splice,
  }))
  return <textarea ref={field} className="ta" rows={1} value={content.text} placeholder={label} aria-label={label} onChange={(e) => put(e.target.value)} onKeyDown={(e) => { if (onKey(e.key, e.nativeEvent)) { e.preventDefault(); e.stopPropagation() } else onKeyDown(e) }} onSelect={onMove} />
}
