// What a new notification does on this machine: a toast, a sound, and a
// notification of the desktop while nobody looks at the page.
import { keys } from '~/api/keys'
import { locale, t } from '~/i18n'
import { noticesQuery, prefsQuery, type Notice } from './notify'
import { queries } from './query'
import { say } from './toast'

let open: (ticket: string) => void = () => undefined
/** The shell says how a ticket is opened. */
export function onNoticeOpen(f: (ticket: string) => void): void {
  open = f
}

let audio: AudioContext | undefined
// a browser lets a page sound only after somebody has touched it
if (typeof document !== 'undefined') for (const kind of ['pointerdown', 'keydown']) document.addEventListener(kind, () => { audio ??= typeof AudioContext === 'undefined' ? undefined : new AudioContext(); void audio?.resume() }, { once: true })

/** Two short tones, higher and twice when it is urgent; made here, so that nothing is fetched. */
export function sound(urgent: boolean): void {
  if (!audio || audio.state !== 'running') return
  const tones = urgent ? [880, 1175, 880, 1175] : [659, 880]
  tones.forEach((frequency, i) => {
    const at = audio!.currentTime + i * 0.14
    const voice = audio!.createOscillator()
    const level = audio!.createGain()
    voice.frequency.value = frequency
    level.gain.setValueAtTime(0, at)
    level.gain.linearRampToValueAtTime(0.12, at + 0.015)
    level.gain.exponentialRampToValueAtTime(0.0001, at + 0.13)
    voice.connect(level).connect(audio!.destination)
    voice.start(at)
    voice.stop(at + 0.14)
  })
}

/** The live event names an id at most; what it says is read with the reader's own rights. */
export interface Rung { id?: string; event?: string; ticket_id?: string; urgent?: boolean; quiet?: boolean }
export async function ring(event: Rung): Promise<void> {
  await queries.invalidateQueries({ queryKey: keys.notices() }, { cancelRefetch: true })
  if (event.quiet) return
  const [page, prefs] = await Promise.all([
    queries.fetchInfiniteQuery({ ...noticesQuery(true), staleTime: 0 }).catch(() => undefined),
    queries.ensureQueryData(prefsQuery).catch(() => undefined),
  ])
  const list = page?.pages[0]?.items ?? []
  const notice: Notice | undefined = event.id ? list.find((n) => n.id === event.id) : list[0]
  if (!notice || notice.read_at) return
  if (prefs?.sound) sound(notice.urgent ?? false)
  const ticket = notice.ticket_id
  // what must be acknowledged has a card of its own
  if (!['serious_ticket', 'offered'].includes(notice.event)) say(notice.title, ticket ? { undo: () => open(ticket), undoText: t('notice.open'), seconds: 8 } : {})
  if (prefs?.desktop && document.visibilityState === 'hidden' && 'Notification' in window && Notification.permission === 'granted') {
    const shown = new Notification(notice.title, { body: notice.text, tag: notice.id, lang: locale(), icon: '/icon.svg' })
    shown.onclick = () => { window.focus(); shown.close(); if (ticket) open(ticket) }
  }
}
