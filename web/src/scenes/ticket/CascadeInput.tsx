import { Cascader } from 'antd'
import type { Choice } from '~/api/types'
import { named } from '~/i18n'

interface Option { value: string; label: string; children?: Option[] }
const tree = (options: Choice[]): Option[] => options.map((o) => ({ value: o.key, label: named(o.name), ...(o.children?.length ? { children: tree(o.children) } : {}) }))

export default function CascadeInput({ options, value, onChange, onDone, label, id, autoFocus }: { options: Choice[]; value: unknown; onChange: (v: string[] | null) => void; onDone?: () => void; label: string; id?: string; autoFocus?: boolean }) {
  const path = Array.isArray(value) ? (value as string[]) : value ? String(value).split('/') : undefined
  return (
    <Cascader id={id} size="large" style={{ width: '100%', minHeight: 32 }} aria-label={label} options={tree(options)} value={path} displayRender={(l) => l.join(' › ')} showSearch allowClear autoFocus={autoFocus} defaultOpen={autoFocus}
      onChange={(v) => onChange((v as string[] | undefined) ?? null)} onOpenChange={(open) => !open && onDone?.()} />
  )
}
