import { DatePicker, TimePicker } from 'antd'
import type { FormEvent } from 'react'
import type { WhenProps } from './When'
import { asWire, formats, ofWire, typed } from './whenText'

/** On antd's pickers, which know the reader's language; loaded when it is needed. */
export default function WhenPicker({ kind, value, onChange, onDone, min, max, label, required, small, autoFocus, ...rest }: WhenProps) {
  // a whole value counts as soon as it is typed, not when the field is left
  const hear = (e: FormEvent<HTMLElement>) => {
    const next = typed(kind, (e.target as HTMLInputElement).value)
    if (next !== undefined && next !== value && !(min && next < min) && !(max && next > max)) onChange(next)
  }
  const shared = {
    ...rest, 'aria-label': label, 'aria-required': required, size: small ? ('middle' as const) : ('large' as const), autoFocus, defaultOpen: autoFocus && kind === 'day', value: ofWire(kind, value ?? ''), format: formats[kind],
    needConfirm: false, allowClear: !required, style: { width: '100%' }, onOpenChange: (open: boolean) => { if (!open) onDone?.() },
    onChange: (d: import('dayjs').Dayjs | null) => onChange(d ? asWire(kind, d) : ''),
  }
  return (
    <span onInput={hear} className="row">
      {kind === 'time' ? <TimePicker {...shared} /> : <DatePicker {...shared} showTime={kind === 'moment' && { format: 'HH:mm' }} minDate={ofWire(kind, min ?? '') ?? undefined} maxDate={ofWire(kind, max ?? '') ?? undefined} />}
      {required && !value && <input className="hide" required tabIndex={-1} aria-hidden="true" value="" onChange={() => undefined} />}
    </span>
  )
}
