import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { t } from '~/i18n'
import { can, useMe } from '~/stores/session'
import { Exports } from './Exports'
import { Imports } from './Imports'
import { ImportNew } from './ImportNew'
import { ImportWizard } from './ImportWizard'
import './exchange.css'

function Frame({ on, children }: { on: 'exports' | 'imports'; children: ReactNode }) {
  const me = useMe()
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('nav.exchange')}>
        <h2>{t('nav.exchange')}</h2>
        <Link to="/exports" className={on === 'exports' ? 'on' : undefined} aria-current={on === 'exports' ? 'page' : undefined}>{t('exch.exports')}</Link>
        {can(me, 'import') && <Link to="/imports" className={on === 'imports' ? 'on' : undefined} aria-current={on === 'imports' ? 'page' : undefined}>{t('exch.imports')}</Link>}
      </nav>
      <main className="sheet spage" id="main">{children}</main>
    </div>
  )
}

export const ExportsScene = () => <Frame on="exports"><Exports /></Frame>

/** The list of imports, a new one, or one of them from its columns to its undoing. */
export function ImportsScene() {
  const { import: id } = useParams({ strict: false }) as { import?: string }
  return <Frame on="imports">{id === 'new' ? <ImportNew /> : id ? <ImportWizard key={id} id={id} /> : <Imports />}</Frame>
}
