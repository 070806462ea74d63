import { Link, Navigate, useParams } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import { t, type Key } from '~/i18n'
import { EmptyState } from '~/parts/State'
import { useMe } from '~/stores/session'
import { may } from '~/stores/understanding'
import { AccuracyPage } from './Accuracy'
import { Calls } from './Calls'
import { Corrections } from './Corrections'
import { Examples } from './Examples'
import { Labels } from './Labels'
import { LanguageModelsPage } from './LanguageModels'
import { Models } from './Models'
import { OverviewPage } from './Overview'
import { PatternsPage } from './Patterns'
import { PlaygroundPage } from './Playground'
import { RiskListsPage } from './RiskLists'
import '~/scenes/inbox/inbox.css'
import '~/scenes/ticket/ticket.css'
import '~/scenes/ticket/understand/understand.css'
import './intelligence.css'

const pages: Record<string, () => ReactNode> = {
  overview: () => <OverviewPage />, playground: () => <PlaygroundPage />, labels: () => <Labels />, patterns: () => <PatternsPage />, risk: () => <RiskListsPage />,
  models: () => <Models />, examples: () => <Examples />, corrections: () => <Corrections />, accuracy: () => <AccuracyPage />, llm: () => <LanguageModelsPage />, calls: () => <Calls />,
}

/** 智能: what the models do by themselves, how well, and how to teach them. */
export function Intelligence() {
  const { page } = useParams({ strict: false }) as { page?: string }
  const me = useMe()
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    const on = nav.current?.querySelector<HTMLElement>('.on')
    if (on && nav.current) nav.current.scrollLeft = on.offsetLeft - 16
  }, [page])
  if (!page || !(page in pages)) return <Navigate to="/intelligence/$page" params={{ page: 'overview' }} replace />
  if (!may(me, 'understand.read')) return <main className="sheet" id="main"><EmptyState icon="lock" title={t('studio.forbidden')} help={t('studio.forbidden.help')} /></main>
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('nav.intelligence')} ref={nav}>
        <h2>{t('nav.intelligence')}</h2>
        {Object.keys(pages).map((p) => <Link key={p} to="/intelligence/$page" params={{ page: p }} className={p === page ? 'on' : undefined} aria-current={p === page ? 'page' : undefined}>{t(`studio.${p}` as Key)}</Link>)}
      </nav>
      <main className="sheet spage" id="main" key={page}>{pages[page]!()}</main>
    </div>
  )
}
