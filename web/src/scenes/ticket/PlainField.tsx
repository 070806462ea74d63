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
}

/** A plain field: what one writes in until the editor has come, and on the phone. */
export function PlainField({ ref, content, onChange, onKeyDown, label }: FieldProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const put = (text: string) => onChange({ text, html: asHTML(text) })
  useImperativeHandle(ref, () => ({
    focus: () => field.current?.focus(),
    insert: (text) => {
      const el = field.current
      if (!el) return
      el.setRangeText(text, el.selectionStart, el.selectionEnd, 'end')
      put(el.value)
      el.focus()
    },
    set: () => undefined,
  }))
  return <textarea ref={field} className="ta" rows={1} value={content.text} placeholder={label} aria-label={label} onChange={(e) => put(e.target.value)} onKeyDown={onKeyDown} />
}
