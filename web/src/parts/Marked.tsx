import { Fragment } from 'react'

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#34': '"', apos: "'" }
const plain = (s: string): string => s.replace(/&(#?\w+);/g, (all, name: string) => entities[name] ?? all)

/** Search highlights: escaped text in which only <mark> is markup. Anything else stays visible text. */
export function Marked({ html }: { html: string }) {
  return (
    <>
      {html.split(/(<mark>[\s\S]*?<\/mark>)/g).map((part, i) =>
        part.startsWith('<mark>') ? <mark key={i}>{plain(part.slice(6, -7))}</mark> : <Fragment key={i}>{plain(part)}</Fragment>,
      )}
    </>
  )
}
