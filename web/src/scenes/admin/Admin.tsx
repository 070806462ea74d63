import { Link, Navigate, useParams } from '@tanstack/react-router'
import { Suspense, useEffect, useRef } from 'react'
import { Waiting } from '~/app/pages'
import { t, type Key } from '~/i18n'
import { EmptyState } from '~/parts/State'
import { useMe } from '~/stores/session'
import { visible, type SectionGroup } from './sections'
import './admin.css'

const groups: SectionGroup[] = ['tickets', 'service', 'people', 'work', 'system']

/** 配置: what the house has decided, section by section. */
export function Admin() {
  const { section } = useParams({ strict: false }) as { section?: string }
  const mine = visible(useMe())
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    const on = nav.current?.querySelector<HTMLElement>('.on')
    if (!on || !nav.current) return
    nav.current.scrollLeft = on.offsetLeft - 16
    const below = on.getBoundingClientRect().bottom - nav.current.getBoundingClientRect().bottom
    if (below > -72) nav.current.scrollTop += below + 96 // a bar may yet come above
  }, [section])
  const open = mine.find((s) => s.id === section)
  const first = mine[0]
  if (!first) return <main className="sheet" id="main"><EmptyState icon="lock" title={t('admin.forbidden')} help={t('admin.forbidden.help')} /></main>
  if (!open) return <Navigate to="/admin/$section" params={{ section: first.id }} replace />
  const Page = open.page
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('nav.admin')} ref={nav}>
        <h2>{t('nav.admin')}</h2>
        {groups.map((g) => {
          const some = mine.filter((s) => s.group === g)
          return some.length > 0 && (
            <div key={g} className="sgroup">
              <div className="sec">{t(`admin.group.${g}` as Key)}</div>
              {some.map((s) => <Link key={s.id} to="/admin/$section" params={{ section: s.id }} className={s === open ? 'on' : undefined} aria-current={s === open ? 'page' : undefined}>{t(`admin.${s.id}` as Key)}</Link>)}
            </div>
          )
        })}
      </nav>
      <main className="sheet spage" id="main" key={open.id}><Suspense fallback={<Waiting />}><Page /></Suspense></main>
    </div>
  )
}
