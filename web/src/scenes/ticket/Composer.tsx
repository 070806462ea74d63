import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState, type ComponentType, type KeyboardEvent } from 'react'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { clock, exact, size } from '~/i18n/format'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { ChannelIcon, channelName, StatusGlyph } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { Skeleton } from '~/parts/State'
import { useNow } from '~/parts/Time'
import { writingQuery } from '~/stores/phrase'
import { useStore } from '~/stores/store'
import { viewers } from '~/stores/viewing'
import { Later } from './Later'
import { PlainField, type FieldProps } from './PlainField'
import { Suggest } from './Suggest'
import { jump } from './Timeline'
import { useComposer, type Composing, type Kind, type SendStatus } from './useComposer'

const EmojiPicker = lazy(() => import('./EmojiPicker'))
const phone = () => matchMedia('(max-width:767px)').matches

export function Composer({ ticket }: { ticket: Ticket }) {
  const c = useComposer(ticket)
  const [Rich, setRich] = useState<ComponentType<FieldProps>>()
  const [small] = useState(phone)
  const [over, setOver] = useState(false)
  const [menu, setMenu] = useState(false)
  const focused = useRef(false)
  const picker = useRef<HTMLInputElement>(null)

  // the editor comes when the page has nothing better to do, or at the first touch
  const load = () => {
    if (!small && !Rich) void import('./Editor').then((m) => setRich(() => m.Editor)).catch(() => undefined)
  }
  const loading = useRef(load)
  loading.current = load
  useEffect(() => {
    const timer = setTimeout(() => loading.current(), 600)
    return () => clearTimeout(timer)
  }, [])

  const press = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault()
      if (e.shiftKey) setMenu(c.ready)
      else void c.submit()
    } else if (e.key === 'Escape') (e.target as HTMLElement).blur()
  }
  const hint = c.kind === 'note' ? t('composer.note.hint') : t('composer.reply.hint', { name: ticket.requester?.name ?? t('composer.customer') })
  const Writing = Rich ?? PlainField
  const field = <Writing ref={c.writer} content={c.content} onChange={c.type} onKeyDown={press} onKey={c.suggest.press} onMove={c.suggest.look} label={hint} autoFocus={focused.current} />
  const attach = (
    <>
      <IconButton icon="clip" label={t('composer.attach')} onClick={() => picker.current?.click()} />
      <input ref={picker} type="file" multiple hidden onChange={(e) => { c.files.add([...(e.target.files ?? [])]); e.target.value = '' }} />
    </>
  )
  const drop = {
    onPaste: (e: React.ClipboardEvent) => {
      const files = [...e.clipboardData.files]
      if (files.length) { e.preventDefault(); c.files.add(files) }
    },
    onDragOver: (e: React.DragEvent) => { if (e.dataTransfer.types.includes('Files')) { e.preventDefault(); setOver(true) } },
    onDragLeave: () => setOver(false),
    onDrop: (e: React.DragEvent) => { e.preventDefault(); setOver(false); c.files.add([...e.dataTransfer.files]) },
    onFocus: () => { focused.current = true; load() },
    onBlur: (e: React.FocusEvent) => { focused.current = false; if (!e.currentTarget.contains(e.relatedTarget)) c.suggest.close() },
  }
  const above = (
    <>
      <Typing ticket={ticket} />
      {c.fresh && c.kind === 'reply' && (
        <div className={c.held ? 'news held' : 'news'} role={c.held ? 'alert' : 'status'}>
          <Icon name="warn" size="s" /><span className="sp">{t('composer.newer', { name: c.fresh.author.name || ticket.requester?.name || t('composer.customer') })}</span>
          <button type="button" className="link" onClick={() => { jump(); if (!c.held) c.accept() }}>{t('composer.newer.see')}</button>
          {c.held ? <button type="button" className="link" onClick={() => void c.submit(undefined, true)}>{t('composer.newer.anyway')}</button> : <button type="button" className="link" onClick={c.accept}>{t('composer.newer.seen')}</button>}
        </div>
      )}
    </>
  )
  if (small) {
    return (
      <div className="dockbox" {...drop}>
        {above}
        <Suggest s={c.suggest} />
        <div className={c.kind === 'note' ? 'dock-phone is-note' : 'dock-phone'}>
          <Uploads c={c} />
          <div className="row g4">
            {attach}
            <div className="in">{field}<button type="button" className="note-toggle" aria-pressed={c.kind === 'note'} onClick={() => c.setKind(c.kind === 'note' ? 'reply' : 'note')}><Icon name="lock" size="s" />{t('composer.note')}</button></div>
            <SendMenu c={c} ticket={ticket} open={menu} onOpen={setMenu} round />
            <button type="button" className="send-round" aria-label={t('composer.send')} disabled={!c.ready} onClick={() => void c.submit()}><Icon name="send" /></button>
          </div>
        </div>
      </div>
    )
  }
  return (
    <div className="dockbox" {...drop}>
      {above}
      <Suggest s={c.suggest} />
      <div className={['dock', c.kind === 'note' && 'is-note', over && 'over'].filter(Boolean).join(' ')}>
        <div className="tabs">
          <div className="row" role="tablist" aria-label={t('composer.title')}>{(['reply', 'note'] as Kind[]).map((k) => (
            <button key={k} type="button" role="tab" aria-selected={c.kind === k} className={c.kind === k ? 't on' : 't'} onClick={() => { c.setKind(k); c.writer.current?.focus() }}>{t(k === 'note' ? 'action.note' : 'action.reply')}</button>
          ))}</div>
          <span className="sp" />
          <span className="f12 t3 row g4 ell">
            {c.kind === 'note' ? <><Icon name="lock" size="s" />{t('composer.note.private')}</> : <><ChannelIcon channel={ticket.channel} /><span className="ell">{t('composer.to', { channel: channelName(ticket.channel), name: ticket.requester?.name ?? t('composer.customer') })}</span></>}
          </span>
        </div>
        {field}
        <Sign ticket={ticket} shown={c.kind === 'reply' && c.content.text.trim() !== ''} />
        <Uploads c={c} />
        <div className="tools">
          {attach}
          <IconButton icon="bolt" label={t('quick.title')} keys="/" onMouseDown={(e) => e.preventDefault()} onClick={() => { c.writer.current?.focus(); c.start('/') }} />
          <Faces c={c} />
          {c.kind === 'note' && <IconButton icon="at" label={t('composer.mention')} keys="@" onMouseDown={(e) => e.preventDefault()} onClick={() => { c.writer.current?.focus(); c.start('@') }} />}
          <span className="gap" />
          <span className="sp" />
          <DraftState c={c} />
          <span className="split">
            <Button look="p" keys="Mod+Enter" disabled={!c.ready} onClick={() => void c.submit()}>{t(c.kind === 'note' ? 'composer.addNote' : 'composer.send')}</Button>
            <SendMenu c={c} ticket={ticket} open={menu} onOpen={setMenu} />
          </span>
        </div>
      </div>
    </div>
  )
}

function DraftState({ c }: { c: Composing }) {
  const now = useNow()
  const text = c.draft === 'saved' ? (c.savedAt ? t('composer.draft.at', { at: clock(c.savedAt, now) }) : t('composer.draft.saved')) : c.draft === 'local' ? t('composer.draft.local') : c.draft === 'typing' ? t('composer.draft.saving') : ''
  return <span className={c.draft === 'local' ? 'f12 amber ell draft' : 'f12 t3 ell draft'} aria-live="polite" title={c.draft === 'saved' && c.savedAt ? exact(c.savedAt) : undefined}>{text}</span>
}

/** Who else is writing at this moment. */
function Typing({ ticket }: { ticket: Ticket }) {
  const there = useStore(viewers, (v) => v[ticket.id]) ?? []
  const line = (kind: 'reply' | 'note') => {
    const names = there.filter((p) => p.typing === kind).map((p) => p.name)
    return names.length ? t(kind === 'reply' ? 'viewing.typing' : 'viewing.typing.note', { names: names.join(t('common.and')) }) : ''
  }
  const text = [line('reply'), line('note')].filter(Boolean).join(' · ')
  return <div className="typing f12" role="status">{text && <><span className="pulse" aria-hidden="true"><i /><i /><i /></span>{text}</>}</div>
}

/** What goes under a mail, as the customer will see it. */
function Sign({ ticket, shown }: { ticket: Ticket; shown: boolean }) {
  const text = useQuery({ ...writingQuery(ticket.id), enabled: shown && ticket.channel === 'email' }).data?.signature
  if (!shown || !text || ticket.channel !== 'email') return null
  return <details className="sign-off"><summary className="f12 t3">{t('signature.show')}<span className="ell">{text.split('\n')[0]}</span></summary><div className="plain t3">{text}</div></details>
}

function Faces({ c }: { c: Composing }) {
  const [open, setOpen] = useState(false)
  return (
    <Pop placement="topLeft" width={296} open={open} onOpen={setOpen} content={(close) => (
      <Suspense fallback={<Skeleton height={200} />}><EmojiPicker onChoose={(sign) => { close(); setTimeout(() => c.writer.current?.insert(sign)) }} /></Suspense>
    )}><IconButton icon="smile" label={t('emoji.title')} /></Pop>
  )
}

/** Send and set a status, or send at a time. */
function SendMenu({ c, ticket, open, onOpen, round }: { c: Composing; ticket: Ticket; open: boolean; onOpen: (open: boolean) => void; round?: boolean }) {
  const [when, setWhen] = useState(false)
  const set = (next: boolean) => { onOpen(next); if (!next) setWhen(false) }
  const choices = (['pending', 'open', 'solved'] as SendStatus[]).filter((s) => s !== ticket.status || s === 'solved').map((s) => ({ id: s as string, text: t(c.kind === 'note' ? `composer.noteAs.${s as 'open'}` : `composer.sendAs.${s as 'open'}`), glyph: <StatusGlyph status={s} /> }))
  if (c.kind === 'reply') choices.push({ id: 'later', text: t('composer.later'), glyph: <Icon name="clock" /> })
  return (
    <Pop placement="topRight" open={open} onOpen={set} content={(close) => (when
      ? <Later onChoose={(at) => { close(); void c.later(at) }} />
      : <ChoiceList key="send" label={t('composer.sendMenu')} choices={choices} onChoose={(id) => { if (id === 'later') return setWhen(true); close(); void c.submit(id as SendStatus) }} />)}>
      {round
        ? <button type="button" className="ib menu-round" aria-label={t('composer.sendMenu')} disabled={!c.ready}><Icon name="down" /></button>
        : <button type="button" className="btn p" aria-label={t('composer.sendMenu')} title={`${t('composer.sendMenu')} Ctrl+Shift+↵`} disabled={!c.ready}><Icon name="down" size="s" /></button>}
    </Pop>
  )
}

function Uploads({ c }: { c: Composing }) {
  if (!c.files.files.length) return null
  return (
    <div className="uploads">
      {c.files.files.map((f) => (
        <div key={f.key} className={f.error ? 'upload bad' : 'upload'}>
          <Icon name={f.file.type.startsWith('image/') ? 'image' : 'file'} size="s" />
          <span className="ell sp" title={f.error ?? f.name}>{f.error ?? f.name}</span>
          {f.error ? <button type="button" className="link f12" onClick={() => c.files.again(f.key)}>{t('common.retry')}</button> : <span className="t3 f12 nw">{f.done ? size(f.size) : `${Math.round(f.share * 100)}%`}</span>}
          <IconButton icon="close" label={t('composer.removeFile')} small onClick={() => c.files.remove(f.key)} />
          {!f.done && !f.error && <div className="bar"><i style={{ width: `${f.share * 100}%` }} /></div>}
        </div>
      ))}
    </div>
  )
}
