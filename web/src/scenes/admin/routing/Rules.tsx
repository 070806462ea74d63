import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Button, IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { useDrag } from '~/parts/useDrag'
import { checkRules, type RuleCheck, type RuleProblem, type RuleSet } from '~/stores/rules'
import { say } from '~/stores/toast'
import { RuleForm } from './RuleForm'
import { SetForm } from './SetForm'
import { atOf, countOf, flat, insert, keyOf, MAX_DEPTH, move, pathOf, put, remove, ruleAt, same, shift, type At } from './tree'

const MAX = 200

/** The tree of rules left, the one that is open right. The first that fits counts at each level; what it leaves empty it has from above. */
export function Rules({ set, saved, dirty, able, onChange }: { set: RuleSet; version: number; saved: RuleProblem[]; dirty: boolean; able: boolean; onChange: (set: RuleSet) => void }) {
  const [at, setAt] = useState<At>([0])
  const [check, setCheck] = useState<RuleCheck>()
  const problems = (dirty && check?.problems) || saved
  const tree = useRef<HTMLDivElement>(null)
  const body = JSON.stringify(set)
  useEffect(() => {
    if (!able) return // only who may change rules may try them
    const timer = setTimeout(() => void checkRules(set).then(setCheck, () => undefined), dirty ? 500 : 0)
    return () => clearTimeout(timer)
    // what is checked is what is there, not which object holds it
  }, [body, dirty, able])
  const got = new Map(check?.matches.map((m) => [m.path.join('\n'), m.tickets]))
  const named = (at: At): string => at.map((_, i) => ruleAt(set.rules, at.slice(0, i + 1))?.name ?? '').join('\n')
  const rows = flat(set.rules)
  const open = at.length ? ruleAt(set.rules, at) : undefined
  const troubled = (path: string) => problems.filter((p) => p.path.startsWith(path) && !/^\.rules\[/.test(p.path.slice(path.length)))
  const change = (next: { set: RuleSet; at: At } | undefined) => {
    if (!able || !next) return
    onChange(next.set)
    setAt(next.at)
  }
  const [drag, take] = useDrag<At>((source, over, place) => change(move(set, source, atOf(over), place)))
  const add = (into: At) => {
    if (countOf(set.rules) >= MAX) return
    change({ set: insert(set, into, { name: t('rules.new') }), at: into })
    setTimeout(() => document.querySelector<HTMLInputElement>('[data-rule-name]')?.select(), 50)
  }
  const drop = () => {
    if (!open) return
    const before = set
    change({ set: remove(set, at), at: at.at(-1)! > 0 ? [...at.slice(0, -1), at.at(-1)! - 1] : at.slice(0, -1) })
    say(t('rules.said.removed', { name: shipped(open.name) }), { undo: () => { onChange(before); setAt(at) } })
  }
  const press = (e: KeyboardEvent) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[e.key]
    const i = rows.findIndex((r) => same(r.at, at))
    if (e.altKey) {
      const way = ({ ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'out', ArrowRight: 'in' } as const)[e.key]
      if (!way) return
      change(shift(set, at, way))
    } else if (step) setAt(rows[Math.min(rows.length - 1, Math.max(0, i + step))]?.at ?? [0])
    else if (e.key === 'ArrowLeft' && at.length > 1) setAt(at.slice(0, -1))
    else if (e.key === 'ArrowRight' && open?.rules?.length) setAt([...at, 0])
    else if (e.key === 'Delete' || e.key === 'Backspace') drop()
    else if (e.key === 'Enter') document.querySelector<HTMLInputElement>('[data-rule-name]')?.focus()
    else return
    e.preventDefault()
    e.stopPropagation()
    setTimeout(() => tree.current?.querySelector<HTMLElement>('.on')?.scrollIntoView({ block: 'nearest' }))
  }
  return (
    <div className="halves with-tree">
      <div className="picklist rtree">
        <button type="button" className={at.length === 0 ? 'on' : undefined} onClick={() => setAt([])}><span className="sp ell">{t('rules.set')}</span>{troubled('').some((p) => !p.path.startsWith('rules')) && <Icon name="warn" size="s" label={t('rules.problem')} />}</button>
        <div className="row sec"><span className="sp">{t('rules.tree')}</span><span className="f12 t3">{`${rows.length} / ${MAX}`}</span></div>
        {rows.length === 0 && <p className="f12 t3" style={{ padding: '4px 8px' }}>{t('rules.empty')}</p>}
        <div role="tree" aria-label={t('rules.tree')} tabIndex={0} ref={tree} aria-activedescendant={open ? `rule-${keyOf(at)}` : undefined} onKeyDown={press}>
          {rows.map(({ at: place, rule }) => {
            const bad = troubled(pathOf(place)).length > 0
            const key = keyOf(place)
            return (
              <div key={key} id={`rule-${key}`} role="treeitem" aria-level={place.length} aria-selected={same(place, at)} data-drop={key} onPointerDown={able ? take(place) : undefined} onClick={() => setAt(place)}
                className={['rnode', same(place, at) && 'on', rule.off && 'off', drag?.over === key && `drop-${drag.place}`, drag && same(drag.item, place) && 'gone'].filter(Boolean).join(' ')} style={{ paddingLeft: 8 + (place.length - 1) * 18 }}>
                <span className="dr" data-grip="" aria-hidden="true"><Icon name="grip" size="s" /></span>
                <span className="sp ell">{shipped(rule.name)}</span>
                {!!got.get(named(place)) && <span className="f12 t3 nw" title={t('rules.got', { n: got.get(named(place))!, all: check!.looked_at })}>{got.get(named(place))}</span>}
                {bad && <span className="red"><Icon name="warn" size="s" label={t('rules.problem')} /></span>}
                {rule.response && rule.response !== 'standard' && <i className={`rdot ${rule.response}`} title={t(`response.${rule.response}`)} />}
              </div>
            )
          })}
        </div>
        {able && (
          <div className="row g4 wrap rtools">
            <Button look="sm" icon="plus" onClick={() => add(at.length ? [...at.slice(0, -1), at.at(-1)! + 1] : [set.rules.length])}>{t('rules.add')}</Button>
            <Button look="sm" disabled={!open || at.length >= MAX_DEPTH} onClick={() => add([...at, open?.rules?.length ?? 0])}>{t('rules.addUnder')}</Button>
            <IconButton small icon="up" label={t('rules.up')} keys="Alt+↑" disabled={!open} onClick={() => change(shift(set, at, 'up'))} />
            <IconButton small icon="down" label={t('rules.down')} keys="Alt+↓" disabled={!open} onClick={() => change(shift(set, at, 'down'))} />
            <IconButton small icon="left" label={t('rules.out')} keys="Alt+←" disabled={at.length < 2} onClick={() => change(shift(set, at, 'out'))} />
            <IconButton small icon="right" label={t('rules.in')} keys="Alt+→" disabled={!open || at.at(-1) === 0} onClick={() => change(shift(set, at, 'in'))} />
            <IconButton small icon="close" label={t('rules.remove')} disabled={!open} onClick={drop} />
          </div>
        )}
        {check && check.looked_at > 0 && <p className="f12 t2 rhelp" role="status">{t('rules.looked', { n: check.looked_at, unwanted: check.unwanted })}</p>}
        <p className="f12 t3 rhelp">{t('rules.help')}</p>
      </div>
      <div className="detail">
        {open ? <RuleForm key={keyOf(at)} set={set} at={at} rule={open} problems={troubled(pathOf(at))} able={able} onChange={(part) => onChange(put(set, at, part))} />
          : at.length === 0 ? <SetForm set={set} problems={troubled('')} able={able} onChange={(part) => onChange({ ...set, ...part })} />
          : <EmptyState icon="route" title={t('rules.pick')} />}
      </div>
      {drag && <div className="ghost" style={{ left: drag.x + 12, top: drag.y + 8 }}>{shipped(ruleAt(set.rules, drag.item)?.name ?? '')}</div>}
    </div>
  )
}
