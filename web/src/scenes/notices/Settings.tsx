import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { messages, t, type Key } from '~/i18n'
import { clock } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { useNow } from '~/parts/Time'
import { When } from '~/parts/When'
import { Page, Switch, useDraft, Wait } from '~/scenes/intelligence/frame'
import { eventsQuery, prefsQuery, savePrefs, type NoticeEvent, type NoticePrefs } from '~/stores/notify'
import { leavePushes, pushable, pushID, takePushes } from '~/stores/push'
import { sound } from '~/stores/ring'

const word = (kind: string, key: string): string => (`${kind}.${key}` in messages() ? t(`${kind}.${key}` as Key) : key)
export const eventName = (key: string): string => word('notice.event', key)
export const wayName = (key: string): string => word('notice.way', key)
const groups = ['mine', 'team', 'sla', 'system'] as const
const digests = [0, 15, 60, 240] as const
const addresses = ['sms', 'wecom', 'dingtalk', 'feishu'] as const

/** How one wants to be told: events by ways, quiet hours, digests, this machine. */
export function Settings() {
  const query = useQuery(prefsQuery)
  const events = useQuery(eventsQuery)
  const now = useNow()
  const saved = query.data
  const save = (part: Partial<NoticePrefs>) => { if (saved) void savePrefs({ ...saved, ...part }, saved) }
  const ways = (saved?.channels ?? events.data?.channels ?? []).filter((w) => w.on || w.key === 'in_app')
  const value = (e: NoticeEvent, way: string): boolean => saved?.events?.[e.key]?.[way] ?? (e.channels ?? []).includes(way as never)
  const put = (e: NoticeEvent, way: string, on: boolean) => {
    const own = { ...saved?.events?.[e.key] }
    if (on === (e.channels ?? []).includes(way as never)) delete own[way]
    else own[way] = on
    const all = { ...saved?.events, [e.key]: own }
    if (Object.keys(own).length === 0) delete all[e.key]
    save({ events: all })
  }
  const desktop = async (on: boolean) => {
    if (on && 'Notification' in window && Notification.permission !== 'granted' && (await Notification.requestPermission()) !== 'granted') return
    save({ desktop: on })
  }
  const quiet = saved?.quiet ?? { on: false, from: '22:00', to: '08:00' }
  const until = (hours: number) => save({ mute_until: hours ? new Date(Date.now() + hours * 3_600_000).toISOString() : undefined })
  const muted = saved?.mute_until && Date.parse(saved.mute_until) > now
  return (
    <Page title={t('notice.page.settings')} help={t('notice.settings.help')}>
      <Wait query={query}>
        {saved && (
          <>
            <h2 className="h2">{t('notice.machine')}</h2>
            <div className="setrow"><span className="sp"><b className="f13">{t('notice.sound')}</b><span className="f12 t3">{t('notice.sound.help')}</span></span><Button look="q sm" onClick={() => sound(false)}>{t('notice.sound.try')}</Button><Switch on={saved.sound} label={t('notice.sound')} onChange={(on) => save({ sound: on })} /></div>
            <div className="setrow"><span className="sp"><b className="f13">{t('notice.desktop')}</b><span className="f12 t3">{t('Notification' in window && Notification.permission === 'denied' ? 'notice.desktop.denied' : 'notice.desktop.help')}</span></span><Switch on={saved.desktop} label={t('notice.desktop')} disabled={!('Notification' in window)} onChange={(on) => void desktop(on)} /></div>
            <Pushes saved={saved} />
            <div className="setrow"><span className="sp"><b className="f13">{t('notice.mute')}</b><span className="f12 t3">{muted ? t('notice.mute.until', { at: clock(saved.mute_until!, now) }) : t('notice.mute.help')}</span></span>
              {muted ? <Button look="sm" onClick={() => until(0)}>{t('notice.mute.end')}</Button> : [1, 4, 24].map((h) => <Button key={h} look="sm" onClick={() => until(h)}>{t('time.hours', { n: h })}</Button>)}</div>

            <h2 className="h2">{t('notice.quiet')}</h2>
            <div className="setrow"><span className="sp f12 t3">{t('notice.quiet.help')}</span><Switch on={quiet.on} label={t('notice.quiet')} onChange={(on) => save({ quiet: { ...quiet, on, from: quiet.from || '22:00', to: quiet.to || '08:00' } })} /></div>
            {quiet.on && (
              <div className="row g8 wrap qrow">
                <When kind="time" small required label={t('notice.quiet.from')} value={quiet.from} onChange={(from) => from && from !== quiet.from && save({ quiet: { ...quiet, from } })} />
                <span className="t3 f13">{t('notice.quiet.to')}</span>
                <When kind="time" small required label={t('notice.quiet.until')} value={quiet.to} onChange={(to) => to && to !== quiet.to && save({ quiet: { ...quiet, to } })} />
                <div className="segment days" role="group" aria-label={t('notice.quiet.days')}>
                  {[1, 2, 3, 4, 5, 6, 0].map((d) => { const list = quiet.days ?? []; const on = list.length === 0 || list.includes(d); return <button key={d} type="button" role="checkbox" aria-checked={on} onClick={() => { const all = list.length ? list : [0, 1, 2, 3, 4, 5, 6]; const next = on ? all.filter((x) => x !== d) : [...all, d]; save({ quiet: { ...quiet, days: next.length === 7 || next.length === 0 ? [] : next } }) }}>{t(`day.${d}` as Key)}</button> })}
                </div>
              </div>
            )}

            <h2 className="h2">{t('notice.what')}</h2>
            <p className="f13 t2 lead">{t('notice.what.help')}</p>
            <Wait query={events}>
              {events.data && (
                <div className="scroll-x">
                  <table className="tbl ntab">
                    <thead><tr><th scope="col">{t('notice.what')}</th>{ways.map((w) => <th scope="col" key={w.key} className="c">{wayName(w.key)}{!w.ready && <span className="amber" title={t('notice.notReady')}>{' *'}</span>}</th>)}</tr></thead>
                    <tbody>
                      {groups.map((g) => {
                        const list = events.data.events.filter((e) => e.group === g)
                        return list.length > 0 && (
                          <Fragment key={g}>
                            <tr className="grp"><th colSpan={ways.length + 1} scope="rowgroup">{t(`notice.group.${g}`)}</th></tr>
                            {list.map((e) => <tr key={e.key}><th scope="row">{eventName(e.key)}{e.urgent && <span className="chip red">{t('notice.urgent')}</span>}</th>{ways.map((w) => <td key={w.key} className="c"><input type="checkbox" aria-label={t('notice.by', { event: eventName(e.key), way: wayName(w.key) })} checked={value(e, w.key)} disabled={e.urgent && w.key === 'in_app'} onChange={(x) => put(e, w.key, x.target.checked)} /></td>)}</tr>)}
                          </Fragment>
                        )
                      })}
                    </tbody>
                  </table>
                </div>
              )}
            </Wait>
            {ways.some((w) => !w.ready) && <p className="f12 amber">{t('notice.notReady.help')}</p>}

            <h2 className="h2">{t('notice.digest')}</h2>
            <p className="f13 t2 lead">{t('notice.digest.help')}</p>
            {ways.filter((w) => w.key !== 'in_app').map((w) => (
              <div key={w.key} className="setrow"><span className="sp f13">{wayName(w.key)}</span>
                <div className="segment" role="radiogroup" aria-label={t('notice.digest.of', { way: wayName(w.key) })}>{digests.map((n) => <button key={n} type="button" role="radio" aria-checked={n === (saved.digest?.[w.key] ?? 0)} onClick={() => save({ digest: { ...saved.digest, [w.key]: n } })}>{n === 0 ? t('notice.digest.now') : n < 60 ? t('time.minutes', { n }) : t('time.hours', { n: n / 60 })}</button>)}</div></div>
            ))}
            {ways.every((w) => w.key === 'in_app') && <p className="f13 t3">{t('notice.ways.none')}</p>}
            {ways.some((w) => (addresses as readonly string[]).includes(w.key)) && <Addresses saved={saved} ways={ways.map((w) => w.key)} save={save} />}
          </>
        )}
      </Wait>
    </Page>
  )
}

/** Pushes to this browser while no page is open, and the other browsers that take them. */
function Pushes({ saved }: { saved: NoticePrefs }) {
  const now = useNow()
  const [busy, setBusy] = useState(false)
  const list = saved.browsers ?? []
  const here = list.find((b) => b.id === pushID())
  const key = saved.web_push_key
  const turn = async (on: boolean) => {
    setBusy(true)
    if (on && key) await takePushes(key)
    else await leavePushes()
    setBusy(false)
  }
  return (
    <>
      <div className="setrow"><span className="sp"><b className="f13">{t('notice.push')}</b><span className="f12 t3">{t(!key ? 'notice.push.notset' : !pushable() ? 'notice.push.cannot' : 'notice.push.help')}</span></span><Switch on={!!here} label={t('notice.push')} disabled={busy || !key || !pushable()} onChange={(on) => void turn(on)} /></div>
      {list.filter((b) => b !== here).map((b) => <div key={b.id} className="setrow"><span className="sp f12 t2 ell" title={b.agent}>{t('notice.push.other', { agent: browserName(b.agent), at: clock(b.at, now) })}</span><Button look="q sm" onClick={() => void leavePushes(b.id)}>{t('notice.push.remove')}</Button></div>)}
    </>
  )
}

/** What a browser calls itself, short: Chrome · Windows. */
export function browserName(agent = ''): string {
  const name = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : ''
  const on = /Windows/.test(agent) ? 'Windows' : /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Mac OS X/.test(agent) ? 'macOS' : /Linux/.test(agent) ? 'Linux' : ''
  return [name, on].filter(Boolean).join(' · ') || agent.slice(0, 40)
}

function Addresses({ saved, ways, save }: { saved: NoticePrefs; ways: string[]; save: (part: Partial<NoticePrefs>) => void }) {
  const [draft, setDraft, dirty] = useDraft(saved.addresses)
  const [n, setN] = useState(0)
  return (
    <form onSubmit={(e) => { e.preventDefault(); save({ addresses: draft }); setN(n + 1) }}>
      <h2 className="h2">{t('notice.addresses')}</h2>
      <div className="two">{addresses.filter((a) => ways.includes(a)).map((a) => <Field key={a} label={wayName(a)} help={t(`notice.address.${a}`)}>{(p) => <input {...p} className="inp" maxLength={64} value={draft?.[a] ?? ''} onChange={(e) => setDraft({ ...draft, [a]: e.target.value })} />}</Field>)}</div>
      <div className="row" style={{ marginTop: 12 }}><Button look="p" type="submit" disabled={!dirty}>{t('common.save')}</Button></div>
    </form>
  )
}
