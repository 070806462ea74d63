import { lazy, Suspense } from 'react'

export type WhenKind = 'day' | 'moment' | 'time'
export interface WhenProps {
  kind: WhenKind
  /** 2026-11-21, 2026-11-21T09:30 or 09:30, in the reader's own time; empty for none. */
  value: string | undefined
  onChange: (value: string) => void
  /** Called when the reader is done with it: the panel has closed. */
  onDone?: () => void
  min?: string
  max?: string
  label?: string
  id?: string
  required?: boolean
  disabled?: boolean
  autoFocus?: boolean
  /** In a bar of controls of 28 px. */
  small?: boolean
  'aria-invalid'?: boolean
  'aria-describedby'?: string
}

const Picker = lazy(() => import('./WhenPicker'))

/** The one way to enter a day or a time: typed or picked, the same in every browser. */
export const When = (props: WhenProps) => <span className={`when ${props.kind}${props.small ? ' small' : ''}`}><Suspense fallback={null}><Picker {...props} /></Suspense></span>
