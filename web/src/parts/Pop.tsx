import { Popover } from 'antd'
import { useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react'

/** A popover by our anatomy: raised, no arrow, closes on Esc and gives the focus back. */
export function Pop({ content, children, placement = 'bottomLeft', open, onOpen, width, hover }: {
  content: (close: () => void) => ReactNode
  children: ReactElement
  placement?: 'bottomLeft' | 'bottomRight' | 'topLeft' | 'topRight' | 'leftTop' | 'rightTop' | 'rightBottom'
  open?: boolean
  onOpen?: (open: boolean) => void
  width?: number
  /** Opens under the pointer too, after a moment. */
  hover?: boolean
}) {
  const [own, setOwn] = useState(false)
  const shown = open ?? own
  // once somebody has pressed inside, the pointer may leave: what it holds may have become smaller
  const [held, setHeld] = useState(false)
  const before = useRef<HTMLElement>(null)
  const set = (next: boolean) => {
    setOwn(next)
    if (!next) setHeld(false)
    onOpen?.(next)
  }
  useEffect(() => {
    if (!shown) return
    const active = document.activeElement as HTMLElement | null
    if (!active?.closest('.ant-popover')) before.current = active
    return () => {
      // what was chosen may have moved the focus on; only a focus left inside goes back
      const last = document.activeElement as HTMLElement | null
      if (last && last !== document.body && !last.closest('.ant-popover')) return
      last?.blur()
      if (before.current?.isConnected && before.current !== document.body) before.current.focus({ preventScroll: true })
    }
  }, [shown])
  return (
    <Popover
      trigger={hover && !held ? ['hover', 'click'] : 'click'}
      mouseEnterDelay={0.2}
      mouseLeaveDelay={0.2}
      arrow={false}
      placement={placement}
      open={shown}
      onOpenChange={set}
      destroyOnHidden
      content={
        <div style={width ? { width } : undefined} onPointerDown={() => setHeld(true)} onKeyDown={(e) => {
          if (e.key === 'Escape') {
            e.stopPropagation()
            e.nativeEvent.preventDefault()
            set(false)
          }
        }}>
          {shown && content(() => set(false))}
        </div>
      }
    >
      {children}
    </Popover>
  )
}
