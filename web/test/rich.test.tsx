import { cleanup, render, screen, fireEvent } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { Marked } from '../src/parts/Marked'
import { ownImage, PlainText, RichText, safeLink } from '../src/parts/RichText'

afterEach(cleanup)

describe('message HTML', () => {
  const hostile = [
    '<script>window.hit=1</script>', '<img src=x onerror="window.hit=1">', '<a href="javascript:window.hit=1">x</a>', '<a href=" java\tscript:window.hit=1">x</a>',
    '<svg onload="window.hit=1"><script>1</script></svg>', '<iframe src="/inbox"></iframe>', '<form action="https://evil.example"><input name=p><button>ok</button></form>',
    '<style>*{display:none}</style>', '<base href="https://evil.example/">', '<p style="position:fixed;inset:0" class="panel" id="root" onclick="hit()">x</p>', '<math><mtext></mtext><img src=x onerror=hit()></math>',
    '<template><img src=x onerror=hit()></template>', '<meta http-equiv=refresh content="0;url=https://evil.example">',
  ]
  it.each(hostile)('keeps nothing that acts: %s', (html) => {
    const { container } = render(<RichText html={`<p>before</p>${html}`} />)
    expect(container.querySelector('script,iframe,form,input,style,base,svg,object,embed,meta,link')).toBeNull()
    for (const el of container.querySelectorAll('.rich *')) {
      for (const a of el.attributes) expect(a.name.startsWith('on') || a.name === 'style' || a.name === 'id', a.name).toBe(false)
      expect(el.getAttribute('href') ?? 'https:').toMatch(/^(https?:|mailto:|tel:)/)
    }
    expect(container.textContent).toContain('before')
  })
  it('holds outside images back until somebody asks for them', () => {
    const { container } = render(<RichText html='<p>a<img src="https://tracker.example/p.png"><img src="/api/v1/attachments/1"></p>' />)
    expect([...container.querySelectorAll('img')].map((i) => i.getAttribute('src'))).toEqual(['/api/v1/attachments/1'])
    fireEvent.click(screen.getByRole('button'))
    expect(container.querySelectorAll('img')).toHaveLength(2)
    expect(container.querySelector('img')!.getAttribute('referrerpolicy')).toBe('no-referrer')
  })
  it('survives very deep nesting without losing words', () => {
    const { container } = render(<RichText html={`${'<div>'.repeat(500)}deep${'</div>'.repeat(500)}`} />)
    expect(container.textContent).toContain('deep')
  })
  it('knows which addresses are safe', () => {
    expect(safeLink('data:text/html,x')).toBeUndefined()
    expect(safeLink('/relative')).toBeUndefined()
    expect(safeLink('mailto:a@example.com')).toBe('mailto:a@example.com')
    expect(ownImage('//evil.example/x.png')).toBe(false)
    expect(ownImage('/\\evil.example/x.png')).toBe(false)
  })
})

describe('plain text', () => {
  it('links addresses, not the punctuation behind them, and only known names', () => {
    const { container } = render(<PlainText text="见 https://example.com/a?b=1。@李晓雯 请看 @路人" mentions={['李晓雯']} />)
    expect(container.querySelector('a')!.getAttribute('href')).toBe('https://example.com/a?b=1')
    expect([...container.querySelectorAll('.pri')].map((e) => e.textContent)).toEqual(['@李晓雯'])
  })
  it('shows highlights as marks and everything else as text', () => {
    const { container } = render(<Marked html="a &lt;b&gt; <mark>冰箱</mark> <img src=x>" />)
    expect(container.querySelectorAll('mark')).toHaveLength(1)
    expect(container.querySelector('img')).toBeNull()
    expect(container.textContent).toBe('a <b> 冰箱 <img src=x>')
  })
})
