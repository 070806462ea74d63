// Who else is on the ticket, and the signs of life by which they know of us.
import { useEffect } from 'react'
import { api, data, key } from '~/api/client'
import type { Answer } from '~/api/paths'
import type { ID } from '~/api/types'
import { createStore, useStore } from './store'

export type Viewer = Answer<'/tickets/{id}/viewing', 'post'>['people'][number]
type Doing = 'viewing' | 'reply' | 'note' | 'gone'

const BEAT = 20_000
const WRITES = 4_000
/** A little longer than the server believes in somebody who writes. */
const FORGET = 11_000

const screen = key().slice(0, 12)
export const viewers = createStore<Record<ID, Viewer[]>>({})
const none: Viewer[] = []
let self: ID | undefined
let forget: ReturnType<typeof setTimeout> | undefined
let wrote = 0
let kindOf: 'reply' | 'note' = 'reply'

function put(ticket: ID, people: Viewer[]): void {
  viewers.set({ [ticket]: people.filter((p) => p.id !== self) }) // only the open one matters
  clearTimeout(forget)
  // who stops writing without a word does not write for ever
  if (people.some((p) => p.typing)) forget = setTimeout(() => viewers.set((old) => Object.fromEntries(Object.entries(old).map(([id, list]) => [id, list.map(({ typing: _, ...p }) => p)]))), FORGET)
}

/** What the stream says of who is there. */
export function viewingEvent(event: { id: ID; people: Viewer[] }): void {
  if (event.id in viewers.get()) put(event.id, event.people)
}

async function beat(ticket: ID, doing: Doing): Promise<void> {
  try {
    const { people } = await data(api.POST('/tickets/{id}/viewing', { params: { path: { id: ticket } }, body: { screen, doing }, headers: { 'X-Zhidan-Background': '1' }, ...(doing === 'gone' ? { keepalive: true } : {}) }))
    if (doing !== 'gone' && ticket in viewers.get()) put(ticket, people)
  } catch {
    // the next beat says it again; without a connection nobody is shown
    if (doing !== 'gone' && ticket in viewers.get()) put(ticket, [])
  }
}

/** Says that something is being written, as often as others need to hear it. */
export function writing(ticket: ID, kind: 'reply' | 'note'): void {
  if (Date.now() - wrote < WRITES) return
  wrote = Date.now()
  kindOf = kind
  void beat(ticket, kind)
}

/** The writing is over: sent, or thrown away. */
export function written(ticket: ID): void {
  wrote = 0
  void beat(ticket, 'viewing')
}

/** While the ticket is on the screen and somebody looks, they are on it. */
export function useViewing(ticket: ID, me: ID | undefined): Viewer[] {
  self = me
  useEffect(() => {
    viewers.set({ [ticket]: [] })
    let timer: ReturnType<typeof setInterval> | undefined
    const look = () => {
      clearInterval(timer)
      if (document.visibilityState === 'hidden') return void beat(ticket, 'gone')
      void beat(ticket, 'viewing')
      timer = setInterval(() => void beat(ticket, Date.now() - wrote < WRITES ? kindOf : 'viewing'), BEAT)
    }
    const leave = () => void beat(ticket, 'gone')
    look()
    document.addEventListener('visibilitychange', look)
    window.addEventListener('pagehide', leave)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
      window.removeEventListener('pagehide', leave)
      leave()
    }
  }, [ticket])
  return useStore(viewers, (v) => v[ticket]) ?? none
}
