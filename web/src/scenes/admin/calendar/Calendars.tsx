import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { calendarsQuery, tablesQuery } from '~/stores/calendar'
import { AssignmentForm } from './AssignmentForm'
import { CalendarForm } from './CalendarForm'
import { TableView } from './TableView'
import './calendar.css'

/** Calendars, the holiday tables that they follow, and who works by which. */
export function Calendars() {
  const { item } = useParams({ strict: false }) as { item?: string }
  const navigate = useNavigate()
  const query = useQuery(calendarsQuery)
  const tables = useQuery(tablesQuery).data ?? []
  const [all, setAll] = useState(false)
  const go = (to: string | undefined) => void navigate(to ? { to: '/admin/$section/$item', params: { section: 'calendars', item: to } } : { to: '/admin/$section', params: { section: 'calendars' } })
  const list = query.data ?? []
  const retired = list.filter((c) => c.retired).length
  const shown = list.filter((c) => all || !c.retired || c.id === item)
  const wide = typeof matchMedia === 'undefined' || matchMedia('(min-width:768px)').matches
  const at = item ?? (wide ? list.find((c) => !c.retired)?.id : undefined)
  const open = list.find((c) => c.id === at)
  const table = at?.startsWith('table-') ? at.slice(6) : undefined
  const row = (id: string, text: string, more?: React.ReactNode) => (
    <button key={id} type="button" className={id === at ? 'on' : undefined} aria-current={id === at ? 'true' : undefined} onClick={() => go(id)}><span className="ell sp">{text}</span>{more}</button>
  )
  return (
    <Page title={t('admin.calendars')} help={t('bizcal.help')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{t('bizcal.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves with-detail' : 'halves'}>
          <div className="picklist">
            <div className="sec">{t('admin.calendars')}</div>
            {shown.map((c) => row(c.id, named(c.name), c.retired ? <span className="t3 f12">{t('bizcal.retired')}</span> : undefined))}
            {retired > 0 && <button type="button" className="f12" onClick={() => setAll(!all)}>{t(all ? 'bizcal.retired.hide' : 'bizcal.retired.show', { n: retired })}</button>}
            <div className="sec">{t('bizcal.tables')}</div>
            {tables.map((x) => row(`table-${x.key}`, named(x.name), <span className="t3 f12">{t('bizcal.years', { n: x.years.length })}</span>))}
            {row('table-', t('bizcal.table.new'), <Icon name="plus" size="s" />)}
            <div className="sec">{t('bizcal.use')}</div>
            {row('assignment', t('bizcal.assignment'))}
          </div>
          <div className="detail">
            {item && <button type="button" className="btn q backup" onClick={() => go(undefined)}><Icon name="left" />{t('common.back')}</button>}
            {at === 'new' ? <CalendarForm key="new" go={go} />
            : at === 'assignment' ? <AssignmentForm />
            : table !== undefined ? <TableView key={table} tableKey={table} go={go} />
            : open ? <CalendarForm key={open.id} calendar={open} go={go} />
            : at && <EmptyState icon="search" title={t('bizcal.gone')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}
