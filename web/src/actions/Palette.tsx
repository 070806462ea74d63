import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { t, type Key } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { StatusGlyph } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Layer } from '~/parts/Layer'
import { prefs } from '~/stores/prefs'
import { suggestQuery } from '~/stores/search'
import { useStore } from '~/stores/store'
import { listing, show, ui } from '~/stores/ui'
import { viewName, viewsQuery } from '~/stores/view'
import { allowed, context, run } from './action'
import { fuzzy } from './fuzzy'
import { recent, remember } from './recent'
import { action, actions } from './registry'

/**
 * The one box. ⌘K: every action, those done last first, every view, and what is
 * found. `/`: what is found first, and the page of results with Enter.
 */
export function Palette() {
  const mode = useStore(ui, (u) => u.palette)
  const searching = mode === 'search'
  const [words, setWords] = useState('')
  const q = useDeferredValue(words.trim())
  const found = useQuery(suggestQuery(q)).data
  const views = useQuery(viewsQuery)
  const searches = useStore(prefs, (p) => p.searches)
  const [ctx] = useState(context)
  const [before] = useState(recent)
  const commands = useMemo(
    (): Choice[] => actions.filter((a) => !a.silent && allowed(a, ctx)).map((a) => ({ id: a.id, text: t(a.name), keys: a.keys, glyph: a.icon ? <Icon name={a.icon} /> : <Icon name="right" />, group: t('palette.actions') })),
    [ctx],
  )
  const places = useMemo(
    (): Choice[] => [
      ...(views.data ?? []).map((v) => ({ id: `view:${v.id}`, text: viewName(v), glyph: <Icon name="inbox" />, group: t('palette.views') })),
      ...searches.map((s, i) => ({ id: `saved:${i}`, text: s.name, glyph: <Icon name="star" />, group: t('palette.searches') })),
    ],
    [views.data, searches],
  )
  const typed = words.trim() !== ''
  const hits = typed ? hitsOf(found) : []
  const told = fuzzy(words, commands, (c) => c.text)
  const where = fuzzy(words, places, (c) => c.text)
  const number = /^[\w-]*\d{3,}$/.test(words.trim())
  const last = before.map((id) => commands.find((c) => c.id === id)).filter((c) => c !== undefined).map((c) => ({ ...c, group: t('palette.recent') }))
  const full: Choice[] = typed ? [{ id: 'results', text: t('palette.results', { q: words.trim() }), glyph: <Icon name="search" />, keys: searching ? 'Enter' : undefined, group: t('palette.search') }] : []
  const choices = !typed
    ? searching ? [...places.filter((p) => p.id.startsWith('saved:')), ...places.filter((p) => p.id.startsWith('view:'))] : [...last, ...commands.filter((c) => !last.some((l) => l.id === c.id)), ...places]
    : searching ? [...full, ...hits, ...where.slice(0, 4), ...told.slice(0, 4)]
    : number ? [...hits, ...told, ...full] : [...told.slice(0, 7), ...where.slice(0, 4), ...hits, ...full]
  const close = () => show({ palette: undefined })
  const choose = (id: string) => {
    close()
    const [kind, rest = ''] = id.split(/:(.*)/s)
    const to = (path: string, search: Record<string, string>) => ctx.go(path, search)
    switch (kind) {
      case 'results': return to('/search', { q: words.trim() })
      case 'ticket': return ctx.go(`/inbox/${listing.get().view || 'all'}/${rest}`)
      case 'view': return to(`/inbox/${rest}`, {})
      case 'saved': { const s = searches[Number(rest)]; return s && to('/search', { q: s.q, ...(s.filter ? { only: s.filter } : {}) }) }
      case 'customer': return to(`/customers/${rest}`, {})
      case 'company': return to(`/companies/${rest}`, {})
    }
    remember(id)
    // after the palette has given the focus back
    setTimeout(() => run(action(id), ctx))
  }
  return (
    <Layer label={t(searching ? 'palette.search' : 'palette.title')} onClose={close}>
      <div className="palette">
        <ChoiceList key={mode} choices={choices} onChoose={choose} search hint={t(searching ? 'palette.hint.search' : 'palette.hint')} label={t(searching ? 'palette.search' : 'palette.title')} onType={setWords} empty={t(typed ? 'palette.empty' : 'palette.start')} />
      </div>
    </Layer>
  )
}

function hitsOf(found: { tickets: { id: string; number: string; subject: string; status: string; requester?: string }[]; customers: { id: string; name: string; company?: string }[]; companies: { id: string; name: string }[] } | undefined): Choice[] {
  if (!found) return []
  const group = (kind: string) => t(`palette.${kind}` as Key)
  return [
    ...found.tickets.map((x) => ({ id: `ticket:${x.id}`, text: x.subject || t('ticket.noSubject'), sub: [x.number, x.requester].filter(Boolean).join(' · '), glyph: <StatusGlyph status={x.status as never} />, group: group('tickets') })),
    ...found.customers.map((x) => ({ id: `customer:${x.id}`, text: x.name, sub: x.company, glyph: <Avatar name={x.name} size="s" customer />, group: group('customers') })),
    ...found.companies.map((x) => ({ id: `company:${x.id}`, text: x.name, glyph: <Icon name="people" />, group: group('companies') })),
  ]
}
