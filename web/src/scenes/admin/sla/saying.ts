// Settings of a policy in words, for comparing versions.
import { useQuery } from '@tanstack/react-query'
import type { Priority, SLALink, SLAPause, SLAPromise, SLAWarning } from '~/api/types'
import { messages, named, t, type Key } from '~/i18n'
import { priorityName, statusName } from '~/parts/Glyph'
import { metricName, secondsText } from '~/parts/slaText'
import { calendarsQuery } from '~/stores/calendar'
import { useNames } from '~/stores/session'
import { unitOf } from './Targets'

const amount = (minutes: number): string => {
  const unit = unitOf(minutes)
  return `${minutes / { d: 1440, h: 60, m: 1 }[unit]} ${t(`slap.unit.${unit}`)}`
}

export function useSaying(): { setting: (path: string) => string; value: (path: string, v: unknown) => string } {
  const names = useNames()
  const calendars = useQuery(calendarsQuery).data ?? []
  const calendar = (key: string | undefined) => (key === 'always' ? t('sla.always') : key ? named(calendars.find((c) => c.key === key)?.name) || key : t('slap.calendar.theirs'))
  return {
    setting: (path) => {
      const [key = '', a = '', b = ''] = path.split('.')
      if (key === 'targets' && (b === 'start' || b === 'stop')) return t(b === 'start' ? 'slap.start' : 'slap.stopwhen', { name: metricName(a) })
      if (key === 'targets') return `${metricName(a)} ${priorityName(b as Priority)}`
      if (key === 'units') {
        const [kind = '', unit] = a.split(':')
        return `${unit ? names.unit(kind, unit) : t('slap.unit.all', { kind: metricName(kind) })} ${priorityName(b as Priority)}`
      }
      const name = `slap.setting.${key === 'stop_on' ? `stop_on_${a}` : key}`
      return `${name in messages() ? t(name as Key) : key}${/^\d+$/.test(a) ? ` ${Number(a) + 1}` : ''}`
    },
    value: (path, v) => {
      if (v === undefined || v === '') return '–'
      const key = path.split('.')[0]
      switch (key) {
        case 'targets': case 'units': return typeof v === 'string' ? v : `${amount((v as SLAPromise).minutes)} · ${calendar((v as SLAPromise).calendar)}`
        case 'warnings': { const w = v as SLAWarning; return w.percent ? t('sla.warn.percent', { n: w.percent }) : t('sla.warn.before', { time: secondsText((w.before_minutes ?? 0) * 60) }) }
        case 'chain': { const l = v as SLALink; return t(l.on === 'breach' ? 'slap.chain.effect.breach' : 'slap.chain.effect.warning', { n: l.after_minutes, who: l.to === 'people' ? (l.people ?? []).map(names.staff).join(t('common.and')) : t(`slap.chain.to.${l.to}`) }) }
        case 'pauses': { const p = v as SLAPause; return [(p.statuses ?? []).map((s) => statusName(s as 'open')).join(t('common.and')), (p.hold_reasons ?? []).map((h) => names.keyed('hold_reasons', h)).join(t('common.and')), p.when, (p.metrics ?? []).map(metricName).join(t('common.and'))].filter(Boolean).join(' · ') }
        case 'pause_limit_minutes': case 'pause_total_minutes': return typeof v === 'number' && v ? amount(v) : t('slap.nolimit')
        case 'reopen': return t(v === 'restart' ? 'slap.reopen.restart' : 'slap.reopen.continue')
      }
      return typeof v === 'boolean' ? t(v ? 'common.yes' : 'common.no') : String(v)
    },
  }
}
