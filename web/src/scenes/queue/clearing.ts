// When a queue will be empty if it goes on as in the last minutes.
import { t } from '~/i18n'

export interface Flow { waiting: number; came: number; given: number }

/** In words; grows: more comes than is given. */
export function clearing({ waiting, came, given }: Flow, seconds: number): { text: string; grows?: boolean } {
  if (waiting === 0) return { text: t('queue.figure.clear.now') }
  const perMinute = ((given - came) * 60) / Math.max(1, seconds)
  if (perMinute <= 0) return came > given ? { text: t('queue.figure.clear.grows'), grows: true } : { text: '–' }
  const minutes = Math.ceil(waiting / perMinute)
  if (minutes < 120) return { text: t('time.minutes', { n: minutes }) }
  return { text: minutes < 48 * 60 ? t('time.hours', { n: Math.round(minutes / 60) }) : t('time.days', { n: Math.round(minutes / 1440) }) }
}
