import { useState } from 'react'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Select } from '~/scenes/ticket/FieldInput'
import { PanelFrame } from '~/scenes/ticket/panels/Panel'
import { leave, moving, undoMove, type Carrier } from '~/stores/routing'
import { serverNow } from '~/stores/moment'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'

const TITLE = 'queue.leave' as const
const kinds = ['sick', 'leave', 'resigned', 'other'] as const

/** 病假交接: all that one person has goes to others in one act, and can be taken back in one. */
export function LeavePanel({ agents, who, close }: { agents: Carrier[]; who?: string; close: () => void }) {
  const { config } = useNames()
  const [agent, setAgent] = useState(who)
  const [kind, setKind] = useState<(typeof kinds)[number]>('sick')
  const [which, setWhich] = useState<'all' | 'untouched'>('all')
  const [team, setTeam] = useState('')
  const [people, setPeople] = useState<string[]>([])
  const a = agents.find((x) => x.id === agent)
  const submit = () => {
    close()
    if (a) void leave(a, t(`leave.${kind}`), which, team ? { team_id: team } : people.length ? { agent_ids: people } : undefined)
  }
  return (
    <PanelFrame title={TITLE} help={t('leave.help')} submit={a ? t('leave.do', { n: a.open }) : t('queue.leave')} disabled={!a || a.open === 0} onSubmit={submit} close={close}>
      <Field label={t('leave.who')} required>{(p) => <Select {...p} label={t('leave.who')} value={agent} choices={agents.map((x) => ({ id: x.id, text: x.name, sub: t('leave.has', { n: x.open }), glyph: <Avatar name={x.name} size="s" /> }))} onChange={setAgent} />}</Field>
      <Field label={t('leave.reason')}>{() => <div className="choices" role="radiogroup" aria-label={t('leave.reason')}>{kinds.map((k) => <button key={k} type="button" role="radio" className="choice" aria-checked={k === kind} onClick={() => setKind(k)}>{t(`leave.${k}`)}</button>)}</div>}</Field>
      <Field label={t('leave.which')} help={t(`leave.which.${which}.help`)}>{() => <div className="segment" role="radiogroup" aria-label={t('leave.which')}>{(['all', 'untouched'] as const).map((w) => <button key={w} type="button" role="radio" aria-checked={w === which} onClick={() => setWhich(w)}>{t(`leave.which.${w}`)}</button>)}</div>}</Field>
      <Field label={t('leave.to')} help={t(team ? 'leave.to.team' : people.length ? 'leave.to.people' : 'leave.to.rules')}>{(p) => <Select {...p} label={t('leave.to')} value={team} choices={[{ id: '', text: t('leave.to.any') }, ...config.teams.map((x) => ({ id: x.id, text: x.name }))]} onChange={(id) => { setTeam(id); setPeople([]) }} />}</Field>
      {!team && (
        <Field label={t('leave.people')}>{() => (
          <div className="choices">
            {people.map((id) => <span key={id} className="chip">{agents.find((x) => x.id === id)?.name}<button type="button" aria-label={t('common.clear')} onClick={() => setPeople(people.filter((x) => x !== id))}><Icon name="close" size="s" /></button></span>)}
            <Select label={t('leave.people')} text={t('leave.people.add')} choices={agents.filter((x) => x.id !== agent && !people.includes(x.id)).map((x) => ({ id: x.id, text: x.name, glyph: <Avatar name={x.name} size="s" /> }))} onChange={(id) => setPeople([...people, id])} />
          </div>
        )}</Field>
      )}
    </PanelFrame>
  )
}

/** How far the move is; when it has ended, the way back. */
export function MoveBar() {
  const m = useStore(moving)
  if (!m) return null
  const over = m.state === 'done' || m.state === 'undone'
  return (
    <div className="movebar" role="status">
      <span className="sp">{t(m.state === 'undone' ? 'leave.undone' : m.state === 'undoing' ? 'leave.undoing' : over ? 'leave.done' : 'leave.running', { name: m.name, done: m.done, n: m.total })}{m.queued > 0 && m.state === 'done' && <span className="t2">{' '}{t('leave.queued', { n: m.queued })}</span>}{m.failed > 0 && <span className="red">{' '}{t('leave.failed', { n: m.failed })}</span>}</span>
      {!over && <span className="bar" role="progressbar" aria-label={t('queue.leave')} aria-valuemin={0} aria-valuemax={m.total} aria-valuenow={m.done}><i style={{ width: `${m.total ? (100 * m.done) / m.total : 0}%` }} /></span>}
      {m.state === 'done' && m.done > 0 && Date.parse(m.undo_until) > serverNow() && <Button look="sm" icon="undo" onClick={() => void undoMove(m)}>{t('leave.undo')}</Button>}
      {over && <IconButton icon="close" small label={t('common.close')} onClick={() => moving.set(undefined)} />}
    </div>
  )
}
