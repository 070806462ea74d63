// Glyphs that stand for a value of a ticket: shape differs as well as colour.
import type { Priority, Status } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Icon, type IconName } from './Icon'

export const statusName = (s: Status): string => t(`status.${s}` as Key)
export const priorityName = (p: Priority): string => t(`priority.${p}` as Key)

export function StatusGlyph({ status }: { status: Status }) {
  return <i className={`st ${status}`} aria-hidden="true" />
}

export function PriorityBars({ priority }: { priority: Priority }) {
  const label = priorityName(priority)
  if (priority === 'urgent') {
    return (
      <svg className="i" viewBox="0 0 16 16" role="img" aria-label={label} style={{ stroke: 'none' }}>
        <rect x="2" y="2" width="12" height="12" rx="3" fill="var(--red)" />
        <path d="M8 4.8v4M8 11v.01" stroke="var(--on-primary)" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
    )
  }
  const level = { low: 1, normal: 2, high: 3 }[priority]
  const fill = (n: number) => (n <= level ? 'var(--text-2)' : 'var(--line-strong)')
  return (
    <svg className="i" viewBox="0 0 16 16" role="img" aria-label={label} style={{ stroke: 'none' }}>
      <rect x="2.5" y="9.5" width="3" height="4" rx="1" fill={fill(1)} />
      <rect x="6.5" y="6.5" width="3" height="7" rx="1" fill={fill(2)} />
      <rect x="10.5" y="3.5" width="3" height="10" rx="1" fill={fill(3)} />
    </svg>
  )
}

const channels: Record<string, IconName> = {
  email: 'mail', phone: 'phone', chat: 'chat', wechat: 'wechat', web: 'web', form: 'web', app: 'app', api: 'code', import: 'hand', call: 'phone', portal: 'web', webchat: 'chat',
}
export const channelList = ['email', 'web', 'phone', 'chat', 'wechat', 'api', 'import']

export function channelName(channel: string): string {
  return channel in channels ? t(`channel.${channel}` as Key) : channel
}

export function ChannelIcon({ channel, size = 's' }: { channel: string; size?: 's' | 'l' }) {
  return <Icon name={channels[channel] ?? 'chat'} size={size} label={channelName(channel)} />
}
