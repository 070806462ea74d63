import { t } from '~/i18n'
import { exact } from '~/i18n/format'
import { useMoment } from '~/stores/moment'
import { leftText, lookOf, metricName, type Look, type Standing } from './slaText'
import { Icon } from './Icon'
import './sla.css'

const ROUND = 2 * Math.PI * 5

/** The share that is used up, as a ring. */
export function Ring({ share }: { share: number }) {
  return (
    <svg className="ring" viewBox="0 0 14 14" aria-hidden="true">
      <circle className="tr" cx="7" cy="7" r="5" />
      <circle className="used" cx="7" cy="7" r="5" strokeDasharray={`${Math.max(0, Math.min(1, share)) * ROUND} ${ROUND}`} transform="rotate(-90 7 7)" />
    </svg>
  )
}

const Bars = () => <svg className="i s" viewBox="0 0 16 16" aria-hidden="true"><path d="M5.5 3.5v9M10.5 3.5v9" /></svg>

function words(look: Look, due: number | undefined, now: number): string {
  switch (look) {
    case 'met': return t('sla.met')
    case 'paused': return t('sla.paused')
    case 'over': return due === undefined ? t('sla.over') : t('sla.over.by', { time: leftText(due, now) })
    default: return due === undefined ? '' : leftText(due, now)
  }
}

/** A promise as it stands this second: ring and time left, amber when it warns, red when it is late, bars when it rests. */
export function SlaChip({ standing, metric, large, name }: { standing: Standing; metric?: string; large?: boolean; /** Said before the time. */ name?: string }) {
  const { due, from } = standing
  const look = useMoment((now) => lookOf(standing, now))
  const text = useMoment((now) => words(lookOf(standing, now), due, now))
  // a ring of 12 px shows no more than forty steps
  const share = useMoment((now) => (due === undefined || from === undefined || due <= from ? 0 : Math.round(((now - from) / (due - from)) * 40) / 40))
  if (look === 'none') return null
  const at = due === undefined ? '' : exact(new Date(due).toISOString())
  const title = [name ?? (metric && metricName(metric)), at && t(look === 'over' ? 'sla.was' : 'sla.until', { at })].filter(Boolean).join(' · ')
  return (
    <span className={`sla ${look}${large ? ' lg' : ''}`} title={title} role="timer" aria-label={[name ?? (metric && metricName(metric)), t(`sla.look.${look}`), look === 'over' || look === 'met' || look === 'paused' ? '' : at].filter(Boolean).join(' ')}>
      {look === 'met' ? <Icon name="check" size="s" /> : look === 'paused' ? <Bars /> : <Ring share={look === 'over' ? 1 : share} />}
      <span aria-hidden="true">{name ? `${name} ` : ''}{text}</span>
    </span>
  )
}
