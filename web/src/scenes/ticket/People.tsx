import type { Named, Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { IconButton } from '~/parts/Button'
import { show } from '~/stores/ui'
import { Assists } from './Assists'
import { Row } from './Properties'

export function People({ ticket }: { ticket: Ticket }) {
  return (
    <section aria-label={t('side.people')}>
      <h3><span className="sp">{t('side.people')}</span><IconButton icon="plus" label={t('action.people')} small onClick={() => show({ panel: 'people' })} /></h3>
      <Assists ticket={ticket} />
      <Row label={t('side.collaborators')}><Names list={ticket.collaborators ?? []} /></Row>
      <Row label={t('side.watchers')}><Names list={ticket.watchers ?? []} /></Row>
    </section>
  )
}

function Names({ list }: { list: Named[] }) {
  if (!list.length) return <span className="t3">{t('side.nobody')}</span>
  return <span className="row g4 wrap">{list.map((p) => <span key={p.id} className="row g4"><Avatar name={p.name} size="s" />{p.name}</span>)}</span>
}
