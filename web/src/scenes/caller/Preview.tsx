import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import type { NewTicket } from '~/api/types'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { Avatar } from '~/parts/Avatar'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { factorName, reasonName } from '~/scenes/ticket/routeWords'
import { Decided } from '~/scenes/ticket/WhyAgent'
import { useNames } from '~/stores/session'

type Preview = Answer<'/routing/preview', 'post'>

const PAUSE = 600

/** Who would have the ticket as it stands, and why; asked when the fingers rest and nothing that must be said is missing. */
export function PreviewLine({ ticket }: { ticket: NewTicket | undefined }) {
  const wanted = ticket ? JSON.stringify(ticket) : ''
  const [late, setLate] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setLate(wanted), PAUSE)
    return () => clearTimeout(timer)
  }, [wanted])
  const query = useQuery({
    queryKey: keys.routing('preview', late), enabled: late !== '', placeholderData: keepPreviousData, retry: false, staleTime: 10_000, gcTime: 30_000,
    queryFn: ({ signal }) => data(api.POST('/routing/preview', { body: JSON.parse(late) as NewTicket, signal })),
  })
  // an answer that fails says nothing: what is wrong is told on saving
  if (!ticket || !late || !query.data) return null
  return <Line preview={query.data} />
}

function Line({ preview: p }: { preview: Preview }) {
  const names = useNames()
  const who = (p.agent_id && names.staff(p.agent_id)) || ''
  const team = (p.team_id && names.team(p.team_id)) || ''
  const left = Object.entries(p.excluded).filter(([why, n]) => n > 0 && why !== 'not_active').toSorted((a, b) => b[1] - a[1]).slice(0, 3)
  const or = p.or_ids.map((x) => names.staff(x)).filter(Boolean)
  const why = who && p.outcome !== 'kept'
    ? [shipped(p.path.at(-1) ?? ''), p.because.length ? t('preview.because', { what: p.because.map(factorName).join(t('common.and')) }) : p.eligible === 1 ? t('preview.only') : '', or.length ? t('preview.or', { names: or.join(t('common.and')) }) : '']
    : p.outcome === 'queued' ? [shipped(p.path.at(-1) ?? ''), p.eligible === 0 && left.length ? t('preview.left', { what: left.map(([x, n]) => `${reasonName(x)} ${n}`).join(t('common.and')) }) : ''] : []
  if (p.outcome === 'kept' && !who && !team) return <p className="forecast f13 t2"><Icon name="person" size="s" />{t('preview.none')}</p>
  const line = who ? [t(p.outcome === 'offered' ? 'preview.offered' : 'preview.assigned', { name: who }), team] : [team ? t('preview.queue', { team }) : t('preview.queued')]
  return (
    <div className="forecast row g12" role="status">
      {who ? <Avatar name={who} /> : <span className="t3"><Icon name="queue" /></span>}
      <div className="sp f13"><div>{line.filter(Boolean).join(t('preview.comma'))}</div><div className="f12 t3">{why.filter(Boolean).join(t('preview.comma'))}</div></div>
      {p.decision && (
        <Pop placement="topRight" content={() => <div className="whyagent" role="dialog" aria-label={t('preview.why')}><b>{t('preview.why')}</b><Decided decision={p.decision!} chosen={p.agent_id} /></div>}>
          <button type="button" className="link f12 nw" aria-haspopup="dialog">{t('route.why')}</button>
        </Pop>
      )}
    </div>
  )
}
