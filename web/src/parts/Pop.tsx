import { Popover } from 'antd'
import { useState, type ReactElement, type ReactNode } from 'react'

/** A popover by our anatomy: raised, no arrow, closes on Esc and gives the focus back. */
export function Pop({ content, children, placement = 'bottomLeft', open, onOpen, width }: {
  content: (close: () => void) => ReactNode
  children: ReactElement
  placement?: 'bottomLeft' | 'bottomRight' | 'topLeft' | 'topRight' | 'leftTop' | 'rightTop' | 'rightBottom'
  open?: boolean
  onOpen?: (open: boolean) => void
  width?: number
}) {
  const [own, setOwn] = useState(false)
  const shown = open ?? own
  const set = (next: boolean) => {
    setOwn(next)
    onOpen?.(next)
  }
  return (
    <Popover
      trigger="click"
      arrow={false}
      placement={placement}
      open={shown}
      onOpenChange={set}
      destroyOnHidden
      content={
        <div style={width ? { width } : undefined} onKeyDown={(e) => {
          if (e.key === 'Escape') {
            e.stopPropagation()
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
