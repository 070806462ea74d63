import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { decisionOn, judge, understandingQuery } from '~/stores/understanding'
import { jump } from './light'
import { riskKinds, riskName } from './values'

/** What must not be overlooked, above the conversation: danger, threats, and that others have the same trouble. */
export function Alerts({ ticket }: { ticket: Ticket }) {
  const u = useQuery({ ...understandingQuery(ticket), enabled: false }).data
  const risk = decisionOn(ticket, 'risk')
  const signals = u?.risks.filter((r) => r.severity >= 2) ?? []
  // the decision is there with the ticket; the reading adds the words
  const kinds = riskKinds(risk).length ? riskKinds(risk) : [...new Set(signals.map((s) => s.kind))]
  const grave = kinds.includes('safety')
  const first = risk?.evidence?.find((e) => e.weight > 0) ?? (signals[0] && { ...signals[0], ...(signals[0].in === 'body' ? { message_id: u?.message_id } : {}) })
  const words = [...new Set([...(risk?.evidence ?? []).map((e) => e.text ?? ''), ...signals.map((s) => s.text)].filter(Boolean))].slice(0, 3)
  const over = ['solved', 'closed', 'cancelled'].includes(ticket.status)
  const incident = u?.incident
  return (
    <>
      {ticket.risk >= 2 && !over && (
        <div className={grave ? 'alert red' : 'alert amber'} role="alert">
          <Icon name="warn" />
          <div className="sp">
            <div><b>{kinds.length ? t('alert.risk', { kinds: kinds.map(riskName).join(t('common.and')) }) : t('alert.risk.plain')}</b>{words.length > 0 && <span className="said">{words.map((w) => t('alert.quote', { words: w })).join(t('common.and'))}</span>}</div>
            <div>{t(`alert.do.${kinds[0] ?? 'anger'}`)}</div>
          </div>
          <span className="row g4 alert-acts">
            {first && <Button look="q sm" onClick={() => void jump(first)}>{t('alert.show')}</Button>}
            <Button look="q sm" onClick={() => void judge(ticket, 'risk', 'correct', '0')}>{t('alert.not')}</Button>
          </span>
        </div>
      )}
      {incident && incident.state !== 'dismissed' && ticket.parent === undefined && incident.parent?.id !== ticket.id && (
        <div className="alert plain" role="status">
          <Icon name="burst" />
          <div className="sp"><b>{t('incident.name')}</b>{' '}{t('alert.incident', { title: incident.title, n: incident.count, customers: incident.customers })}</div>
          {incident.parent ? <Link className="btn sm" to="/inbox/$view/$ticket" params={{ view: 'all', ticket: incident.parent.id }} search={{}}>{t('alert.incident.parent', { number: incident.parent.number })}</Link> : <Link className="btn sm" to="/incidents/$incident" params={{ incident: incident.id }}>{t('alert.incident.open')}</Link>}
        </div>
      )}
    </>
  )
}
