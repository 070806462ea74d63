import { useCallback, useEffect, useRef, useState, type PointerEvent as Press } from 'react'

export interface Drag<T> { item: T; x: number; y: number; over?: string; place?: 'before' | 'into' | 'after' }

/**
 * Dragging by pointer, pen or finger: what is taken follows, and where it may
 * be dropped says so by `data-drop`. Esc leaves everything as it was; each drag
 * has a way by keys beside it, which the scene gives.
 */
export function useDrag<T>(onDrop: (item: T, over: string, place: 'before' | 'into' | 'after') => void): [Drag<T> | undefined, (item: T) => (e: Press) => void] {
  const [drag, setDrag] = useState<Drag<T>>()
  const live = useRef<{ item: T; x: number; y: number; id: number; moved: boolean; over?: string; place: 'before' | 'into' | 'after' }>(undefined)
  const drop = useRef(onDrop)
  drop.current = onDrop
  const end = useRef<() => void>(undefined)
  useEffect(() => () => end.current?.(), [])
  const take = useCallback((item: T) => (e: Press) => {
    if (e.button !== 0 || (e.pointerType === 'touch' && !(e.target as HTMLElement).closest('[data-grip]'))) return
    live.current = { item, x: e.clientX, y: e.clientY, id: e.pointerId, moved: false, place: 'into' }
    const move = (m: PointerEvent) => {
      const now = live.current
      if (!now || m.pointerId !== now.id) return
      if (!now.moved && Math.hypot(m.clientX - now.x, m.clientY - now.y) < 6) return
      now.moved = true
      m.preventDefault()
      const under = document.elementFromPoint(m.clientX, m.clientY)?.closest<HTMLElement>('[data-drop]')
      now.over = under?.dataset.drop
      if (under) {
        const box = under.getBoundingClientRect()
        const at = (m.clientY - box.top) / box.height
        now.place = at < 0.28 ? 'before' : at > 0.72 ? 'after' : 'into'
      }
      setDrag({ item: now.item, x: m.clientX, y: m.clientY, over: now.over, place: now.place })
    }
    const stop = () => {
      window.removeEventListener('pointermove', move)
      window.removeEventListener('pointerup', up)
      window.removeEventListener('pointercancel', stop)
      window.removeEventListener('keydown', key, true)
      live.current = undefined
      setDrag(undefined)
    }
    const up = (u: PointerEvent) => {
      const now = live.current
      if (!now || u.pointerId !== now.id) return
      stop()
      if (!now.moved) return
      // the click that ends a drag is no click
      const eat = (c: MouseEvent) => { c.stopPropagation(); c.preventDefault() }
      window.addEventListener('click', eat, { capture: true, once: true })
      setTimeout(() => window.removeEventListener('click', eat, true))
      if (now.over !== undefined) drop.current(now.item, now.over, now.place)
    }
    const key = (k: KeyboardEvent) => {
      if (k.key !== 'Escape' || !live.current?.moved) return
      k.preventDefault()
      k.stopPropagation()
      stop()
    }
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', up)
    window.addEventListener('pointercancel', stop)
    window.addEventListener('keydown', key, true)
    end.current = stop
  }, [])
  return [drag, take]
}
