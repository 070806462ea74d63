import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import { named, t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Layer } from '~/parts/Layer'
import { asked, columnsQuery, order, type Asked, type NewExport } from '~/stores/exchange'
import { Segmented, Wait } from '~/scenes/intelligence/frame'
import './exchange.css'

/** What to take out, in which columns and format. */
export function ExportDialog({ ask }: { ask: Asked }) {
  const close = () => asked.set(undefined)
  const what = t(`exch.what.${ask.what}` as Key)
  const query = useQuery(columnsQuery(ask.what))
  const list = query.data ?? []
  const [picked, setPicked] = useState<string[]>()
  const [format, setFormat] = useState<NewExport['format']>('xlsx')
  const [bom, setBom] = useState(true)
  const [busy, setBusy] = useState(false)
  const usual = list.filter((c) => c.default || c.always).map((c) => c.key)
  const now = picked ?? usual
  const counting = useQuery({
    queryKey: keys.tickets.count({ filter: ask.filter, view: ask.view_id }), enabled: ask.what === 'ticket' && !ask.ids && !ask.q,
    queryFn: ({ signal }) => data(api.GET('/tickets/count', { params: { query: { ...(ask.filter ? { filter: ask.filter } : {}), ...(ask.view_id ? { view: ask.view_id } : {}) } }, signal })),
  })
  const n = counting.data
  const scope = ask.ids ? t('exp.scope.selected', { n: ask.ids.length }) : ask.customers || ask.companies ? t('exp.scope.narrowed', { what }) : ask.q ? t('exp.scope.search', { q: ask.q }) : ask.what === 'ticket' ? t('exp.scope.list', { n: n ? `${n.count}${n.capped ? '+' : ''}` : '…' }) : t('exp.scope.all', { what })
  const send = async () => {
    setBusy(true)
    const done = await order({ ...ask, format, ...(format === 'csv' ? { bom } : {}), columns: list.map((c) => c.key).filter((k) => now.includes(k)) })
    setBusy(false)
    if (done) close()
  }
  return (
    <Layer label={t('exp.title', { what })} onClose={close}>
      <form className="xdialog" onSubmit={(e) => { e.preventDefault(); void send() }}>
        <header className="row"><h2 className="sp">{t('exp.title', { what })}</h2><IconButton icon="close" label={t('common.close')} keys="Escape" onClick={close} /></header>
        <div className="xbody">
          <p className="f13"><b>{scope}</b><br /><span className="t3 f12">{t('exp.scope.note')}</span></p>
          <div className="row g12 wrap"><span className="t2 f13">{t('exp.format')}</span><Segmented label={t('exp.format')} value={format} options={[['xlsx', t('exp.xlsx')], ['csv', t('exp.csv')]]} onChange={setFormat} /></div>
          {format === 'csv' && <label className="row g8 f13 xcheck"><input type="checkbox" checked={bom} onChange={(e) => setBom(e.target.checked)} />{t('exp.bom')}<span className="t3 f12">{t('exp.bom.help')}</span></label>}
          <fieldset>
            <legend className="row g8 f13"><span className="t2">{t('exp.columns')}</span><span className="t3 f12 num">{t('exp.columns.n', { n: now.length, all: list.length })}</span><span className="sp" /><Button look="q sm" onClick={() => setPicked(list.map((c) => c.key))}>{t('exp.columns.all')}</Button><Button look="q sm" onClick={() => setPicked(undefined)}>{t('exp.columns.usual')}</Button></legend>
            <Wait query={query}>
              <div className="xcols">{list.map((c) => (
                <label key={c.key} className="row g8 f13"><input type="checkbox" checked={now.includes(c.key)} disabled={c.always} onChange={(e) => setPicked(e.target.checked ? [...now, c.key] : now.filter((k) => k !== c.key))} /><span className="ell">{named(c.name)}</span></label>
              ))}</div>
            </Wait>
          </fieldset>
        </div>
        <footer className="row g8"><span className="sp" /><Button look="q" onClick={close}>{t('common.cancel')}</Button><Button type="submit" look="p" icon="download" disabled={busy || !query.data} data-first>{t('exp.submit')}</Button></footer>
      </form>
    </Layer>
  )
}
