import { useRef, useState, type KeyboardEvent } from 'react'
import { t } from '~/i18n'
import { emoji, type Emoji } from '~/i18n/emoji'
import { Icon } from '~/parts/Icon'

const RECENT = 'zhidan.emoji'
function recent(): Emoji[] {
  try {
    const signs = JSON.parse(localStorage.getItem(RECENT) ?? '[]') as string[]
    return emoji.flatMap((c) => c.list).filter((e) => signs.includes(e.sign)).toSorted((a, b) => signs.indexOf(a.sign) - signs.indexOf(b.sign))
  } catch {
    return []
  }
}

/** Search, arrows in a grid, Enter. */
export default function EmojiPicker({ onChoose }: { onChoose: (sign: string) => void }) {
  const [words, setWords] = useState('')
  const [last] = useState(recent)
  const box = useRef<HTMLDivElement>(null)
  const needle = words.trim().toLowerCase()
  const groups = needle
    ? [{ key: 'emoji.title' as const, list: emoji.flatMap((c) => c.list).filter((e) => e.words.includes(needle)) }]
    : [...(last.length ? [{ key: 'emoji.recent' as const, list: last }] : []), ...emoji]
  const choose = (sign: string) => {
    localStorage.setItem(RECENT, JSON.stringify([sign, ...last.map((e) => e.sign).filter((s) => s !== sign)].slice(0, 16)))
    onChoose(sign)
  }
  const walk = (e: KeyboardEvent) => {
    const cells = [...(box.current?.querySelectorAll<HTMLElement>('.emoji') ?? [])]
    const at = cells.indexOf(document.activeElement as HTMLElement)
    const row = 9
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row }[e.key]
    if (at < 0) {
      if (e.key === 'ArrowDown' || (e.key === 'Enter' && cells[0])) {
        e.preventDefault()
        if (e.key === 'Enter') cells[0]!.click()
        else cells[0]?.focus()
      }
      return
    }
    if (!by) return
    e.preventDefault()
    const next = cells[at + by]
    if (next) next.focus()
    else if (by < 0) box.current?.querySelector('input')?.focus()
  }
  return (
    <div className="emojis" ref={box} onKeyDown={walk}>
      <div className="q"><Icon name="search" size="s" /><input autoFocus value={words} placeholder={t('emoji.find')} aria-label={t('emoji.find')} onChange={(e) => setWords(e.target.value)} /></div>
      <div className="all">
        {groups.map((g) => (
          <section key={g.key} aria-label={t(g.key)}>
            <div className="hd2">{t(g.key)}</div>
            <div className="grid">{g.list.map((e) => <button key={e.sign} type="button" className="emoji" tabIndex={-1} title={e.words.split(' ')[0]} aria-label={e.words} onClick={() => choose(e.sign)}>{e.sign}</button>)}</div>
          </section>
        ))}
        {groups.every((g) => !g.list.length) && <p className="f12 t3">{t('emoji.none')}</p>}
      </div>
    </div>
  )
}
