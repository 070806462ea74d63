import { useEffect } from 'react'
import { show, ui } from '~/stores/ui'
import { allowed, context, run, type Action } from './action'
import { actions } from './registry'

/** A stroke as actions name it: "Mod+k", "Shift+A", "j", "?". */
export function stroke(e: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const letter = /^[a-z]$/i.test(e.key)
  const parts = [e.ctrlKey || e.metaKey ? 'Mod' : '', e.altKey ? 'Alt' : '', e.shiftKey && letter ? 'Shift' : '']
  const key = letter ? (e.shiftKey ? e.key.toUpperCase() : e.key.toLowerCase()) : e.key === ' ' ? 'Space' : e.key
  return [...parts.filter(Boolean), key].join('+')
}

export function typing(target: EventTarget | null): boolean {
  const el = target as HTMLElement | null
  if (el instanceof HTMLInputElement && ['checkbox', 'radio', 'button', 'file'].includes(el.type)) return false
  return !!el?.closest?.('input, textarea, select, [contenteditable=true], .menu, .ant-picker, .ant-select')
}

/** One listener for all keys. The same key may stand for several actions: the first that is allowed now acts. */
export function useKeys(): void {
  useEffect(() => {
    let prefix: string | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const find = (keys: string): Action | undefined => {
      const ctx = context()
      return actions.find((a) => a.keys === keys && allowed(a, ctx))
    }
    const press = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.isComposing) return
      const pressed = stroke(e)
      const state = ui.get()
      if (e.key === 'Escape') {
        if (typing(e.target)) (e.target as HTMLElement).blur()
        else if (state.panel || state.picker || state.side) show({ panel: undefined, picker: undefined, side: false })
        else {
          const out = find('Escape')
          if (out) { e.preventDefault(); run(out, context()) }
        }
        return
      }
      if (typing(e.target) && (!pressed.startsWith('Mod+') || pressed === 'Mod+a')) return
      // what has the focus is pressed by it
      if (pressed === 'Space' && (e.target as HTMLElement).closest?.('button, a, input, [role=button], [role=menuitem]')) return
      // a list that is about to take the focus: its first letter is no shortcut
      if ((state.palette || state.keys || state.picker) && !pressed.startsWith('Mod+')) return
      const found = find(prefix ? `${prefix} ${pressed}` : pressed)
      clearTimeout(timer)
      const waits = !prefix && actions.some((a) => a.keys?.startsWith(`${pressed} `))
      prefix = undefined
      if (found) {
        e.preventDefault()
        run(found, context())
      } else if (waits) {
        prefix = pressed
        timer = setTimeout(() => (prefix = undefined), 1200)
      }
    }
    document.addEventListener('keydown', press)
    return () => {
      document.removeEventListener('keydown', press)
      clearTimeout(timer)
    }
  }, [])
}
