import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import { t } from '~/i18n'
import { shipped } from '~/i18n/shipped'
import { EmptyState } from '~/parts/State'
import { Meaning, number, percent1, Wait } from '~/scenes/intelligence/frame'

const shadowQuery = queryOptions({ queryKey: keys.routing('shadow'), retry: false, queryFn: ({ signal }) => data(api.GET('/routing/shadow', { signal })) })

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
          <div><dt><Meaning text={t('shadow.queued.help')}>{t('shadow.queued')}</Meaning></dt><dd>{percent1(r.queued.shadow)}<small>{t('shadow.now', { value: percent1(r.queued.active) })}</small></dd></div>
          <div><dt><Meaning text={t('shadow.load.help')}>{t('shadow.load')}</Meaning></dt><dd>{percent1(r.load.shadow)}<small>{t('shadow.now', { value: percent1(r.load.active) })}</small></dd></div>
        </dl>
      )}
      {r && r.rules.length > 0 && <table className="tbl"><thead><tr><th scope="col">{t('rules.tree')}</th><th scope="col" className="r">{t('shadow.compared')}</th><th scope="col" className="r">{t('shadow.different')}</th></tr></thead><tbody>{r.rules.slice(0, 50).map((x) => <tr key={x.rule}><td>{x.path.map(shipped).join(' › ')}</td><td className="r">{number(x.compared)}</td><td className="r">{percent1(x.compared ? x.different / x.compared : 0)}</td></tr>)}</tbody></table>}
    </Wait>
  )
}
