import { useState } from 'react'
import { locale, t } from '~/i18n'
import { clock } from '~/i18n/format'
import { StateDot } from '~/app/state/StateMenu'
import { Avatar } from '~/parts/Avatar'
import { IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Pop } from '~/parts/Pop'
import { ReasonForm } from '~/parts/ReasonForm'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { Icon } from '~/parts/Icon'
import { Time, useNow } from '~/parts/Time'
import { forceState, stateName, states, type StateName } from '~/stores/roster'
import type { Carrier } from '~/stores/routing'
import { span, useSecond } from '~/stores/second'
import { can, useMe } from '~/stores/session'

const figure = (n: number): string => new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(n / 100)
/** What somebody carries of what they may carry, in tickets of weight one. */
export const room = (a: Pick<Carrier, 'load' | 'capacity'>): string => `${figure(a.load)} / ${figure(a.capacity)}`

/** 坐席: state, load, and what came today. A ticket dropped on a line is theirs. */
export function Agents({ query, agents, over, onLeave }: { query: { error: unknown; isPending: boolean; refetch: () => unknown }; agents: Carrier[]; over?: string; onLeave: (id: string) => void }) {
  return (
    <section className="qa" aria-label={t('queue.agents')}>
      <div className="qh not-phone"><b>{t('queue.agents')}</b><span className="t3">{agents.length}</span><span className="sp" /><span className="flg"><span><i className="f1" />{t('queue.load')}</span><span><i className="offered" />{t('queue.offered')}</span></span></div>
      {query.error && !agents.length ? <FailedState error={query.error} retry={() => void query.refetch()} />
        : query.isPending ? <div aria-busy="true" style={{ padding: 24, display: 'grid', gap: 20 }}>{[80, 90, 70, 85].map((w) => <Skeleton key={w} width={`${w}%`} height={14} />)}</div>
        : agents.length === 0 ? <EmptyState icon="people" title={t('queue.nobody')} help={t('queue.nobody.help')} />
        : (
          <div className="alist">
            <div className="ag agh" aria-hidden="true"><span>{t('queue.col.name')}</span><span>{t('queue.col.state')}</span><span>{t('queue.col.load')}</span><span className="r">{t('queue.col.open')}</span><span className="r">{t('queue.col.today')}</span><span className="r">{t('queue.col.due')}</span><span className="r">{t('queue.col.last')}</span><span /></div>
            {agents.map((a) => <Line key={a.id} a={a} over={over === a.id} onLeave={onLeave} />)}
          </div>
        )}
    </section>
  )
}

const MAX_SLOTS = 12

function Line({ a, over, onLeave }: { a: Carrier; over: boolean; onLeave: (id: string) => void }) {
  const now = useNow()
  const me = useMe()
  const slots = Math.round(a.capacity / 100)
  const full = a.capacity > 0 && a.load >= a.capacity
  return (
    <div className={['ag', over && 'drop', a.state === 'offline' && 'away'].filter(Boolean).join(' ')} data-drop={a.id} data-agent={a.id}>
      <span className="n"><Avatar name={a.name} /><span className="ell">{a.name}</span></span>
      <span className="row g8 stt"><StateDot state={a.state} /><span className="nw">{stateName(a.state)}</span>{a.forced && <Icon name="lock" size="s" label={t('queue.forced')} />}{a.since && <Since at={a.since} state={a.state} />}</span>
      <span className="ld">
        {slots > 0 && slots <= MAX_SLOTS ? <span className="slots" aria-hidden="true">{Array.from({ length: slots }, (_, i) => { const filled = a.load / 100 - i; return <i key={i} className={filled >= 1 ? 'c' : filled > 0 ? 'c part' : over && i === Math.ceil(a.load / 100) ? 'g' : undefined} style={filled > 0 && filled < 1 ? { ['--part' as string]: `${filled * 100}%` } : undefined} /> })}</span>
          : <span className="bar loadbar" aria-hidden="true"><i style={{ width: `${a.capacity ? Math.min(100, (100 * a.load) / a.capacity) : 0}%` }} /></span>}
        <span className={full ? 'amber nw' : 't2 nw'}>{room(a)}{a.offered > 0 && <span className="t3">{' '}{t('queue.offered.n', { n: a.offered })}</span>}</span>
        {a.state === 'offline' && a.shift_end && <span className="t3 f12 nw ell">{t('queue.shiftEnd', { at: clock(a.shift_end, now) })}</span>}
      </span>
      <span className="r num">{a.open}</span><span className="r num">{a.today}</span><span className={a.due_soon > 0 ? 'r num amber' : 'r num'}>{a.due_soon}</span><span className="r num t2">{a.last_given ? <Time at={a.last_given} /> : '–'}</span>
      <span className="more">{(can(me, 'roster.manage') || can(me, 'ticket.assign')) && <AgentMenu a={a} onLeave={onLeave} force={can(me, 'roster.manage')} />}</span>
    </div>
  )
}

function Since({ at, state }: { at: string; state: string }) {
  const now = useSecond()
  const ms = now - Date.parse(at)
  return ms < 12 * 3_600_000 ? <span className={state === 'break' && ms > 15 * 60_000 ? 'amber' : 't3'}>{span(ms)}</span> : null
}

/** What a supervisor may do with one person: force a state, or move all they have. */
function AgentMenu({ a, onLeave, force }: { a: Carrier; onLeave: (id: string) => void; force: boolean }) {
  const [step, setStep] = useState<'state' | StateName>()
  return (
    <Pop placement="bottomRight" onOpen={(o) => !o && setStep(undefined)} content={(close) => (
      step === undefined ? <ChoiceList label={a.name} choices={[...(force ? [{ id: 'state', text: t('queue.force'), glyph: <Icon name="lock" /> }] : []), { id: 'leave', text: t('queue.moveAll', { n: a.open }), glyph: <Icon name="transfer" />, disabled: a.open === 0 }]} onChoose={(id) => { if (id === 'state') return setStep('state'); close(); onLeave(a.id) }} />
        : step === 'state' ? <ChoiceList key="states" label={t('queue.force')} choices={states.map((s, i) => ({ id: s, text: stateName(s), glyph: <StateDot state={s} />, on: s === a.state, keys: String(i + 1) }))} onChoose={(id) => setStep(id as StateName)} />
        : <ReasonForm optional label={t('queue.force.reason', { name: a.name, state: stateName(step) })} submit={t('queue.force.do')} onDone={(reason) => { close(); void forceState(a.id, step, reason) }} />
    )}>
      <IconButton icon="dots" small label={t('queue.more', { name: a.name })} />
    </Pop>
  )
}
