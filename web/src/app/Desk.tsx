import { Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { startLive, link } from '~/api/live'
import { useNavigation } from '~/actions/action'
import { KeySheet } from '~/actions/KeySheet'
import { Palette } from '~/actions/Palette'
import { useKeys } from '~/actions/useKeys'
import { t } from '~/i18n'
import { Icon } from '~/parts/Icon'
import { onPushClick } from '~/stores/push'
import { onNoticeOpen } from '~/stores/ring'
import { asked } from '~/stores/exchange'
import { expired } from '~/stores/session'
import { useStore } from '~/stores/store'
import { ui } from '~/stores/ui'
import { BottomTabs } from './BottomTabs'
import { IncidentBanner } from './IncidentBanner'
import { Rail } from './Rail'
import { SignInOverlay } from './SignInOverlay'
import { ViewBanner } from './ViewBanner'
import { Alarms } from './state/Alarms'
import { Offers } from './state/Offers'
import './shell.css'
import './state/state.css'

const ExportDialog = lazy(() => import('~/scenes/exchange/ExportDialog').then((m) => ({ default: m.ExportDialog })))

/** The frame round every scene of the desk. */
export function Desk() {
  const navigate = useNavigate()
  useNavigation((to, search) => void navigate({ to, search: (search ?? true) as never }))
  useKeys()
  useEffect(startLive, [])
  useEffect(() => onNoticeOpen((ticket) => void navigate({ to: '/inbox/$view/$ticket', params: { view: 'all', ticket }, search: {} })), [navigate])
  useEffect(() => onPushClick((path) => void navigate({ to: path, search: true as never })), [navigate])
  const palette = useStore(ui, (u) => u.palette)
  const keySheet = useStore(ui, (u) => u.keys)
  const connection = useStore(link)
  const out = useStore(expired)
  const taking = useStore(asked)
  return (
    <>
      <a className="hide skip" href="#main">{t('app.skip')}</a>
      <div className="app">
        <Rail />
        <div className="stage">
          {connection === 'lost' && <div className="banner" role="status"><Icon name="warn" size="s" />{t(navigator.onLine ? 'live.stale' : 'live.offline')}</div>}
          <ViewBanner />
          <IncidentBanner />
          <Outlet />
        </div>
        <BottomTabs />
      </div>
      <div className="floats"><Alarms /><Offers /></div>
      {palette && <Palette />}
      {taking && <Suspense fallback={null}><ExportDialog ask={taking} /></Suspense>}
      {keySheet && <KeySheet />}
      {out && <SignInOverlay />}
    </>
  )
}
