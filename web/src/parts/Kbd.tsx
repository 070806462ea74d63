const mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

/** A key as printed on the reader's keyboard; `Mod` is ⌘ or Ctrl. */
export function keyText(keys: string): string {
  return keys
    .split(' ')
    .map((k) => k.split('+').map((p, _, all) => ({ Mod: mac ? '⌘' : 'Ctrl', Enter: '↵', Escape: 'Esc' })[p] ?? (all.length > 1 && p.length === 1 ? p.toUpperCase() : p)).join(mac ? '' : ' '))
    .join(' ')
}

export function Kbd({ keys }: { keys: string | undefined }) {
  return keys ? <kbd aria-hidden="true">{keyText(keys)}</kbd> : null
}
