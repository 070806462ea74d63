import { useEffect, useRef, useState, type ComponentType, type KeyboardEvent } from 'react'
import type { Ticket } from '~/api/types'
import { t } from '~/i18n'
import { Avatar } from '~/parts/Avatar'
import { Button, IconButton } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { ChannelIcon, channelName, StatusGlyph } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { size } from '~/i18n/format'
import { PlainField, type FieldProps } from './PlainField'
import { useComposer, type Composing, type Kind, type SendStatus } from './useComposer'

const phone = () => matchMedia('(max-width:767px)').matches

export function Composer({ ticket }: { ticket: Ticket }) {
  const c = useComposer(ticket)
  const [Rich, setRich] = useState<ComponentType<FieldProps>>()
  const [small] = useState(phone)
  const [over, setOver] = useState(false)
  const [mentioning, setMentioning] = useState<'typed' | 'button'>()
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
      void c.submit()
    } else if (e.key === '@' && c.kind === 'note') setTimeout(() => setMentioning('typed'))
    else if (e.key === 'Escape') (e.target as HTMLElement).blur()
  }
  const hint = c.kind === 'note' ? t('composer.note.hint') : t('composer.reply.hint', { name: ticket.requester?.name ?? t('composer.customer') })
  const Writing = Rich ?? PlainField
  const field = <Writing ref={c.writer} content={c.content} onChange={c.type} onKeyDown={press} label={hint} autoFocus={focused.current} />
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
    onBlur: () => (focused.current = false),
  }
  if (small) {
    return (
      <div className={c.kind === 'note' ? 'dock-phone is-note' : 'dock-phone'} {...drop}>
        <Uploads c={c} />
        <div className="row g4">
          {attach}
          <div className="in">{field}<button type="button" className="note-toggle" aria-pressed={c.kind === 'note'} onClick={() => c.setKind(c.kind === 'note' ? 'reply' : 'note')}><Icon name="lock" size="s" />{t('composer.note')}</button></div>
          <button type="button" className="send-round" aria-label={t('composer.send')} disabled={!c.ready} onClick={() => void c.submit()}><Icon name="send" /></button>
        </div>
      </div>
    )
  }
  return (
    <div className={['dock', c.kind === 'note' && 'is-note', over && 'over'].filter(Boolean).join(' ')} {...drop}>
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
      <Uploads c={c} />
      <div className="tools">
        {attach}
        {c.kind === 'note' && (
          <Pop placement="topLeft" open={!!mentioning} onOpen={(o) => setMentioning(o ? 'button' : undefined)} content={(close) => (
            <ChoiceList search hint={t('assign.hint')} label={t('composer.mention')} choices={c.staff.map((s) => ({ id: s.id, text: s.name, glyph: <Avatar name={s.name} size="s" /> }))}
              onChoose={(id) => { close(); c.mention(id, mentioning === 'typed') }} />
          )}>
            <IconButton icon="at" label={t('composer.mention')} keys="@" />
          </Pop>
        )}
        <span className="sp" />
        <span className="f12 t3 ell" style={{ marginRight: 12 }} aria-live="polite">{c.draft === 'saved' ? t('composer.draft.saved') : c.draft === 'local' ? t('composer.draft.local') : ''}</span>
        <span className="split">
          <Button look="p" keys="Mod+Enter" disabled={!c.ready} onClick={() => void c.submit()}>{t(c.kind === 'note' ? 'composer.addNote' : 'composer.send')}</Button>
          <SendMenu c={c} ticket={ticket} />
        </span>
      </div>
    </div>
  )
}

function SendMenu({ c, ticket }: { c: Composing; ticket: Ticket }) {
  const choices = (['pending', 'open', 'solved'] as SendStatus[]).filter((s) => s !== ticket.status || s === 'solved').map((s) => ({ id: s, text: t(c.kind === 'note' ? `composer.noteAs.${s as 'open'}` : `composer.sendAs.${s as 'open'}`), glyph: <StatusGlyph status={s} /> }))
  return (
    <Pop placement="topRight" content={(close) => <ChoiceList label={t('composer.sendMenu')} choices={choices} onChoose={(id) => { close(); void c.submit(id as SendStatus) }} />}>
      <button type="button" className="btn p" aria-label={t('composer.sendMenu')} disabled={!c.ready}><Icon name="down" size="s" /></button>
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
