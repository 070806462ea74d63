import { useEffect, useRef, type ReactNode } from 'react'

/** A floating layer that holds the focus, closes on Esc or outside, and gives the focus back. */
export function Layer({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    const node = dialog.current
    if (node?.showModal) node.showModal()
    else node?.setAttribute('open', '')
    node?.querySelector<HTMLElement>('[data-first]')?.focus()
    return () => {
      node?.close?.()
      before?.focus?.({ preventScroll: true })
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className="layer"
      aria-label={label}
      onCancel={(e) => {
        e.preventDefault()
        onClose()
      }}
      onMouseDown={(e) => e.target === dialog.current && onClose()}
    >
      {children}
    </dialog>
  )
}
