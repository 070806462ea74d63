import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { importsQuery, type Import } from '~/stores/exchange'
import { Bar, Chip } from './pieces'
import './exchange.css'

const tone: Record<string, string> = { done: 'green', failed: 'red', paused: 'amber', running: 'blue', checking: 'blue', undoing: 'blue' }

const result = (i: Import): string => [[i.created, 'created'], [i.updated, 'updated'], [i.skipped, 'skipped'], [i.failed, 'failed']]
  .filter(([n]) => n).map(([n, k]) => `${t(`imp.count.${k}` as Key)} ${new Intl.NumberFormat().format(n as number)}`).join(' · ')

/** What I brought in: what became of it, and the way back. */
export function Imports() {
  const navigate = useNavigate()
  const query = useInfiniteQuery(importsQuery)
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  const begin = <Button look="p" icon="upload" onClick={() => void navigate({ to: '/imports/$import', params: { import: 'new' } })}>{t('imp.new')}</Button>
  return (
    <Page title={t('exch.imports')} help={t('imp.help')} actions={begin}>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="upload" title={t('imp.none')} help={t('imp.none.help')}>{begin}</EmptyState> : (
          <div className="scroll-x"><table className="tbl rows40 xtable">
            <thead><tr><th>{t('imp.file')}</th><th>{t('exp.state')}</th><th>{t('imp.result')}</th><th className="r">{t('imp.made')}</th></tr></thead>
            <tbody>{items.map((i) => (
              <tr key={i.id}>
                <td className="long"><Link className="tlink" to="/imports/$import" params={{ import: i.id }}><b className="ell">{i.name}</b></Link><div className="t3 f12"><span className="cap">{t(`exch.what.${i.what}` as Key)}</span>{` · ${t('exch.rows', { n: i.total })}`}</div></td>
                <td><Chip tone={tone[i.state]}>{t(`imp.state.${i.state}` as Key)}</Chip></td>
                <td>{i.state === 'running' || i.state === 'paused' ? <Bar label={t('imp.progress')} done={i.created + i.updated + i.skipped + i.failed} total={i.total} /> : <span className="f12 t2 num">{result(i)}</span>}</td>
                <td className="r t3"><Time at={i.created_at} /></td>
              </tr>
            ))}</tbody>
          </table></div>
        )}
        {query.hasNextPage && <div className="morebar"><Button look="q" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t(query.isFetchingNextPage ? 'common.loading' : 'studio.more')}</Button></div>}
      </Wait>
    </Page>
  )
}
