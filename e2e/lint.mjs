// What a glance at a screen finds, said in words: what stands outside, what is
// cut without a sign, targets too small for a thumb, the other language, raw
// keys and times.

/** Findings of the page as it stands, each with where it is. */
export function lint(page, language, width) {
  return page.evaluate(({ language, phone }) => {
    const out = new Set()
    const where = (e) => {
      const names = []
      for (let x = e; x && names.length < 3; x = x.parentElement) names.unshift(x.tagName.toLowerCase() + (typeof x.className === 'string' && x.className ? `.${x.className.trim().split(/\s+/).slice(0, 2).join('.')}` : ''))
      return names.join(' ')
    }
    const seen = (e) => {
      const r = e.getBoundingClientRect()
      return r.width > 1 && r.height > 1 && r.bottom > 0 && r.top < innerHeight && e.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    }
    const scrolls = (e) => {
      for (let x = e.parentElement; x; x = x.parentElement) if (/auto|scroll/.test(getComputedStyle(x).overflowX) && x.scrollWidth > x.clientWidth + 1) return true
      return false
    }
    if (document.documentElement.scrollWidth > innerWidth + 1) out.add(`the page scrolls sideways: ${document.documentElement.scrollWidth}`)
    for (const e of document.querySelectorAll('body *')) {
      if (!seen(e) || e.closest('svg, canvas, .hide')) continue
      const r = e.getBoundingClientRect(), s = getComputedStyle(e)
      const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join('').trim()
      if (text && (r.right > innerWidth + 1 || r.left < -1) && !scrolls(e)) out.add(`outside: ${where(e)} "${text.slice(0, 40)}"`)
      if (text && s.overflowX === 'hidden' && s.textOverflow !== 'ellipsis' && e.scrollWidth > e.clientWidth + 1 && !s.webkitLineClamp.match(/\d/)) out.add(`cut: ${where(e)} "${text.slice(0, 40)}"`)
      if (text && s.textOverflow === 'ellipsis' && e.scrollWidth > e.clientWidth + 1 && e.clientWidth < 48) out.add(`narrow: ${where(e)} ${e.clientWidth}px "${text.slice(0, 40)}"`)
      if (s.overflowY === 'hidden' && text && e.scrollHeight > e.clientHeight + 4 && !s.webkitLineClamp.match(/\d/)) out.add(`cut below: ${where(e)} "${text.slice(0, 40)}"`)
    }
    const outer = [...document.querySelectorAll('dialog[open], .pop, .ant-popover:not(.ant-popover-hidden), .menu')].filter(seen).at(-1) ?? document.body
    if (phone) for (const e of outer.querySelectorAll('button, a[href], [role=button], [role=option], [role=switch], [role=checkbox], input:not([type=hidden]):not(.hide), select')) {
      if (!seen(e) || e.closest('.hide, p, .tiptap') || e.disabled) continue
      const r = e.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2
      if (y < 24 || y > innerHeight - 24 || x < 4 || x > innerWidth - 4) continue
      const mine = (dy) => { const h = document.elementFromPoint(x, y + dy); return h && (e === h || e.contains(h) || h.contains(e) && h.matches('label, .inp, .row button, li, .ant-select, .ant-picker, [data-hit]') || h.closest('label')?.contains(e)) }
      if (!mine(0)) continue
      let high = 1
      for (const by of [1, -1]) for (let d = 1; d <= 22; d++) { if (!mine(by * d)) break; high++ }
      if (high < 39) out.add(`small: ${where(e)} ${Math.round(r.width)}×${high} "${(e.getAttribute('aria-label') ?? e.textContent ?? '').slice(0, 24)}"`)
    }
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let n = walk.nextNode(); n; n = walk.nextNode()) {
      const e = n.parentElement, text = n.data.trim()
      if (!text || !seen(e) || e.closest('script, style, kbd, code, .mono, svg')) continue
      if (/\d{4}-\d\d-\d\dT/.test(text)) out.add(`raw time: ${where(e)} "${text.slice(0, 60)}"`)
      if (/^[a-z]+([._][a-z0-9]+){1,4}$/.test(text) || /\b[a-z]+_[a-z_]+\b/.test(text) || /undefined|NaN|null\b|\[object/.test(text)) out.add(`raw key: ${where(e)} "${text.slice(0, 60)}"`)
      if (language === 'zh' && /\b[A-Za-z]{3,}\b/.test(text) && !/[\u4e00-\u9fff]/.test(text)) out.add(`English: ${where(e)} "${text.slice(0, 60)}"`)
      if (language === 'en' && /[\u4e00-\u9fff]/.test(text)) out.add(`Chinese: ${where(e)} "${text.slice(0, 60)}"`)
    }
    return [...out]
  }, { language, phone: width < 768 })
}
