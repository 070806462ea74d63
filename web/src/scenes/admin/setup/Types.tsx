import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Find, Page, Wait } from '~/scenes/intelligence/frame'
import { configQuery } from '~/stores/session'
import { arrange } from '~/stores/setup'
import { Back, useItem, walk } from '../people/parts'
import { Ordered } from './parts'
import { TypeForm } from './TypeForm'

/** 工单类型: each with its form, in the order in which people choose. */
export function Types() {
  const [item, go, wide] = useItem('types')
  const query = useQuery(configQuery)
  const [words, setWords] = useState('')
  const [all, setAll] = useState(false)
  const list = query.data?.types ?? []
  const fits = (x: (typeof list)[number]) => `${x.name.zh} ${x.name.en} ${x.key} ${x.prefix}`.toLowerCase().includes(words.trim().toLowerCase())
  const used = list.filter((x) => !x.retired)
  const retired = list.filter((x) => x.retired)
  const at = item ?? (wide ? used[0]?.id : undefined)
  const open = list.find((x) => x.id === at)
  return (
    <Page title={t('admin.types')} help={t('cfg.types.help')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{t('cfg.type.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind"><Find value={words} label={t('cfg.type.find')} onChange={setWords} /></div>
            <Ordered items={used.filter(fits)} name={(x) => named(x.name)} disabled={words !== ''} onOrder={(ids) => void arrange('type', [...ids, ...retired.map((x) => x.id)], { ids: list.map((x) => x.id) })}>
              {(x) => <button type="button" data-entry className={x.id === at ? 'on sp' : 'sp'} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><span className="ell sp">{named(x.name)}</span><span className="t3 f12 tn">{x.prefix}</span></button>}
            </Ordered>
            {retired.length > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired.length })}</button>}
            {all && retired.filter(fits).map((x) => <button key={x.id} type="button" data-entry className={x.id === at ? 'on' : undefined} onClick={() => go(x.id)}><span className="ell sp">{named(x.name)}</span><span className="t3 f12">{t('bizcal.retired')}</span></button>)}
            {words && !list.some(fits) && <EmptyState icon="search" title={t('cfg.none.found')} help={t('cfg.none.found.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <TypeForm key="new" go={go} /> : open ? <TypeForm key={open.id} type={open} go={go} /> : <EmptyState icon="type" title={t(at ? 'who.gone' : 'cfg.type.none')} help={t('cfg.type.none.help')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}
