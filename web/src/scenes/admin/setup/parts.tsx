// What the forms of the set-up share: a name in both languages, a list that is
// put in order by hand or by keys, and how many tickets a change concerns.
import { useQuery } from '@tanstack/react-query'
import { useRef, type KeyboardEvent, type ReactNode } from 'react'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { useDrag } from '~/parts/useDrag'
import { concernedQuery } from '~/stores/setup'
import { moved } from '../sla/Policies'
import { Ask } from '../people/parts'
import './setup.css'

export interface Words { zh: string; en: string }

export function Names({ value, onChange, error, label }: { value: Words; onChange: (next: Words) => void; error?: string; label?: string }) {
  return (
    <div className="two">
      <Field label={label ? t('cfg.in.zh', { name: label }) : t('bizcal.name.zh')} required={!label} error={error}>{(p) => <input {...p} className="inp" lang="zh-CN" maxLength={100} required={!label && !value.en} value={value.zh} onChange={(e) => onChange({ ...value, zh: e.target.value })} />}</Field>
      <Field label={label ? t('cfg.in.en', { name: label }) : t('bizcal.name.en')}>{(p) => <input {...p} className="inp" lang="en" maxLength={100} value={value.en} onChange={(e) => onChange({ ...value, en: e.target.value })} />}</Field>
    </div>
  )
}

/** A key made of an English name: small letters, digits and _. */
export const keyOf = (en: string): string => en.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 64)

/** The list with things that can be put in order: dragged, or moved by the arrows on the grip. */
export function Ordered<T extends { id: string }>({ items, name, onOrder, children, disabled }: { items: T[]; name: (x: T) => string; onOrder: (ids: string[]) => void; children: (x: T, i: number) => ReactNode; disabled?: boolean }) {
  const box = useRef<HTMLDivElement>(null)
  const order = (next: T[]) => { if (next !== items) onOrder(next.map((x) => x.id)) }
  const [drag, take] = useDrag<T>((x, over, place) => order(moved(items, x.id, over, place)))
  const keys = (x: T) => (e: KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[e.key]
    if (!by) return
    e.preventDefault()
    e.stopPropagation()
    const other = items[items.indexOf(x) + by]
    if (!other) return
    order(moved(items, x.id, other.id, by < 0 ? 'before' : 'after'))
    // the grip goes along with its row
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-drop="${x.id}"] [data-grip]`)?.focus())
  }
  return (
    <div ref={box}>
      {items.map((x, i) => (
        <div key={x.id} data-drop={x.id} className={['row prow', drag?.item.id === x.id && 'dragged', drag?.over === x.id && drag.item.id !== x.id && `drop-${drag.place}`].filter(Boolean).join(' ')} onPointerDown={disabled ? undefined : take(x)}>
          <button type="button" className="grip" data-grip disabled={disabled} aria-label={t('slap.move', { name: name(x), n: i + 1 })} title={t('slap.move.help')} onKeyDown={keys(x)}><Icon name="grip" size="s" /></button>
          {children(x, i)}
        </div>
      ))}
      {drag && <div className="ghost" style={{ left: drag.x + 12, top: drag.y + 8 }}>{name(drag.item)}</div>}
    </div>
  )
}

/** How many tickets a condition finds, in words; empty while nobody knows. */
export function useConcerned(filter: string): string {
  const { data } = useQuery(concernedQuery(filter))
  return data ? `${data.count}${data.capped ? '+' : ''}` : ''
}

/** Retiring says first what it concerns; taking up again needs no question. */
export function Retire({ retired, words, act }: { retired: boolean; words: ReactNode; act: (retired: boolean) => void }) {
  if (retired) return <Button look="q lg" onClick={() => act(false)}>{t('bizcal.unretire')}</Button>
  return <Ask words={words} go={t('bizcal.retire')} act={() => act(true)}><Button look="q lg">{t('bizcal.retire')}</Button></Ask>
}

/** Save and drop, and beside them what is done to the whole thing. */
export function Foot({ fresh, dirty, drop, children }: { fresh: boolean; dirty: boolean; drop: () => void; children?: ReactNode }) {
  return (
    <div className="row g8 wrap pend">
      <Button look="p lg" type="submit" disabled={!dirty}>{t('common.save')}</Button>{!fresh && dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}<span className="sp" />{children}
    </div>
  )
}
