import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '~/api/problem'
import { t } from '~/i18n'
import { Skeleton } from '~/parts/State'
import { splitMatters, understandingQuery } from '~/stores/understanding'
import { matterWhy } from '~/scenes/ticket/understand/reasons'
import { PanelFrame, type PanelProps } from './Panel'

/** Several matters in one message: each chosen one becomes a ticket of its own; what is not chosen stays. */
export function MattersPanel({ ticket, close }: PanelProps) {
  const u = useQuery(understandingQuery(ticket)).data
  const [chosen, setChosen] = useState<number[]>([1])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await splitMatters(ticket, chosen.toSorted((a, b) => a - b))
      close()
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  return (
    <PanelFrame title="matters.title" help={t('matters.help')} submit={t('matters.submit', { n: chosen.length })} disabled={!chosen.length || busy} onSubmit={() => void submit()} close={close}>
      {!u && <div style={{ display: 'grid', gap: 12, marginTop: 16 }}><Skeleton /><Skeleton width="70%" /></div>}
      <div style={{ marginTop: 12 }}>{u?.matters.map((m, i) => (
        <label key={i} className="pickrow">
          <input type="checkbox" checked={chosen.includes(i)} onChange={(e) => setChosen((old) => (e.target.checked ? [...old, i] : old.filter((x) => x !== i)))} />
          <span className="sp"><b className="f13">{m.title}</b><span className="clamp f13 t2">{m.text}</span>{i > 0 && matterWhy(m.why) && <span className="f12 t3">{t('matters.why', { why: matterWhy(m.why) })}</span>}</span>
        </label>
      ))}</div>
      {error !== undefined && <p className="red f12" role="alert" style={{ marginTop: 12 }}>{problemText(error)}</p>}
    </PanelFrame>
  )
}
