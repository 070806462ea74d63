import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { View } from '~/api/types'
import { ActionButton } from '~/actions/ActionButton'
import { t } from '~/i18n'
import { count } from '~/i18n/format'
import { Pop } from '~/parts/Pop'
import { ChoiceList } from '~/parts/ChoiceList'
import { IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Skeleton } from '~/parts/State'
import { useNames } from '~/stores/session'
import { complain, say } from '~/stores/toast'
import { bodyOf, countsQuery, grouped, removeView, saveView, viewName } from '~/stores/view'

export function Views({ views, current }: { views?: View[]; current: string }) {
  const counts = useQuery(countsQuery).data
  const { team } = useNames()
  const remove = async (view: View) => {
    try {
      await removeView(view.id)
      say(t('views.removed'), { undo: () => saveView(bodyOf(view)) })
    } catch (error) {
      complain(error)
    }
  }
  return (
    <nav className="views" aria-label={t('views.title')}>
      <div className="row head"><h2 className="sp">{t('nav.inbox')}</h2><ActionButton id="app.create" bare /></div>
      <div className="scroll">
        {!views && <div style={{ padding: 8, display: 'grid', gap: 16 }}>{[70, 55, 80, 60, 75].map((w) => <Skeleton key={w} width={`${w}%`} />)}</div>}
        {views && grouped(views, team).map((group) => (
          <section key={group.name}>
            <div className="sec">{group.name}</div>
            {group.views.map((view) => (
              <div key={view.id} className="vrow">
                <Link to="/inbox/$view" params={{ view: view.id }} search={{}} className={view.id === current ? 'on' : undefined} aria-current={view.id === current ? 'page' : undefined}>
                  <span className="ell">{viewName(view)}</span>
                  <span>{count(counts?.[view.id])}</span>
                </Link>
                {view.scope === 'own' && (
                  <Pop placement="rightTop" content={(close) => (
                    <ChoiceList label={viewName(view)} choices={[{ id: 'remove', text: t('views.remove'), glyph: <Icon name="close" /> }]} onChoose={() => { close(); void remove(view) }} />
                  )}>
                    <IconButton icon="dots" label={t('common.more')} small />
                  </Pop>
                )}
              </div>
            ))}
          </section>
        ))}
      </div>
    </nav>
  )
}

/** The views as a strip for the phone. */
export function ViewStrip({ views, current }: { views?: View[]; current: string }) {
  const counts = useQuery(countsQuery).data
  const strip = useRef<HTMLElement>(null)
  useEffect(() => {
    const on = strip.current?.querySelector<HTMLElement>('.on')
    if (on && strip.current) strip.current.scrollLeft = on.offsetLeft - 16
  }, [current, views])
  return (
    <nav ref={strip} className="vstrip" aria-label={t('views.title')}>
      {views?.map((view) => (
        <Link key={view.id} to="/inbox/$view" params={{ view: view.id }} search={{}} className={view.id === current ? 'on' : undefined} aria-current={view.id === current ? 'page' : undefined}>
          {`${viewName(view)} ${count(counts?.[view.id])}`}
        </Link>
      ))}
    </nav>
  )
}
