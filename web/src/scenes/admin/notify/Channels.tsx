import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '~/api/problem'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { Select } from '~/scenes/ticket/FieldInput'
import { word } from '~/scenes/ticket/routeWords'
import { Page, Switch, Wait } from '~/scenes/intelligence/frame'
import { channelsQuery, eventsQuery, saveChannel, testChannel, type Channel, type ChannelField, type ChannelKind } from '~/stores/notify'
import { useNames } from '~/stores/session'
import './notify.css'

const kindName = (k: string): string => word('notify.kind', k)

/** The ways on which the company tells: each form is drawn from what its kind needs. */
export function Channels() {
  const { item } = useParams({ strict: false }) as { item?: string }
  const navigate = useNavigate()
  const query = useQuery(channelsQuery)
  const go = (to: string | undefined) => void navigate(to ? { to: '/admin/$section/$item', params: { section: 'notify-channels', item: to } } : { to: '/admin/$section', params: { section: 'notify-channels' } })
  const list = query.data?.items ?? []
  const kinds = query.data?.kinds ?? []
  const wide = typeof matchMedia === 'undefined' || matchMedia('(min-width:768px)').matches
  const at = item ?? (wide ? (list[0]?.key ?? 'new') : undefined)
  const open = list.find((c) => c.key === at)
  return (
    <Page title={t('admin.notify-channels')} help={t('notify.help')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{t('notify.new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves with-detail' : 'halves'}>
          <div className="picklist">
            {list.length === 0 && (item || wide ? <p className="f12 t3" style={{ padding: 8 }}>{t('notify.none')}</p> : <EmptyState icon="bell" title={t('notify.none.title')} help={t('notify.none.help')} />)}
            {list.map((c) => <button key={c.key} type="button" className={c.key === at ? 'on' : undefined} aria-current={c.key === at ? 'true' : undefined} onClick={() => go(c.key)}><span className="ell sp">{c.name}<span className="t3 f12">{' '}{kindName(c.kind)}</span></span><i className={c.active ? 'sdot online' : 'sdot offline'} title={t(c.active ? 'notify.on' : 'notify.off')} /></button>)}
          </div>
          <div className="detail">
            {item && <button type="button" className="btn q backup" onClick={() => go(undefined)}><Icon name="left" />{t('common.back')}</button>}
            {open ? <ChannelForm key={open.key + String(open.version)} channel={open} kind={kinds.find((k) => k.key === open.kind)} />
              : at === 'new' ? <NewChannel kinds={kinds} taken={list.map((c) => c.key)} onMade={go} />
              : at && <EmptyState icon="search" title={t('notify.gone')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function NewChannel({ kinds, taken, onMade }: { kinds: ChannelKind[]; taken: string[]; onMade: (key: string) => void }) {
  const [kind, setKind] = useState<string>()
  const chosen = kinds.find((k) => k.key === kind)
  if (chosen) {
    let key = chosen.key
    for (let n = 2; taken.includes(key); n++) key = `${chosen.key}_${n}`
    return <ChannelForm channel={{ key, kind: chosen.key, name: kindName(chosen.key), active: true }} kind={chosen} fresh onMade={onMade} />
  }
  return (
    <>
      <h2 className="h2">{t('notify.which')}</h2>
      {(['person', 'group'] as const).map((g) => (
        <section key={g}><div className="sec">{t(`notify.${g}`)}</div>
          <div className="kinds">{kinds.filter((k) => (g === 'person') === !!k.way).map((k) => <button key={k.key} type="button" className="kindcard" onClick={() => setKind(k.key)}><b className="f13">{kindName(k.key)}</b>{word('notify.kind.help', k.key) !== k.key && <span className="f12 t3">{word('notify.kind.help', k.key)}</span>}</button>)}</div></section>
      ))}
    </>
  )
}

function ChannelForm({ channel, kind, fresh, onMade }: { channel: Channel; kind?: ChannelKind; fresh?: boolean; onMade?: (key: string) => void }) {
  const { config } = useNames()
  const events = useQuery(eventsQuery).data?.events ?? []
  const [c, setC] = useState(channel)
  const [to, setTo] = useState('')
  const [test, setTest] = useState<{ ok: boolean; text: string } | 'running'>()
  const [busy, setBusy] = useState(false)
  const dirty = fresh || JSON.stringify(c) !== JSON.stringify(channel)
  const value = (f: ChannelField) => (f.type === 'secret' ? (c.secrets?.[f.key] ?? '') : (c.config?.[f.key] ?? f.default ?? ''))
  const put = (f: ChannelField, v: string) => setC((old) => (f.type === 'secret' ? { ...old, secrets: { ...old.secrets, [f.key]: v } } : { ...old, config: { ...old.config, [f.key]: v } }))
  const missing = kind?.fields.some((f) => f.required && !f.read_only && !value(f) && !(f.type === 'secret' && channel.secrets_set?.includes(f.key))) ?? false
  const probe = async () => {
    setTest('running')
    try {
      const answer = await testChannel(channel.key, to.trim())
      setTest({ ok: answer.ok, text: answer.ok ? t('notify.test.ok') : t('notify.test.failed', { error: answer.error ?? '' }) })
    } catch (error) {
      setTest({ ok: false, text: problemText(error) })
    }
  }
  return (
    <form className="rform" onSubmit={(e) => { e.preventDefault(); setBusy(true); void saveChannel(channel.key, c).then((ok) => { setBusy(false); if (ok) onMade?.(channel.key) }) }}>
      <div className="row g12"><h2 className="h2 sp">{kindName(c.kind)}</h2><span className="f12 t2">{t(c.active ? 'notify.on' : 'notify.off')}</span><Switch on={c.active} label={t('notify.active')} onChange={(active) => setC({ ...c, active })} /></div>
      <div className="two">
        <Field label={t('rules.name')} required>{(p) => <input {...p} className="inp" maxLength={100} value={c.name} onChange={(e) => setC({ ...c, name: e.target.value })} />}</Field>
        {kind?.fields.map((f) => (
          <Field key={f.key} label={named({ zh: f.zh, en: f.en })} required={f.required} help={f.type === 'secret' ? t(channel.secrets_set?.includes(f.key) ? 'notify.secret.set' : 'notify.secret.help') : f.read_only ? t('notify.readOnly') : undefined}>{(p) => (
            f.type === 'switch' ? <span className="row g8"><Switch on={value(f) === 'true'} label={named({ zh: f.zh, en: f.en })} onChange={(on) => put(f, String(on))} /></span>
            : f.type === 'choice' ? <Select {...p} label={named({ zh: f.zh, en: f.en })} value={value(f)} choices={(f.choices ?? []).map((x) => ({ id: x, text: word('notify.choice', x) }))} onChange={(v) => put(f, v)} />
            : <input {...p} className="inp" type={f.type === 'secret' ? 'password' : f.type === 'number' ? 'number' : 'text'} autoComplete="off" maxLength={4000} readOnly={f.read_only} placeholder={f.type === 'secret' && channel.secrets_set?.includes(f.key) ? '••••••••' : f.default} value={value(f)} onChange={(e) => put(f, e.target.value)} />
          )}</Field>
        ))}
      </div>
      {kind && !kind.way && (
        <>
          <Field label={t('notify.events')} help={t('notify.events.help')}>{() => <Many label={t('notify.events')} all={events.filter((e) => e.group !== 'mine').map((e) => ({ id: e.key, text: word('notice.event', e.key) }))} value={c.events ?? []} onChange={(list) => setC({ ...c, events: list })} />}</Field>
          <Field label={t('notify.teams')} help={t('notify.teams.help')}>{() => <Many label={t('notify.teams')} all={config.teams.map((x) => ({ id: x.id, text: x.name }))} value={c.team_ids ?? []} onChange={(list) => setC({ ...c, team_ids: list })} />}</Field>
        </>
      )}
      <div className="row g8" style={{ marginTop: 16 }}><Button look="p" type="submit" disabled={!dirty || missing || busy || !c.name.trim()}>{t('common.save')}</Button>{!fresh && dirty && <Button look="q" onClick={() => setC(channel)}>{t('rules.discard')}</Button>}</div>
      {!fresh && (
        <section className="testbox" aria-label={t('notify.test')}>
          <h3 className="h2">{t('notify.test')}</h3>
          <div className="row g8 wrap"><input className="inp sp" maxLength={200} value={to} placeholder={t(kind?.way ? 'notify.test.to' : 'notify.test.group')} aria-label={t('notify.test.to')} disabled={!kind?.way} onChange={(e) => setTo(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); void probe() } }} /><Button icon="send" disabled={dirty || test === 'running'} onClick={() => void probe()}>{t('notify.test.do')}</Button></div>
          {dirty && <p className="f12 t3">{t('notify.test.first')}</p>}
          {test === 'running' ? <p className="f12 t2" role="status">{t('notify.test.running')}</p> : test && <p className={test.ok ? 'f12 green' : 'f12 red'} role="status">{test.text}</p>}
        </section>
      )}
    </form>
  )
}

function Many({ label, all, value, onChange }: { label: string; all: { id: string; text: string }[]; value: string[]; onChange: (v: string[]) => void }) {
  return (
    <div className="choices people">
      {value.map((id) => <span key={id} className="chip">{all.find((x) => x.id === id)?.text ?? id}<button type="button" aria-label={t('common.clear')} onClick={() => onChange(value.filter((x) => x !== id))}><Icon name="close" size="s" /></button></span>)}
      <Select label={label} text={t('notify.add')} choices={all.filter((x) => !value.includes(x.id))} onChange={(id) => onChange([...value, id])} />
    </div>
  )
}
