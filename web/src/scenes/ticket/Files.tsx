import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer } from '~/api/paths'
import type { ID, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { size } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { EmptyState, FailedState, Skeleton } from '~/parts/State'
import { Time } from '~/parts/Time'
import { lightbox } from '~/stores/ui'

const filesQuery = (id: ID) => infiniteQueryOptions({
  queryKey: keys.tickets.files(id), initialPageParam: '',
  queryFn: ({ pageParam, signal }) => data(api.GET('/tickets/{id}/attachments', { params: { path: { id }, query: { limit: 60, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
  getNextPageParam: (p: Answer<'/tickets/{id}/attachments'>) => p.next_cursor || undefined,
})

/** All pictures and files of a ticket: who sent them, and when. */
export function Files({ ticket }: { ticket: Ticket }) {
  const query = useInfiniteQuery(filesQuery(ticket.id))
  const all = query.data?.pages.flatMap((p) => p.items) ?? []
  const images = all.filter((f) => f.image)
  const others = all.filter((f) => !f.image)
  if (query.error && !query.data) return <FailedState error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <div style={{ display: 'grid', gap: 12, paddingTop: 12 }}><Skeleton height={72} /><Skeleton width="80%" /></div>
  if (!all.length) return <EmptyState icon="clip" title={t('files.none')} help={t('files.none.help')} />
  return (
    <>
      {images.length > 0 && (
        <section aria-label={t('files.images', { n: images.length })}>
          <h3>{t('files.images', { n: images.length })}</h3>
          <div className="gallery">{images.map((f) => <button key={f.id} type="button" title={`${f.name} · ${f.by.name ?? ''}`} aria-label={t('files.open', { name: f.name })} onClick={() => lightbox.set({ images, at: f.id })}><img src={f.url} alt="" loading="lazy" /></button>)}</div>
        </section>
      )}
      {others.length > 0 && (
        <section aria-label={t('files.files', { n: others.length })}>
          <h3>{t('files.files', { n: others.length })}</h3>
          {others.map((f) => (
            <a key={f.id} className="kn filerow" href={f.url} download={f.name} title={t('files.download')}>
              <Icon name="file" /><span className="sp"><span className="ell">{f.name}</span><span className="f12 t3 row g4"><span className="ell">{f.by.name || ticket.requester?.name}</span><span>{'·'}</span><Time at={f.at} as="clock" /><span>{'·'}</span><span className="nw">{size(f.size)}</span></span></span><Icon name="download" size="s" />
            </a>
          ))}
        </section>
      )}
      {query.hasNextPage && <Button look="q sm" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('files.more')}</Button>}
    </>
  )
}
