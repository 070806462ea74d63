import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Cue, RiskList, RiskLists } from '~/api/types'
import { messages, t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { riskListsQuery, saveRiskLists } from '~/stores/intelligence'
import { Find, Page, Segmented, Switch, useManager, Wait } from './frame'

const kindName = (kind: string): string => (kind === 'none' ? t('risk.harmless') : `risk.${kind}` in messages() ? t(`risk.${kind}` as Key) : kind)
const SHOWN = 200

/** Words that sound an alarm, by what they threaten; a tenant adds its own and quiets shipped ones. */
export function RiskListsPage() {
  const query = useQuery(riskListsQuery)
  const able = useManager()
  const [kind, setKind] = useState('safety')
  const [words, setWords] = useState('')
  const lists = query.data
  const list = lists?.lists.find((l) => l.kind === kind) ?? lists?.lists[0]
  const change = (cues: Cue[]) => lists && list && void saveRiskLists({ ...lists, lists: lists.lists.map((l): RiskList => (l.kind === list.kind ? { ...l, cues } : l)) } as RiskLists, lists)
  const wanted = words.trim().toLowerCase()
  const shown = (list?.cues ?? []).filter((c) => !wanted || c.text.toLowerCase().includes(wanted))
  return (
    <Page title={t('studio.risk')} help={t('risk.help')} wide>
      <Wait query={query}>
        {lists && list && (
          <div className="halves">
            <nav className="picklist" aria-label={t('studio.risk')}>
              {lists.lists.map((l) => <button key={l.kind} type="button" aria-current={l.kind === list.kind ? 'true' : undefined} className={l.kind === list.kind ? 'on' : undefined} onClick={() => setKind(l.kind)}><span className="ell sp">{kindName(l.kind)}</span><span className="t3 f12">{l.cues.filter((c) => !c.off).length}</span></button>)}
            </nav>
            <div className="detail">
              <h2 className="h2">{kindName(list.kind)}</h2>
              <p className="f13 t2 lead">{t(`risk.effect.${list.kind}` in messages() ? (`risk.effect.${list.kind}` as Key) : 'risk.effect')}</p>
              {able && <AddCue existing={list.cues} onAdd={(cue) => change([cue, ...list.cues])} plain={list.kind === 'none'} />}
              <Find value={words} label={t('risk.find')} onChange={setWords} />
              {shown.length === 0 ? <EmptyState icon="search" title={t(wanted ? 'risk.empty.search' : 'risk.empty')} help={t('risk.empty.help')} /> : (
                <ul className="cues">
                  {shown.slice(0, SHOWN).map((c) => {
                    const set = (part: Partial<Cue>) => change(list.cues.map((x) => (x.text === c.text ? { ...x, ...part } : x)))
                    return (
                      <li key={c.text} className={c.off ? 'cue off' : 'cue'}>
                        <span className="sp ell">{c.text}{c.own && <span className="chip">{t('risk.own')}</span>}</span>
                        {list.kind !== 'none' && <Segmented label={t('risk.severity.of', { text: c.text })} value={String(c.severity)} options={[['1', t('risk.severity.1')], ['2', t('risk.severity.2')], ['3', t('risk.severity.3')]]} onChange={(v) => able && set({ severity: Number(v) })} />}
                        {c.own ? <IconButton icon="close" small label={t('risk.remove', { text: c.text })} disabled={!able} onClick={() => change(list.cues.filter((x) => x.text !== c.text))} /> : <Switch on={!c.off} label={t('risk.use', { text: c.text })} disabled={!able} onChange={(on) => set({ off: !on })} />}
                      </li>
                    )
                  })}
                </ul>
              )}
              {shown.length > SHOWN && <p className="f12 t3">{t('risk.more', { n: shown.length - SHOWN })}</p>}
            </div>
          </div>
        )}
      </Wait>
    </Page>
  )
}

function AddCue({ existing, onAdd, plain }: { existing: Cue[]; onAdd: (c: Cue) => void; plain: boolean }) {
  const [text, setText] = useState('')
  const [severity, setSeverity] = useState('2')
  const there = existing.some((c) => c.text === text.trim())
  const submit = (e: FormEvent) => {
    e.preventDefault()
    if (!text.trim() || there) return
    onAdd({ text: text.trim(), severity: Number(severity), own: true, off: false })
    setText('')
  }
  return (
    <form className="row g8 wrap addcue" onSubmit={submit}>
      <input className="inp sp" maxLength={64} value={text} placeholder={t('risk.add.hint')} aria-label={t('risk.add.hint')} aria-invalid={there || undefined} onChange={(e) => setText(e.target.value)} />
      {!plain && <Segmented label={t('risk.severity')} value={severity} options={[['1', t('risk.severity.1')], ['2', t('risk.severity.2')], ['3', t('risk.severity.3')]]} onChange={setSeverity} />}
      <Button look="lg" type="submit" disabled={!text.trim() || there}>{t('risk.add')}</Button>
      {there && <span className="f12 red">{t('risk.there')}</span>}
    </form>
  )
}
