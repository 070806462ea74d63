// What just happened, and how to take it back. The newest undoable one answers to z.
import { problemText } from '~/api/problem'
import { createStore } from './store'

export interface Toast { id: number; text: string; bad?: boolean; undo?: () => unknown; undoText?: string }

export const toasts = createStore<Toast[]>([])
let next = 1

export function say(text: string, more: Omit<Toast, 'id' | 'text'> & { seconds?: number } = {}): number {
  const { seconds = more.undo ? 8 : 4, ...rest } = more
  const id = next++
  toasts.set((list) => [...list.slice(-2), { id, text, ...rest }])
  setTimeout(() => dismiss(id), seconds * 1000)
  return id
}

export function complain(error: unknown): void {
  say(problemText(error), { bad: true, seconds: 8 })
}

export function dismiss(id: number): void {
  toasts.set((list) => list.filter((t) => t.id !== id))
}

export function undoLast(): boolean {
  const last = toasts.get().findLast((t) => t.undo && !t.undoText)
  if (!last) return false
  dismiss(last.id)
  void last.undo?.()
  return true
}
