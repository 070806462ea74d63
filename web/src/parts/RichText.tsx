// Mail and chat HTML as React nodes through an allow-list. The server has
// sanitised it already; this is the second lock: nothing but the elements below
// is ever made, no attribute passes except a checked link, and images from
// outside wait for a click.
import { createElement, Fragment, useMemo, useState, type ReactNode } from 'react'
import { t } from '~/i18n'
import { Button } from './Button'

const inline = new Set(['a', 'b', 'strong', 'i', 'em', 'u', 's', 'del', 'code', 'sub', 'sup', 'span', 'small', 'mark', 'br'])
const block = new Set(['p', 'div', 'ul', 'ol', 'li', 'pre', 'blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'table', 'thead', 'tbody', 'tr', 'td', 'th'])
const dropped = new Set(['script', 'style', 'head', 'title', 'template', 'noscript', 'iframe', 'object', 'embed', 'svg', 'math', 'form', 'input', 'button', 'textarea', 'select', 'link', 'meta', 'base'])
const rename: Record<string, string> = { h1: 'h4', h2: 'h4', h3: 'h4', h5: 'h4', h6: 'h4', b: 'strong', mark: 'span' }
const MAX_DEPTH = 60

export function safeLink(href: string | null): string | undefined {
  if (!href) return undefined
  try {
    const url = new URL(href, 'https://invalid.example')
    if (url.hostname === 'invalid.example') return undefined
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(url.protocol) ? url.href : undefined
  } catch {
    return undefined
  }
}

/** Ours: a path on this origin, or a small picture inside the message itself. */
export function ownImage(src: string | null): boolean {
  return !!src && (/^\/(?![/\\])/.test(src) || /^data:image\/(png|jpeg|gif|webp);base64,/.test(src))
}

function outside(src: string | null): boolean {
  return !!src && /^https?:\/\//i.test(src)
}

export function RichText({ html }: { html: string }) {
  const [images, setImages] = useState(false)
  const { nodes, blocked } = useMemo(() => render(html, images), [html, images])
  return (
    <div className="rich">
      {nodes}
      {blocked > 0 && <div className="blocked row g8 f12 t2">{t('message.blocked', { n: blocked })}<Button look="sm" onClick={() => setImages(true)}>{t('message.showImages')}</Button></div>}
    </div>
  )
}

function render(html: string, images: boolean): { nodes: ReactNode; blocked: number } {
  const body = new DOMParser().parseFromString(html, 'text/html').body
  let blocked = 0
  const children = (node: Node, depth: number): ReactNode[] => [...node.childNodes].map((child, i) => <Fragment key={i}>{convert(child, depth + 1)}</Fragment>)
  const convert = (node: Node, depth: number): ReactNode => {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent
    if (!(node instanceof Element)) return null
    const name = node.tagName.toLowerCase()
    if (dropped.has(name)) return null
    if (depth > MAX_DEPTH) return node.textContent
    if (name === 'img') {
      const src = node.getAttribute('src')
      const alt = node.getAttribute('alt') ?? ''
      if (ownImage(src) || (images && outside(src))) return <img src={src!} alt={alt} loading="lazy" referrerPolicy="no-referrer" />
      if (outside(src)) blocked++
      return alt ? <span className="t3">{`[${alt}]`}</span> : null
    }
    if (name === 'a') {
      const href = safeLink(node.getAttribute('href'))
      return href ? <a className="link" href={href} target="_blank" rel="noopener noreferrer nofollow">{children(node, depth)}</a> : <span>{children(node, depth)}</span>
    }
    if (name === 'blockquote') return <Quote>{children(node, depth)}</Quote>
    if (name === 'br' || name === 'hr') return createElement(name)
    if (name === 'table') return <div className="scroll-x"><table>{children(node, depth)}</table></div>
    if (inline.has(name) || block.has(name)) return createElement(rename[name] ?? name, null, ...children(node, depth))
    return children(node, depth)
  }
  return { nodes: children(body, 0), blocked }
}

/** What the writer only quoted stays folded. */
function Quote({ children }: { children: ReactNode }) {
  return (
    <details className="quote">
      <summary>{t('message.quote')}</summary>
      <blockquote>{children}</blockquote>
    </details>
  )
}

const pattern = /(https?:\/\/[^\s<>"'，。；！？、（）“”]+|@[\p{L}\p{N}·’]+)/gu

/** Plain text with its links and mentions. */
export function PlainText({ text, mentions }: { text: string; mentions?: string[] }) {
  return (
    <div className="plain">
      {text.split(pattern).map((part, i) => {
        if (part.startsWith('http')) {
          const href = safeLink(part)
          return href ? <a key={i} className="link" href={href} target="_blank" rel="noopener noreferrer nofollow">{part}</a> : part
        }
        const name = part.startsWith('@') ? mentions?.find((m) => part.slice(1).startsWith(m)) : undefined
        return name ? <Fragment key={i}><span className="pri">{`@${name}`}</span>{part.slice(1 + name.length)}</Fragment> : part
      })}
    </div>
  )
}
