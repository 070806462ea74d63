import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { ActionButton } from '~/actions/ActionButton'
import type { View } from '~/api/types'
import { t } from '~/i18n'
import { count } from '~/i18n/format'
import { IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { Skeleton } from '~/parts/State'
import { useDrag } from '~/parts/useDrag'
import { useMe, useNames } from '~/stores/session'
import { complain, say } from '~/stores/toast'
import { arrange, arranged, bodyOf, changeView, countsQuery, grouped, removeView, sameName, saveView, viewName, type Group } from '~/stores/view'
import { mayShape } from './ViewChanges'

async function remove(view: View): Promise<void> {
  try {
    await removeView(view.id)
    say(t('views.removed'), { undo: () => saveView(bodyOf(view)) })
  } catch (error) {
    complain(error)
  }
}

export function Views({ views, current }: { views?: View[]; current: string }) {
  const { team } = useNames()
  const me = useMe()
  const groups = views ? grouped(views, team) : []
  const groupOf = (id: string) => groups.find((g) => [...g.views, ...g.folders.flatMap((f) => f.views)].some((v) => v.id === id))
  const put = (group: Group, id: string, over: string, place: 'before' | 'into' | 'after') => {
    const mine = arranged(group, id, over, place).filter((v) => mayShape(me, views?.find((x) => x.id === v.id)))
    void arrange(mine)
  }
  const [drag, take] = useDrag<string>((id, over, place) => {
    const group = groupOf(id)
    if (group && (over.startsWith('folder:') || groupOf(over) === group)) put(group, id, over, place)
  })
  const row = (view: View, group: Group) => (
    <ViewRow key={view.id} view={view} current={current} group={group} put={put} shaped={mayShape(me, view)} take={take(view.id)}
      drop={drag && drag.over === view.id && drag.item !== view.id && groupOf(drag.item) === group ? (drag.place === 'before' ? 'before' : 'after') : undefined} dragged={drag?.item === view.id} />
  )
  return (
    <nav className="views" aria-label={t('views.title')}>
      <div className="row head"><h2 className="sp">{t('nav.inbox')}</h2><ActionButton id="app.create" bare /></div>
      <div className="scroll">
        {!views && <div style={{ padding: 8, display: 'grid', gap: 16 }}>{[70, 55, 80, 60, 75].map((w) => <Skeleton key={w} width={`${w}%`} />)}</div>}
        {groups.map((group) => (
          <section key={`${group.scope}:${group.name}`}>
            <div className="sec">{group.name}</div>
            {group.views.map((view) => row(view, group))}
            {group.folders.map((f) => (
              <details key={f.name} className={drag?.over === `folder:${f.name}` ? 'vfolder over' : 'vfolder'} open>
                <summary data-drop={`folder:${f.name}`}><Icon name="right" size="s" /><span className="ell">{f.name}</span></summary>
                {f.views.map((view) => row(view, group))}
              </details>
            ))}
          </section>
        ))}
      </div>
    </nav>
  )
}

interface RowOf { view: View; current: string; group: Group; shaped: boolean; drop?: 'before' | 'after'; dragged: boolean; take: (e: React.PointerEvent) => void; put: (group: Group, id: string, over: string, place: 'before' | 'into' | 'after') => void }

function ViewRow({ view, current, group, shaped, drop, dragged, take, put }: RowOf) {
  const counts = useQuery(countsQuery).data
  const [form, setForm] = useState<'name' | 'folder'>()
  const beside = (view.folder ? group.folders.find((f) => f.name === view.folder)!.views : group.views).filter((v) => v.scope !== 'shipped')
  const at = beside.indexOf(view)
  const act = (id: string, close: () => void) => {
    if (id === 'name' || id === 'folder') return setForm(id)
    close()
    if (id === 'remove') return void remove(view)
    const other = beside[at + (id === 'up' ? -1 : 1)]
    if (other) put(group, view.id, other.id, id === 'up' ? 'before' : 'after')
  }
  const change = async (change: Parameters<typeof changeView>[1], close: () => void) => {
    close()
    try {
      const saved = await changeView(view, change)
      say(t('views.changed'), { undo: () => changeView(saved, bodyOf(view)) })
    } catch (error) {
      complain(error)
    }
  }
  return (
    <div className={['vrow', drop && `drop-${drop}`, dragged && 'dragged'].filter(Boolean).join(' ')} data-drop={shaped ? view.id : undefined} onPointerDown={(e) => shaped && e.currentTarget.contains(e.target as Node) && take(e)}>
      <Link to="/inbox/$view" params={{ view: view.id }} search={{}} draggable={false} className={view.id === current ? 'on' : undefined} aria-current={view.id === current ? 'page' : undefined}>
        <span className="ell">{viewName(view)}</span>
        <span>{count(counts?.[view.id])}</span>
      </Link>
      {shaped && (
        <Pop placement="rightTop" onOpen={(o) => o && setForm(undefined)} content={(close) =>
          form === 'name' ? <OneLine label={t('views.name')} value={viewName(view)} max={80} done={(name) => void change({ name: sameName(name) }, close)} />
          : form === 'folder' ? <OneLine label={t('views.folder')} value={view.folder ?? ''} max={60} empty done={(folder) => { close(); put(group, view.id, `folder:${folder}`, 'into') }} />
          : (
            <ChoiceList label={viewName(view)} choices={[
              { id: 'name', text: t('views.rename'), glyph: <Icon name="pen" /> }, { id: 'folder', text: t('views.toFolder'), glyph: <Icon name="folder" /> },
              { id: 'up', text: t('views.up'), glyph: <Icon name="up" />, disabled: at <= 0 }, { id: 'down', text: t('views.down'), glyph: <Icon name="down" />, disabled: at === beside.length - 1 },
              { id: 'remove', text: t('views.remove'), glyph: <Icon name="close" />, danger: true },
            ]} onChoose={(id) => act(id, close)} />
          )}>
          <IconButton icon="dots" label={t('views.more', { name: viewName(view) })} small />
        </Pop>
      )}
    </div>
  )
}

function OneLine({ label, value, max, empty, done }: { label: string; value: string; max: number; empty?: boolean; done: (text: string) => void }) {
  const [text, setText] = useState(value)
  return (
    <form className="popform row g8 single" onSubmit={(e: FormEvent) => { e.preventDefault(); done(text.trim()) }}>
      <input className="inp" autoFocus required={!empty} maxLength={max} value={text} aria-label={label} placeholder={label} onChange={(e) => setText(e.target.value)} />
      <button className="btn p" type="submit">{t('common.done')}</button>
    </form>
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
