import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Pop } from '~/parts/Pop'
import { useNow } from '~/parts/Time'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { saveSet, setQuery, setsQuery, setState, type RuleSet, type SetInfo } from '~/stores/rules'
import { can, useMe, useNames } from '~/stores/session'
import { Rules } from './Rules'
import { Shadow } from './Shadow'
import { Simulator } from './Simulator'
import { Try } from './Try'
import './routing.css'

const tabs = ['rules', 'try', 'simulate', 'shadow'] as const
type Tab = (typeof tabs)[number]

/** 派单规则: the tree, what it would have done, and what a second set does beside it. */
export function RoutingPage() {
  const { item } = useParams({ strict: false }) as { item?: string }
  const tab: Tab = tabs.find((x) => x === item) ?? 'rules'
  const navigate = useNavigate()
  const able = can(useMe(), 'routing.manage')
  const sets = useQuery(setsQuery)
  const [chosen, setChosen] = useState<number>()
  const [draft, setDraft] = useState<RuleSet>()
  const list = sets.data?.items ?? []
  const active = sets.data?.active ?? list.find((s) => s.state === 'active')?.version
  const version = chosen ?? active ?? list[0]?.version
  const query = useQuery(setQuery(version))
  const info = list.find((s) => s.version === version)
  const set = draft ?? query.data?.set
  const dirty = draft !== undefined && JSON.stringify(draft) !== JSON.stringify(query.data?.set)
  const open = (v: number) => { setDraft(undefined); setChosen(v) }
  const save = async (): Promise<number | undefined> => {
    if (!dirty || !draft) return version
    const made = await saveSet(draft)
    if (made !== undefined) open(made)
    return made
  }
  const go = (to: Tab) => void navigate({ to: '/admin/$section/$item', params: { section: 'routing', item: to } })
  return (
    <Page title={t('admin.routing')} wide actions={(
      <div className="row g8 wrap ractions">
        {info && <Versions list={list} current={info} onOpen={open} dirty={dirty} />}
        {able && dirty && <Button look="q" onClick={() => setDraft(undefined)}>{t('rules.discard')}</Button>}
        {able && dirty && <Button look="p" onClick={() => void save()}>{t('rules.save')}</Button>}
        {able && !dirty && info && info.state !== 'active' && <Button onClick={() => void setState(info.version, info.state === 'shadow' ? 'draft' : 'shadow')}>{t(info.state === 'shadow' ? 'rules.unshadow' : 'rules.shadow')}</Button>}
        {able && !dirty && info && info.state !== 'active' && <Button look="p" disabled={(query.data?.problems.length ?? 0) > 0} onClick={() => void setState(info.version, 'active', active)}>{t('rules.activate')}</Button>}
      </div>
    )}>
      <div className="rtabs"><Segmented label={t('admin.routing')} value={tab} options={tabs.map((x) => [x, t(`rules.tab.${x}`)] as const)} onChange={go} /></div>
      <Wait query={sets}>
        {tab === 'shadow' ? <Shadow shadow={sets.data?.shadow} />
          : version === undefined ? null
          : tab === 'try' ? <Wait query={query}>{set && <Try set={set} able={able} />}</Wait>
          : tab === 'simulate' ? <Simulator version={version} dirty={dirty} active={active} save={save} able={able} onOpen={open} />
          : <Wait query={query}>{set && <Rules key={version} set={set} version={version} saved={query.data?.problems ?? []} dirty={dirty} able={able} onChange={setDraft} />}</Wait>}
      </Wait>
    </Page>
  )
}

function Versions({ list, current, onOpen, dirty }: { list: SetInfo[]; current: SetInfo; onOpen: (v: number) => void; dirty: boolean }) {
  const now = useNow()
  const names = useNames()
  return (
    <Pop placement="bottomRight" content={(close) => (
      <ChoiceList search={list.length > 9} label={t('rules.versions')} choices={list.map((s) => ({ id: String(s.version), text: t('rules.version', { n: s.version, name: shipped(s.name) }), sub: [t(`rules.state.${s.state}`), clock(s.at, now), names.staff(s.author_id)].filter(Boolean).join(' · '), on: s.version === current.version }))} onChoose={(id) => { close(); onOpen(Number(id)) }} />
    )}>
      <Button chevron>{t('rules.version', { n: current.version, name: '' })}<span className={`chip ${{ active: 'green', shadow: 'pri', draft: '', past: '' }[current.state]}`}>{t(dirty ? 'rules.state.changed' : `rules.state.${current.state}`)}</span></Button>
    </Pop>
  )
}
