import { useEffect, useLayoutEffect, useRef, type MouseEvent } from 'react'
import { allowed, contextOf, run } from '~/actions/action'
import { action, actions } from '~/actions/registry'
import { t } from '~/i18n'
import { ChoiceList } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { createStore, useStore } from '~/stores/store'

const at = createStore<{ id: string; x: number; y: number } | undefined>(undefined)

export function openMenu(id: string, e: MouseEvent): void {
  // who marks a word of the row wants the browser's own menu
  if (e.shiftKey || getSelection()?.toString()) return
  e.preventDefault()
  at.set({ id, x: e.clientX, y: e.clientY })
}

/** What can be done to a row, from the same actions as buttons, palette and keys. */
export function RowMenu() {
  const place = useStore(at)
  const box = useRef<HTMLDivElement>(null)
  const close = () => at.set(undefined)
  useEffect(() => close, [])
  useEffect(() => {
    if (!place) return
    const before = document.activeElement as HTMLElement | null
    const away = (e: Event) => { if (!box.current?.contains(e.target as Node)) close() }
    const key = (e: KeyboardEvent) => { if (e.key === 'Escape' || e.key === 'Tab') { e.preventDefault(); e.stopPropagation(); close(); before?.focus({ preventScroll: true }) } }
    addEventListener('pointerdown', away, true)
    addEventListener('wheel', away, true)
    addEventListener('keydown', key, true)
    return () => { removeEventListener('pointerdown', away, true); removeEventListener('wheel', away, true); removeEventListener('keydown', key, true) }
  }, [place])
  useLayoutEffect(() => {
    const el = box.current
    if (!el || !place) return
    el.style.left = `${Math.max(8, Math.min(place.x, innerWidth - el.offsetWidth - 8))}px`
    el.style.top = `${Math.max(8, Math.min(place.y, innerHeight - el.offsetHeight - 8))}px`
  }, [place])
  if (!place) return null
  const ctx = contextOf(place.id)
  const choices = actions.filter((a) => a.row && allowed(a, ctx)).map((a) => ({ id: a.id, text: t(a.name), keys: a.keys, glyph: a.icon && <Icon name={a.icon} /> }))
  return (
    <div ref={box} className="ctx" onContextMenu={(e) => e.preventDefault()}>
      <ChoiceList label={t('list.menu')} choices={choices} onChoose={(id) => { close(); run(action(id), contextOf(place.id)) }} />
    </div>
  )
}
