import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useRef, type PointerEvent } from 'react'
import { useNavigate } from '@tanstack/react-router'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { exact } from '~/i18n/format'
import { Avatar } from '~/parts/Avatar'
import { IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { channelName, PriorityBars } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { stateName } from '~/stores/roster'
import { assignTo, type Carrier, type Waiting } from '~/stores/routing'
import { span, useSecond } from '~/stores/second'
import { useNames } from '~/stores/session'
import { relaxName } from '~/scenes/ticket/routeWords'
import { room } from './Agents'

interface Props {
  query: { error: unknown; isPending: boolean; refetch: () => unknown; hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
  items: Waiting[]; count: number; chosen?: string; onChoose: (id: string) => void
  take: (w: Waiting) => (e: PointerEvent) => void; taken?: string
  agents: Carrier[]; assigning: boolean; setAssigning: (on: boolean) => void
}

/** 待分配: in the order in which they are given away. Dragged onto a person, or chosen and given by `a`. */
export function WaitingList({ query, items, count, chosen, onChoose, take, taken, agents, assigning, setAssigning}: Props) {
  const scroll = useRef<HTMLDivElement>(null)
  const phone = typeof matchMedia !== 'undefined' && matchMedia('(max-width:767px)').matches
  const getItemKey = useCallback((i: number) => items[i]!.ticket_id, [items])
  const rows = useVirtualizer({ count: items.length, getScrollElement: () => scroll.current, estimateSize: () => (phone ? 72 : 56), overscan: 10, getItemKey })
  const at = items.findIndex((w) => w.ticket_id === chosen)
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' })
  }, [at, rows])
  const drawn = rows.getVirtualItems()
  const last = drawn.at(-1)?.index ?? 0
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= items.length - 20) fetchNextPage()
  }, [last, items.length, hasNextPage, isFetchingNextPage, fetchNextPage])
  return (
    <section className="qq" aria-label={t('queue.waiting')}>
      <div className="qh not-phone"><b>{t('queue.waiting')}</b><span className="t3">{count}</span><span className="sp" /><span className="f12 t3 ell">{t('queue.order')}</span></div>
      {query.error && !items.length ? <FailedState error={query.error} retry={() => void query.refetch()} />
        : query.isPending ? <div aria-busy="true" style={{ padding: 24, display: 'grid', gap: 20 }}>{[80, 60, 70, 55].map((w) => <Skeleton key={w} width={`${w}%`} height={14} />)}</div>
        : items.length === 0 ? <EmptyState icon="check" title={t('queue.none')} help={t('queue.none.help')} />
        : (
          <div className="rows" ref={scroll}>
            <div role="list" aria-label={t('queue.waiting')} tabIndex={0} style={{ height: rows.getTotalSize(), position: 'relative' }}>
              {drawn.map((v) => {
                const w = items[v.index]!
                return (
                  <div key={v.key} id={`wait-${w.ticket_id}`} role="listitem" aria-current={w.ticket_id === chosen || undefined} aria-posinset={v.index + 1} aria-setsize={hasNextPage ? -1 : items.length} style={{ position: 'absolute', left: 0, right: 0, top: 0, height: v.size, transform: `translateY(${v.start}px)` }}>
                    <Row w={w} place={v.index + 1} on={w.ticket_id === chosen} gone={w.ticket_id === taken} onChoose={onChoose} take={take} agents={agents} assigning={assigning && w.ticket_id === chosen} setAssigning={setAssigning} />
                  </div>
                )
              })}
            </div>
          </div>
        )}
    </section>
  )
}

function Row({ w, place, on, gone, onChoose, take, agents, assigning, setAssigning }: { w: Waiting; place: number; on: boolean; gone: boolean } & Pick<Props, 'onChoose' | 'take' | 'agents' | 'assigning' | 'setAssigning'>) {
  const now = useSecond()
  const names = useNames()
  const navigate = useNavigate()
  const left = w.due_at ? Date.parse(w.due_at) - now : undefined
  const tone = left === undefined ? undefined : left < 0 ? 'red' : left < 3_600_000 ? 'amber' : undefined
  const asks = [channelName(w.channel), names.team(w.team_id), shipped(w.path.at(-1) ?? '')].filter(Boolean).join(' · ')
  const relaxed = w.relaxed.at(-1)
  // whoever is chosen by hand need not be of the team
  const others = assigning ? names.config.staff.filter((s) => s.active && !agents.some((a) => a.id === s.id)) : []
  return (
    <div className={['qi', on && 'on', gone && 'gone'].filter(Boolean).join(' ')} onPointerDown={take(w)} onClick={() => onChoose(w.ticket_id)} onDoubleClick={() => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket: w.ticket_id }, search: {} })}>
      <span className="dr" data-grip="" aria-hidden="true"><Icon name="grip" /></span>
      <PriorityBars priority={w.priority} />
      <div className="ell"><span className="ell qt">{w.subject || t('ticket.noSubject')}</span><div className="l2 ell">{w.number}{asks && ` · ${asks}`}</div></div>
      <div className="w">
        <span className={tone} title={w.due_at ? t('queue.due', { at: exact(w.due_at) }) : exact(w.waiting_since)}>{span(now - Date.parse(w.waiting_since))}</span>
        <small>{w.state === 'offered' ? t('queue.offeredTo', { name: names.staff(w.agent_id) }) : relaxed ? (relaxed.startsWith('overflow:') ? relaxName(relaxed, names.team) : t('queue.relaxed', { what: relaxName(relaxed, names.team) })) : t('queue.place', { n: place })}</small>
      </div>
      <Pop open={assigning} onOpen={setAssigning} placement="rightTop" content={(close) => (
        <ChoiceList search hint={t('assign.hint')} label={t('action.assign')} choices={[...agents.map((a) => ({ id: a.id, text: a.name, sub: [stateName(a.state), room(a)].join(' · '), glyph: <Avatar name={a.name} size="s" /> })), ...others.map((s) => ({ id: s.id, text: s.name, sub: t('queue.elsewhere'), glyph: <Avatar name={s.name} size="s" /> }))]} onChoose={(id) => { close(); const agent = agents.find((a) => a.id === id) ?? others.find((s) => s.id === id); if (agent) void assignTo(w, agent) }} />
      )}>
        <IconButton icon="person" small label={t('action.assign')} keys="a" className="give" onClick={() => { onChoose(w.ticket_id); setAssigning(true) }} onPointerDown={(e) => e.stopPropagation()} />
      </Pop>
    </div>
  )
}
