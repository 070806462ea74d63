import { useInfiniteQuery } from '@tanstack/react-query'
import { t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { cancelExport, exportsQuery, fetchFile, removeExport, type Export } from '~/stores/exchange'
import { Bar, Chip, said } from './pieces'

const tone: Record<Export['state'], string> = { running: 'blue', done: 'green', cancelled: '', failed: 'red', expired: '' }

/** What I took out: how far it is, and where to fetch it. */
export function Exports() {
  const query = useInfiniteQuery(exportsQuery)
  const items = query.data?.pages.flatMap((p) => p.items) ?? []
  return (
    <Page title={t('exch.exports')} help={t('exp.help')}>
      <Wait query={query}>
        {items.length === 0 ? <EmptyState icon="download" title={t('exp.none')} help={t('exp.none.help')} /> : (
          <div className="scroll-x"><table className="tbl rows40 xtable">
            <thead><tr><th>{t('exp.file')}</th><th>{t('exp.state')}</th><th className="r">{t('exp.made')}</th><th className="r">{t('exp.until')}</th><th /></tr></thead>
            <tbody>{items.map((x) => (
              <tr key={x.id}>
                <td className="long"><b className="cap">{t(`exch.what.${x.what}` as Key)}</b>{' '}<span className="t3 f12 nw">{x.format.toUpperCase()}{x.state === 'done' || x.state === 'expired' ? ` · ${t('exch.rows', { n: x.done })}` : ''}</span>{x.q && <div className="t2 f12 clamp">{x.q}</div>}{x.narrowed && <div className="t2 f12">{t('exp.narrowed')}</div>}{x.truncated && <div className="amber f12">{t('exp.truncated')}</div>}{x.error_code && <div className="red f12">{said(x.error_code)}</div>}</td>
                <td>{x.state === 'running' ? <Bar label={t('exp.progress')} done={x.done} total={x.total} /> : <Chip tone={tone[x.state]}>{t(`exp.state.${x.state}` as Key)}</Chip>}</td>
                <td className="r t3"><Time at={x.created_at} /></td>
                <td className="r t3">{x.state === 'done' && x.expires_at ? <Time at={x.expires_at} as="clock" /> : null}</td>
                <td className="r">
                  <span className="row g4 acts">
                    {x.url && <Button look="sm" icon="download" title={t('exp.downloads', { n: x.downloads })} onClick={() => fetchFile(x.url!)}>{t('exp.download')}</Button>}
                    {x.state === 'running' && <Button look="sm q" onClick={() => void cancelExport(x.id)}>{t('exp.cancel')}</Button>}
                    {x.state === 'done' && <IconButton icon="close" small label={t('exch.remove')} onClick={() => void removeExport(x.id)} />}
                  </span>
                </td>
              </tr>
            ))}</tbody>
          </table></div>
        )}
        {query.hasNextPage && <div className="morebar"><Button look="q" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t(query.isFetchingNextPage ? 'common.loading' : 'studio.more')}</Button></div>}
      </Wait>
    </Page>
  )
}
