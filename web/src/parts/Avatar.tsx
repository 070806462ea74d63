import { useState } from 'react'
import { createStore, useStore } from '~/stores/store'

export interface Face { hue?: number; initials?: string; picture?: string }
/** What people have chosen to be drawn as, by name. */
export const faces = createStore<ReadonlyMap<string, Face>>(new Map())

/** A person by their picture, or by one character; the hue only tells people apart. Customers have no face of their own. */
export function Avatar({ name, size, title, customer }: { name: string; size?: 's' | 'l' | 'xl'; title?: string; customer?: boolean }) {
  const face = useStore(faces, (all) => (customer ? undefined : all.get(name)))
  const [broken, setBroken] = useState<string>()
  let hash = 0
  for (const c of name) hash = (hash * 31 + c.codePointAt(0)!) >>> 0
  return (
    <span className={`av a${face?.hue ?? (hash % 6) + 1}${size ? ` ${size}` : ''}`} title={title} aria-hidden="true">
      {face?.picture && face.picture !== broken ? <img src={face.picture} alt="" draggable={false} onError={() => setBroken(face.picture)} /> : face?.initials || initial(name)}
    </span>
  )
}

function initial(name: string): string {
  return ([...name.trim()][0] ?? '?').toLocaleUpperCase()
}
