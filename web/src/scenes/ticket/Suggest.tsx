import { Link } from '@tanstack/react-router'
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Icon } from '~/parts/Icon'
import type { Suggesting } from './useSuggest'

/** The list above the field: the focus stays in the text, arrows and Enter choose. */
export function Suggest({ s }: { s: Suggesting }) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const open = s.token !== undefined
  useEffect(() => {
    const field = box.current?.parentElement?.querySelector('[role=textbox], textarea')
    if (!field || !open) return
    field.setAttribute('aria-controls', id)
    field.setAttribute('aria-autocomplete', 'list')
    if (s.items.length) field.setAttribute('aria-activedescendant', `${id}-${s.at}`)
    return () => ['aria-controls', 'aria-autocomplete', 'aria-activedescendant'].forEach((a) => field.removeAttribute(a))
  }, [open, id, s.at, s.items.length])
  useEffect(() => {
    box.current?.querySelector('.it.on')?.scrollIntoView({ block: 'nearest' })
  }, [s.at, s.items])
  if (!open) return null
  const row = (i: number, key: string, inner: ReactNode) => (
    <div key={key} id={`${id}-${i}`} role="option" aria-selected={i === s.at} className={i === s.at ? 'it on' : 'it'} onMouseMove={() => i !== s.at && s.move(i)} onMouseDown={(e) => { e.preventDefault(); s.choose(i) }}>{inner}</div>
  )
  return (
    <div className="suggest" ref={box}>
      <div role="listbox" id={id} aria-label={t(s.token!.kind === 'quick' ? 'suggest.quick' : 'suggest.people')}>
        {s.items.map((x, i) => x.quick
          ? row(i, x.quick.id, <><span className="sp q"><span className="row g8"><span className="ell">{x.quick.name}</span>{x.quick.shortcut && <span className="key">{`/${x.quick.shortcut}`}</span>}</span><span className="sub ell">{x.quick.text}</span></span>{x.quick.scope === 'own' && <span className="sub nw">{t('quick.mine')}</span>}</>)
          : row(i, x.who!.id, <>{x.who!.team === undefined ? <Avatar name={x.who!.name} size="s" /> : <Icon name="people" />}<span className="sp ell">{x.who!.name}</span>{x.who!.team !== undefined && <span className="sub nw">{t('suggest.team', { n: x.who!.team })}</span>}</>))}
      </div>
      {s.items.length === 0 && <div className="none f12 t3">{t(s.loading ? 'common.loading' : 'suggest.none')}</div>}
      {s.token!.kind === 'quick' && <div className="sfoot"><Link className="link f12" to="/admin/$section" params={{ section: 'quick-replies' }} onMouseDown={(e) => e.preventDefault()}>{t('suggest.make')}</Link></div>}
      <span className="hide" role="status">{t('suggest.count', { n: s.items.length })}</span>
    </div>
  )
}
