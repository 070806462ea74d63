import { useQuery } from '@tanstack/react-query'
import { Link, useRouterState } from '@tanstack/react-router'
import type { Incident } from '~/api/types'
import { t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { useStore } from '~/stores/store'
import { incidentsQuery, putAside } from '~/stores/understanding'

/** What waits for a decision. */
export function useProposed(): Incident[] {
  return useQuery(incidentsQuery('proposed')).data?.items ?? []
}

/** Many tickets with one cause: said wherever the reader is, once, until put aside. */
export function IncidentBanner() {
  const aside = useStore(putAside)
  const path = useRouterState({ select: (s) => s.location.pathname })
  const fresh = useProposed().filter((i) => !aside.has(i.id))
  const first = fresh[0]
  if (!first || path.startsWith('/incidents')) return null
  return (
    <div className="banner incident" role="status">
      <Icon name="burst" size="s" />
      <span className="sp ell">{t('incident.banner', { title: first.title, n: first.count, customers: first.customers })}</span>
      {fresh.length > 1 && <span className="nw not-phone">{t('incident.banner.more', { n: fresh.length - 1 })}</span>}
      <Link className="btn sm" to="/incidents/$incident" params={{ incident: first.id }}>{t('incident.banner.look')}</Link>
      <IconButton icon="close" small label={t('incident.banner.later')} onClick={() => putAside.set((old) => new Set([...old, ...fresh.map((i) => i.id)]))} />
    </div>
  )
}
