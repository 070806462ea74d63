import { DatePicker } from 'antd'
import dayjs from 'dayjs'

export default function DateInput({ value, onChange, onDone, autoFocus, id }: { value?: string; onChange: (v: string | null) => void; onDone?: () => void; autoFocus?: boolean; id?: string }) {
  return (
    <DatePicker id={id} size="large" style={{ width: '100%' }} autoFocus={autoFocus} defaultOpen={autoFocus} value={value ? dayjs(value) : null}
      onChange={(d) => onChange(d ? d.format('YYYY-MM-DD') : null)} onOpenChange={(open) => !open && onDone?.()} />
  )
}
