import { createStore, useStore } from '~/stores/store'

export interface Face { hue?: number; initials?: string }
/** What people have chosen to be drawn as, by name. */
export const faces = createStore<ReadonlyMap<string, Face>>(new Map())

/** Person by one character; the hue only tells people apart. */
export function Avatar({ name, size, title }: { name: string; size?: 's' | 'l' | 'xl'; title?: string }) {
  const face = useStore(faces, (all) => all.get(name))
  let hash = 0
  for (const c of name) hash = (hash * 31 + c.codePointAt(0)!) >>> 0
  return (
    <span className={`av a${face?.hue ?? (hash % 6) + 1}${size ? ` ${size}` : ''}`} title={title} aria-hidden="true">
      {face?.initials || initial(name)}
    </span>
  )
}

function initial(name: string): string {
  return ([...name.trim()][0] ?? '?').toLocaleUpperCase()
}
