import { useSyncExternalStore } from 'react'

/** A value with subscribers: what the screen knows that the server does not. */
export interface Store<T> {
  get(): T
  set(next: T | ((old: T) => T)): void
  subscribe(f: () => void): () => void
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial
  const subscribers = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      const after = typeof next === 'function' ? (next as (old: T) => T)(value) : next
      if (Object.is(after, value)) return
      value = after
      for (const f of [...subscribers]) f()
    },
    subscribe(f) {
      subscribers.add(f)
      return () => subscribers.delete(f)
    },
  }
}

export function useStore<T>(store: Store<T>): T
export function useStore<T, S>(store: Store<T>, select: (value: T) => S): S
export function useStore<T, S>(store: Store<T>, select?: (value: T) => S): T | S {
  return useSyncExternalStore(store.subscribe, () => (select ? select(store.get()) : store.get()))
}
