import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { View } from '~/api/types'
import { t } from '~/i18n'
import { count } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Find, Page, Wait } from '~/scenes/intelligence/frame'
import { arrange, sharedCountsQuery, sharedViewsQuery, viewName } from '~/stores/view'
import { say } from '~/stores/toast'
import { Back, useItem, walk } from '../people/parts'
import { Ordered } from '../setup/parts'
import { ViewForm } from './ViewForm'
import '~/scenes/inbox/inbox.css'
import '~/scenes/inbox/table.css'
import './views.css'

/** In the order of the column in the inbox. */
const scopes = ['shared', 'role', 'team'] as const
interface Shelf { folder: string; views: View[] }

/** Those of one scope: beside the folders first, then folder by folder. */
export function shelves(views: View[]): Shelf[] {
  const folders = [...new Set(views.map((v) => v.folder ?? ''))].sort((a, b) => Number(a !== '') - Number(b !== ''))
  return folders.map((folder) => ({ folder, views: views.filter((v) => (v.folder ?? '') === folder) }))
}

/** 共享视图: the lists that a company's people work from, set up once for all. */
export function SharedViews() {
  const [item, go, wide] = useItem('views')
  const query = useQuery(sharedViewsQuery)
  const [words, setWords] = useState('')
  const [all, setAll] = useState(false)
  const list = query.data ?? []
  const fits = (v: View) => `${v.name.zh} ${v.name.en} ${v.folder ?? ''}`.toLowerCase().includes(words.trim().toLowerCase())
  const used = list.filter((v) => !v.retired)
  const retired = list.filter((v) => v.retired)
  const counts = useQuery(sharedCountsQuery(used.map((v) => v.id))).data
  const at = item ?? (wide ? scopes.flatMap((s) => shelves(used.filter((v) => v.scope === s)).flatMap((x) => x.views)).find(fits)?.id : undefined)
  const open = list.find((v) => v.id === at)
  const folders = [...new Set(list.map((v) => v.folder ?? '').filter(Boolean))]
  const order = (scope: View['scope'], folder: string, ids: string[]) => {
    const of = (x: Shelf) => x.views.map((v) => ({ id: v.id, folder: x.folder }))
    const now = shelves(used.filter((v) => v.scope === scope))
    const put = (next: { id: string; folder: string }[]) => arrange(next)
    void put(now.flatMap((x) => (x.folder === folder ? ids.map((id) => ({ id, folder })) : of(x)))).then((ok) => ok && say(t('cfg.ordered'), { undo: () => void put(now.flatMap(of)) }))
  }
  const row = (v: View) => (
    <button type="button" data-entry className={v.id === at ? 'on sp' : 'sp'} aria-current={v.id === at ? 'true' : undefined} onClick={() => go(v.id)}>
      <span className="ell sp">{viewName(v)}</span><span className="t3 f12 tn">{v.retired ? t('bizcal.retired') : counts?.[v.id] && (count(counts[v.id]) || '0')}</span>
    </button>
  )
  return (
    <Page title={t('admin.views')} help={t('shared.help')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{t('shared.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind"><Find value={words} label={t('shared.find')} onChange={setWords} /></div>
            {scopes.map((scope) => {
              const of = used.filter((v) => v.scope === scope)
              return of.some(fits) && (
                <section key={scope} aria-label={t(`shared.scope.${scope}`)}>
                  <div className="sec row">{t(`shared.scope.${scope}`)}</div>
                  {shelves(of).map((x) => x.views.some(fits) && (
                    <div key={x.folder} role="group" aria-label={x.folder || undefined}>
                      {x.folder && <div className="vshelf f12 t3 ell">{x.folder}</div>}
                      <Ordered items={x.views.filter(fits)} name={viewName} disabled={words !== ''} onOrder={(ids) => order(scope, x.folder, ids)}>{row}</Ordered>
                    </div>
                  ))}
                </section>
              )
            })}
            {retired.length > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired.length })}</button>}
            {retired.filter((v) => all ? fits(v) : v.id === item).map((v) => <div key={v.id} className="row prow">{row(v)}</div>)}
            {list.length === 0 && <EmptyState icon="list" title={t('shared.none')} help={t('shared.none.help')} />}
            {words && list.length > 0 && !list.some(fits) && <EmptyState icon="search" title={t('cfg.none.found')} help={t('cfg.none.found.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <ViewForm key="new" folders={folders} go={go} /> : open ? <ViewForm key={open.id} view={open} folders={folders} go={go} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}
