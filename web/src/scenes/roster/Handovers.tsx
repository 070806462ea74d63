import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { t, type Key } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { PanelFrame } from '~/scenes/ticket/panels/Panel'
import { handOver, handoversQuery, judgeHandover, type Handover } from '~/stores/plan'
import { useMe, useNames } from '~/stores/session'
import { mineQuery, ticketQuery } from '~/stores/ticket'

const TITLE: Key = 'roster.handover.new'
const states = ['open', 'taken', ''] as const
const tone = { open: 'amber', taken: 'green', withdrawn: '' }

/** 交接班: what one shift leaves to the next, ticket by ticket, and who has taken it. */
export function Handovers() {
  const [state, setState] = useState<(typeof states)[number]>('open')
  const [making, setMaking] = useState(false)
  const query = useInfiniteQuery(handoversQuery(state))
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <Page title={t('roster.page.handovers')} help={t('roster.handover.help')} actions={<Button look="p" icon="plus" onClick={() => setMaking(true)}>{t('roster.handover.new')}</Button>}>
      <div className="row g8 wrap bar2"><Segmented label={t('delivery.state')} value={state} options={states.map((s) => [s, t(s ? `roster.handover.${s}` : 'delivery.all')] as const)} onChange={setState} /></div>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="transfer" title={t('roster.handover.none')} help={t('roster.handover.none.help')} /> : items.map((h) => <Row key={h.id} h={h} />)}
        {query.hasNextPage && <div className="morebar"><Button onClick={() => void query.fetchNextPage()}>{t('common.more')}</Button></div>}
      </Wait>
      {making && <NewHandover close={() => setMaking(false)} />}
    </Page>
  )
}

function Row({ h }: { h: Handover }) {
  const [open, setOpen] = useState(false)
  const me = useMe()
  const names = useNames()
  const to = h.to_id ? names.staff(h.to_id) : names.team(h.team_id)
  const forMe = h.state === 'open' && h.user_id !== me?.id && (h.to_id === me?.id || (me?.teams ?? []).some((x) => x.id === h.team_id))
  return (
    <div className="handover">
      <div className="reqrow">
        <Avatar name={names.staff(h.user_id) || '?'} size="s" />
        <div className="sp"><b className="f13">{t('roster.handover.line', { from: names.staff(h.user_id), to })}</b>{' '}<span className="f12 t3"><Time at={h.at} /></span>{h.note && <div className="f12 t2 said">{h.note}</div>}</div>
        <button type="button" className="link f13" aria-expanded={open} disabled={h.tickets.length === 0} onClick={() => setOpen(!open)}>{t('roster.handover.count', { n: h.tickets.length })}</button>
        <span className={`chip ${tone[h.state]}`}>{h.state === 'taken' && h.taken_by ? t('roster.handover.by', { name: names.staff(h.taken_by) }) : t(`roster.handover.${h.state}`)}</span>
        {forMe && <Button look="p sm" onClick={() => void judgeHandover(h.id, 'taken')}>{t('roster.handover.take')}</Button>}
        {h.state === 'open' && h.user_id === me?.id && <Button look="sm" onClick={() => void judgeHandover(h.id, 'withdrawn')}>{t('roster.withdraw')}</Button>}
      </div>
      {open && <ul className="hotickets">{h.tickets.map((x) => <Matter key={x.ticket_id} id={x.ticket_id} note={x.note} />)}</ul>}
    </div>
  )
}

function Matter({ id, note }: { id: string; note?: string }) {
  const ticket = useQuery({ ...ticketQuery(id), retry: false })
  return (
    <li className="row g8 f13">
      {ticket.data ? <Link className="tlink ell" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: id }} search={{}}>{ticket.data.number}{' '}{ticket.data.subject || t('ticket.noSubject')}</Link> : <span className="t3">{ticket.error ? t('roster.handover.unseen') : t('common.loading')}</span>}
      {note && <span className="t2 ell">{note}</span>}
    </li>
  )
}

/** What is open on me, all of it unless some is left out, each with a word if need be. */
function NewHandover({ close }: { close: () => void }) {
  const me = useMe()
  const { config } = useNames()
  const query = useQuery(mineQuery)
  const mine = query.data?.items ?? []
  const [to, setTo] = useState('')
  const [note, setNote] = useState('')
  const [out, setOut] = useState<ReadonlySet<string>>(new Set())
  const [words, setWords] = useState<Record<string, string>>({})
  const own = new Set(me?.teams.map((x) => x.id))
  const colleagues = config.staff.filter((s) => s.active && s.id !== me?.id).toSorted((a, b) => Number(b.team_ids.some((x) => own.has(x))) - Number(a.team_ids.some((x) => own.has(x))))
  const choices = [...config.teams.map((x) => ({ id: `team:${x.id}`, text: x.name })), ...colleagues.map((s) => ({ id: `user:${s.id}`, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))]
  const tickets = mine.filter((x) => !out.has(x.id)).map((x) => ({ ticket_id: x.id, ...(words[x.id]?.trim() ? { note: words[x.id]!.trim() } : {}) }))
  const toggle = (id: string) => { const next = new Set(out); if (!next.delete(id)) next.add(id); setOut(next) }
  const submit = async () => {
    const [kind, id] = to.split(':')
    const made = await handOver({ ...(kind === 'team' ? { team_id: id! } : { to_id: id! }), tickets, ...(note.trim() ? { note: note.trim() } : {}) })
    if (made) close()
  }
  return (
    <PanelFrame title={TITLE} help={t('roster.handover.new.help')} submit={t('roster.handover.do', { n: tickets.length })} disabled={!to || (tickets.length === 0 && !note.trim())} onSubmit={() => void submit()} close={close}>
      <Field label={t('roster.handover.to')} required>{(p) => <Select {...p} label={t('roster.handover.to')} value={to} text={choices.find((c) => c.id === to)?.text} choices={choices} onChange={setTo} />}</Field>
      <Field label={t('roster.handover.note')}>{(p) => <textarea {...p} className="inp" maxLength={4000} value={note} onChange={(e) => setNote(e.target.value)} />}</Field>
      <Field label={t('roster.handover.tickets', { n: mine.length })}>{() => (
        <Wait query={query}>
          <ul className="hopick">{mine.map((x) => (
            <li key={x.id}><label className="row g8 f13"><input type="checkbox" checked={!out.has(x.id)} onChange={() => toggle(x.id)} /><span className="sp ell" title={x.subject}>{x.subject || t('ticket.noSubject')}</span><span className="f12 t3 nw">{x.number}</span></label>
              {!out.has(x.id) && <input className="inp" maxLength={500} value={words[x.id] ?? ''} placeholder={t('roster.handover.word')} aria-label={t('roster.handover.word.of', { number: x.number })} onChange={(e) => setWords({ ...words, [x.id]: e.target.value })} />}</li>
          ))}</ul>
          {mine.length === 0 && <p className="f12 t3">{t('roster.handover.mine.none')}</p>}
        </Wait>
      )}</Field>
    </PanelFrame>
  )
}
