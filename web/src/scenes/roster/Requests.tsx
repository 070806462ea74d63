import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { clock } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { Pop } from '~/parts/Pop'
import { ReasonForm } from '~/parts/ReasonForm'
import { EmptyState } from '~/parts/State'
import { useNow } from '~/parts/Time'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { judgeLeave, judgeSwap, leavesQuery, swapsQuery, type Progress, type Swap } from '~/stores/plan'
import { can, useMe, useNames } from '~/stores/session'
import { AskLeave } from './Ask'
import { itemText } from './Chip'
import { dayName } from './days'

const tone: Record<string, string> = { approved: 'green', refused: 'red', requested: 'amber', accepted: 'amber', withdrawn: '' }

/** Leaves and swaps that were asked for, and the word of those who decide. */
export function Requests() {
  const [what, setWhat] = useState<'leaves' | 'swaps'>('leaves')
  const [ask, setAsk] = useState(false)
  return (
    <Page title={t('roster.page.requests')} actions={<Button look="p" icon="plus" onClick={() => setAsk(true)}>{t('roster.ask')}</Button>}>
      <div className="row g8 wrap bar2"><Segmented label={t('roster.page.requests')} value={what} options={[['leaves', t('roster.leaves')], ['swaps', t('roster.swaps')]]} onChange={setWhat} /></div>
      {what === 'leaves' ? <Leaves /> : <Swaps />}
      {ask && <AskLeave close={() => setAsk(false)} />}
    </Page>
  )
}

function Leaves() {
  const [state, setState] = useState<Progress | ''>('requested')
  const query = useInfiniteQuery(leavesQuery(state))
  const now = useNow()
  const names = useNames()
  const me = useMe()
  const lead = can(me, 'roster.manage')
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <>
      <div className="row g8 wrap bar2"><Segmented label={t('delivery.state')} value={state} options={(['requested', 'approved', 'refused', ''] as const).map((s) => [s, t(s ? `roster.state.${s}` : 'delivery.all')] as const)} onChange={setState} /></div>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="calendar" title={t('roster.leaves.none')} help={t('roster.leaves.none.help')} /> : items.map((l) => (
          <div key={l.id} className="reqrow">
            <Avatar name={names.staff(l.user_id) || '?'} size="s" />
            <div className="sp"><b className="f13">{names.staff(l.user_id)}</b><span className="f13 t2">{' '}{t(`leave.kind.${l.kind}`)}{' · '}{clock(l.from, now)}{' – '}{clock(l.to, now)}</span>{(l.reason || l.answer) && <div className="f12 t3">{[l.reason, l.answer].filter(Boolean).join(' → ')}</div>}</div>
            <span className={`chip ${tone[l.state] ?? ''}`}>{t(`roster.state.${l.state}`)}</span>
            {l.state === 'requested' && lead && l.user_id !== me?.id && <Judge yes={() => void judgeLeave(l.id, 'approved')} no={(why) => void judgeLeave(l.id, 'refused', why)} />}
            {l.state === 'requested' && l.user_id === me?.id && <Button look="sm" onClick={() => void judgeLeave(l.id, 'withdrawn')}>{t('roster.withdraw')}</Button>}
          </div>
        ))}
        {query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
      </Wait>
    </>
  )
}

function Judge({ yes, no, yesText }: { yes: () => void; no: (why: string) => void; yesText?: string }) {
  return (
    <span className="row g8">
      <Button look="sm" icon="check" onClick={yes}>{yesText ?? t('roster.approve')}</Button>
      <Pop placement="bottomRight" content={(close) => <ReasonForm optional label={t('roster.refuse.why')} submit={t('roster.refuse')} onDone={(why) => { close(); no(why) }} />}><Button look="sm">{t('roster.refuse')}</Button></Pop>
    </span>
  )
}

function Swaps() {
  const query = useInfiniteQuery(swapsQuery)
  const names = useNames()
  const me = useMe()
  const lead = can(me, 'roster.manage')
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  const side = (s: Swap, mine: boolean) => `${names.staff(mine ? s.user_id : s.other_id)} ${dayName(mine ? s.day : s.other_day)} ${(mine ? s.gives : s.takes).map(itemText).join(t('common.and')) || t('roster.free')}`
  return (
    <Wait query={query}>
      {items.length === 0 ? <EmptyState icon="transfer" title={t('roster.swaps.none')} help={t('roster.swaps.none.help')} /> : items.map((s) => (
        <div key={s.id} className="reqrow">
          <div className="sp"><span className="f13">{side(s, true)}</span><span className="f13 t3">{' ⇄ '}</span><span className="f13">{side(s, false)}</span>{(s.reason || s.answer) && <div className="f12 t3">{[s.reason, s.answer].filter(Boolean).join(' → ')}</div>}</div>
          <span className={`chip ${tone[s.state] ?? ''}`}>{t(`roster.state.${s.state}`)}</span>
          {s.state === 'requested' && s.other_id === me?.id && <Judge yesText={t('roster.accept')} yes={() => void judgeSwap(s.id, 'accepted')} no={(why) => void judgeSwap(s.id, 'refused', why)} />}
          {s.state === 'accepted' && lead && s.user_id !== me?.id && s.other_id !== me?.id && <Judge yes={() => void judgeSwap(s.id, 'approved')} no={(why) => void judgeSwap(s.id, 'refused', why)} />}
          {(s.state === 'requested' || s.state === 'accepted') && s.user_id === me?.id && <Button look="sm" onClick={() => void judgeSwap(s.id, 'withdrawn')}>{t('roster.withdraw')}</Button>}
        </div>
      ))}
      {query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
    </Wait>
  )
}
