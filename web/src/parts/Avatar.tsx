/** Person by one character; the hue only tells people apart. */
export function Avatar({ name, size, title }: { name: string; size?: 's' | 'l' | 'xl'; title?: string }) {
  let hash = 0
  for (const c of name) hash = (hash * 31 + c.codePointAt(0)!) >>> 0
  return (
    <span className={`av a${(hash % 6) + 1}${size ? ` ${size}` : ''}`} title={title} aria-hidden="true">
      {initial(name)}
    </span>
  )
}

function initial(name: string): string {
  return ([...name.trim()][0] ?? '?').toLocaleUpperCase()
}
