import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { t } from '~/i18n'
import { ChoiceList, type Choice } from '~/parts/ChoiceList'
import { StatusGlyph } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Layer } from '~/parts/Layer'
import { findQuery } from '~/stores/ticket'
import { listing, show } from '~/stores/ui'
import { viewName, viewsQuery } from '~/stores/view'
import { allowed, context } from './action'
import { fuzzy } from './fuzzy'
import { action, actions } from './registry'

/** ⌘K: every action, every view, and tickets by words. */
export function Palette() {
  const [words, setWords] = useState('')
  const late = useDeferredValue(words.trim())
  const found = useQuery({ ...findQuery(late, 6), placeholderData: (old) => old })
  const views = useQuery(viewsQuery)
  const [ctx] = useState(context)
  const commands = useMemo(
    (): Choice[] => [
      ...actions
        .filter((a) => !a.silent && allowed(a, ctx))
        .map((a) => ({ id: a.id, text: t(a.name), keys: a.keys, glyph: a.icon && <Icon name={a.icon} />, group: t('palette.actions') })),
      ...(views.data ?? []).map((v) => ({ id: `view:${v.id}`, text: t('palette.view', { name: viewName(v) }), glyph: <Icon name="inbox" />, group: t('palette.actions') })),
    ],
    [ctx, views.data],
  )
  const tickets: Choice[] = late
    ? (found.data?.items ?? []).map((x) => ({
        id: `ticket:${x.id}`, text: x.subject, sub: `${x.number}${x.requester ? ` · ${x.requester.name}` : ''}`, glyph: <StatusGlyph status={x.status} />, group: t('palette.tickets'),
      }))
    : []
  const matching = fuzzy(words, commands, (c) => c.text)
  const number = /^[\w-]*\d{3,}$/.test(words.trim())
  const choices = number ? [...tickets, ...matching] : [...matching.slice(0, words ? 7 : 99), ...tickets]
  const close = () => show({ palette: false })
  const choose = (id: string) => {
    close()
    const [kind, rest = ''] = id.split(/:(.*)/s)
    if (kind === 'ticket') return ctx.go(`/inbox/${listing.get().view || 'all'}/${rest}`)
    if (kind === 'view') return ctx.go(`/inbox/${rest}`)
    // after the palette has given the focus back
    setTimeout(() => action(id).perform(ctx))
  }
  return (
    <Layer label={t('palette.title')} onClose={close}>
      <div className="palette">
        <ChoiceList
          choices={choices} onChoose={choose} search hint={t('palette.hint')} label={t('palette.title')}
          onType={setWords} empty={t('palette.empty')}
        />
      </div>
    </Layer>
  )
}
