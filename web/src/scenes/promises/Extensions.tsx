import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { SLAExtension } from '~/api/types'
import { t } from '~/i18n'
import { exact } from '~/i18n/format'
import { SlaChip } from '~/parts/SlaChip'
import { metricName, secondsText } from '~/parts/slaText'
import { EmptyState } from '~/parts/State'
import { Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Decide, ExtensionLine } from '~/scenes/ticket/sla/ClockActs'
import { can, useMe } from '~/stores/session'
import { extensionsQuery } from '~/stores/sla'

const states = ['requested', 'approved', 'refused', 'lapsed'] as const

/** Requests for more time: who asks, why, and until when it would be; answered here. */
export function ExtensionsPage() {
  const [state, setState] = useState<SLAExtension['state']>('requested')
  const query = useQuery(extensionsQuery(state))
  const me = useMe()
  const items = query.data?.items ?? []
  return (
    <Page title={t('promise.extensions')} help={t('ext.help')}>
      <div className="row g8 wrap bar2"><Segmented label={t('ext.state')} value={state} options={states.map((s) => [s, t(`sla.ext.${s}`)] as const)} onChange={setState} /></div>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="clock" title={t('ext.none')} help={t('ext.none.help')} /> : (
          <ul className="asks">{items.map((x) => (
            <li key={x.id}>
              <div className="row g8">
                <Link className="tlink ell" to="/inbox/$view/$ticket" params={{ view: '10', ticket: x.ticket_id }} search={{}}><b className="f13">{x.subject || t('ticket.noSubject')}</b>{' '}<span className="t3 f12">{x.number}</span></Link>
                <span className="sp" />
                {state === 'requested' && x.due_before && <SlaChip standing={{ sla: 'running', due: Date.parse(x.due_before), warn: Date.parse(x.due_before) - 30 * 60_000 }} metric={x.metric} />}
              </div>
              <p className="f13">{metricName(x.metric)}{' · '}<b>{`+${secondsText(x.extra_seconds)}`}</b>{x.due_before && x.due_after && <span className="t2">{` · ${t('ext.move', { from: exact(x.due_before), to: exact(x.due_after) })}`}</span>}</p>
              <ExtensionLine x={x} />
              <p className="f12 t3">{t(x.customer_told ? 'ext.told' : 'ext.untold')}</p>
              {state === 'requested' && can(me, 'sla.approve') && (x.requested_by?.id === me?.id ? <p className="f12 t3">{t('ext.own')}</p> : <Decide x={x} />)}
            </li>
          ))}</ul>
        )}
      </Wait>
    </Page>
  )
}
