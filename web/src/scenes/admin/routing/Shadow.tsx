import { queryOptions, useQuery } from '@tanstack/react-query'
import { data } from '~/api/client'
import { keys } from '~/api/keys'
import { pending } from '~/api/pending'
import { t } from '~/i18n'
import { EmptyState } from '~/parts/State'
import { Meaning, number, percent1, Wait } from '~/scenes/intelligence/frame'
import { span } from '~/stores/second'

interface ShadowReport { version: number; compared: number; different: number; wait_seconds?: { active: number; shadow: number }; load?: { active: number; shadow: number } }
const shadowQuery = queryOptions({ queryKey: keys.routing('shadow'), retry: false, queryFn: ({ signal }) => data(pending.GET<ShadowReport>('/routing/shadow', { signal })) })

/** What the second set would have decided, ticket by ticket, beside the one that is on. */
export function Shadow({ shadow }: { shadow?: number }) {
  const query = useQuery({ ...shadowQuery, enabled: shadow !== undefined && shadow !== 0 })
  if (!shadow) return <EmptyState icon="eye" title={t('shadow.none')} help={t('shadow.none.help')} />
  const r = query.data
  return (
    <Wait query={query}>
      {r && (
        <dl className="figures">
          <div><dt><Meaning text={t('shadow.compared.help')}>{t('shadow.compared')}</Meaning></dt><dd>{number(r.compared)}<small>{t('rules.version', { n: shadow, name: '' })}</small></dd></div>
          <div><dt><Meaning text={t('shadow.different.help')}>{t('shadow.different')}</Meaning></dt><dd>{percent1(r.compared ? r.different / r.compared : 0)}<small>{number(r.different)}</small></dd></div>
          {r.wait_seconds && <div><dt>{t('shadow.wait')}</dt><dd>{span(r.wait_seconds.shadow * 1000)}<small>{t('shadow.now', { value: span(r.wait_seconds.active * 1000) })}</small></dd></div>}
          {r.load && <div><dt>{t('shadow.load')}</dt><dd>{number(r.load.shadow, 2)}<small>{t('shadow.now', { value: number(r.load.active, 2) })}</small></dd></div>}
        </dl>
      )}
    </Wait>
  )
}
