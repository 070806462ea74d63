// The one list to choose from: menus, pickers and the lists that a key opens.
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { t } from '~/i18n'
import { fuzzy } from '~/actions/fuzzy'
import { Icon } from './Icon'
import { Kbd } from './Kbd'

export interface Choice {
  id: string
  text: string
  sub?: string
  glyph?: ReactNode
  keys?: string
  group?: string
  disabled?: boolean
  danger?: boolean
  on?: boolean
}

export function ChoiceList({ choices, onChoose, search, hint, label, multiple, onType, footer, empty }: {
  choices: Choice[]
  onChoose: (id: string) => void
  search?: boolean
  hint?: string
  label: string
  multiple?: boolean
  /** Words go to the caller, who searches elsewhere; the list is then shown as given. */
  onType?: (words: string) => void
  footer?: ReactNode
  empty?: string
}) {
  const [words, setWords] = useState('')
  const [at, setAt] = useState(() => Math.max(0, choices.findIndex((c) => c.on && !multiple)))
  const box = useRef<HTMLDivElement>(null)
  const id = useId()
  const shown = useMemo(() => (words && !onType ? fuzzy(words, choices, (c) => `${c.text} ${c.sub ?? ''}`) : choices), [words, choices, onType])
  useEffect(() => {
    const first = box.current?.querySelector<HTMLElement>(search ? 'input' : '[role=listbox]')
    const frame = requestAnimationFrame(() => first?.focus({ preventScroll: true }))
    return () => cancelAnimationFrame(frame)
  }, [search])
  useEffect(() => {
    box.current?.querySelector('.it.on')?.scrollIntoView({ block: 'nearest' })
  }, [at, shown])

  const press = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key] ?? (!search ? { j: 1, k: -1 }[e.key] : undefined)
    if (step) {
      e.preventDefault()
      setAt((i) => (shown.length ? (i + step + shown.length) % shown.length : 0))
    } else if (e.key === 'Enter') {
      e.preventDefault()
      const choice = shown[at]
      if (choice && !choice.disabled) onChoose(choice.id)
    } else if (!search && /^[1-9]$/.test(e.key)) {
      const choice = shown[Number(e.key) - 1]
      if (choice && !choice.disabled) onChoose(choice.id)
    }
  }

  let group: string | undefined
  return (
    <div className="menu" ref={box} onKeyDown={press}>
      {search && (
        <div className="q">
          <Icon name="search" size="s" />
          <input
            value={words}
            placeholder={hint ?? t('common.search')}
            aria-label={hint ?? t('common.search')}
            role="combobox"
            aria-expanded="true"
            aria-controls={id}
            aria-activedescendant={shown[at] ? `${id}-${at}` : undefined}
            onChange={(e) => {
              setWords(e.target.value)
              setAt(0)
              onType?.(e.target.value)
            }}
          />
        </div>
      )}
      <div role="listbox" id={id} aria-label={label} aria-multiselectable={multiple} tabIndex={search ? -1 : 0} style={{ outline: 'none' }} aria-activedescendant={shown[at] ? `${id}-${at}` : undefined}>
        {shown.map((c, i) => {
          const head = c.group !== group && c.group
          group = c.group
          return (
            <div key={c.id}>
              {head && <div className="hd2">{head}</div>}
              <div
                id={`${id}-${i}`}
                role="option"
                aria-selected={c.on ?? false}
                aria-disabled={c.disabled}
                className={`it${i === at ? ' on' : ''}${c.danger ? ' red' : ''}`}
                onMouseMove={() => i !== at && setAt(i)}
                onClick={() => !c.disabled && onChoose(c.id)}
              >
                {c.glyph}
                <span className="sp said2"><span className="ell">{c.text}</span>{c.sub && <span className="sub ell">{' · '}{c.sub}</span>}</span>
                {c.on && <Icon name="check" size="s" />}
                <Kbd keys={c.keys} />
              </div>
            </div>
          )
        })}
        {shown.length === 0 && <div className="hd2">{empty ?? t('choice.empty')}</div>}
      </div>
      {footer}
    </div>
  )
}
