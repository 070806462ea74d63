import { Tooltip } from 'antd'
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { Icon, type IconName } from './Icon'
import { Kbd } from './Kbd'

type Native = ButtonHTMLAttributes<HTMLButtonElement> & { ref?: Ref<HTMLButtonElement> }

export function Button({ look, icon, keys, chevron, children, className, ...rest }: Native & {
  look?: string; icon?: IconName; keys?: string; chevron?: boolean; children: ReactNode
}) {
  return (
    <button type="button" {...rest} className={['btn', look, className].filter(Boolean).join(' ')}>
      {icon && <Icon name={icon} size={look?.includes('sm') ? 's' : undefined} />}
      {children}
      {keys && <Kbd keys={keys} />}
      {chevron && <span className="ch"><Icon name="down" size="s" /></span>}
    </button>
  )
}

/** A button that is only a sign: its name is its label and its tooltip, with the key. */
export function IconButton({ icon, label, keys, small, on, className, children, ...rest }: Native & {
  icon: IconName; label: string; keys?: string; small?: boolean; on?: boolean
}) {
  return (
    <Tooltip title={<>{label}<Kbd keys={keys} /></>} mouseEnterDelay={0.3} arrow={false} classNames={{ root: 'keytip' }}>
      <button type="button" aria-label={label} {...rest} className={['ib', small && 'sm', on && 'on', className].filter(Boolean).join(' ')}>
        <Icon name={icon} size={small ? 's' : undefined} />
        {children}
      </button>
    </Tooltip>
  )
}
