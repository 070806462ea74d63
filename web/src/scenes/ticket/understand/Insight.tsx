import { useState } from 'react'
import type { Entity, Ticket, Understanding } from '~/api/types'
import { locale, messages, t, type Key } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { PlainText } from '~/parts/RichText'
import { act } from '~/stores/ticket'
import { complain, say } from '~/stores/toast'
import { show } from '~/stores/ui'
import { translate } from '~/stores/understanding'
import { jump } from './light'
import { entityWhy } from './reasons'
import { languageName } from '~/i18n/format'
import { percent } from './values'

export const entityName = (type: string): string => (`entity.${type}` in messages() ? t(`entity.${type}` as Key) : type)

const bare = (s: string): string => s.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')

/** A summary that says the same as the title says nothing. */
export const said = (title: string, lines: readonly string[]): string[] => (bare(lines.join('')) === bare(title) ? [] : [...lines])

/** Title and summary, entities, several matters, texts of attachments, translation. */
export function Insight({ ticket, u }: { ticket: Ticket; u: Understanding }) {
  const title = u.title.trim()
  const files = u.extras.filter((x) => x.kind === 'attachment')
  const summary = u.extras.findLast((x) => x.kind === 'summary')
  const lines = said(title, summary ? [summary.text] : u.summary)
  return (
    <>
      {u.matters.length > 1 && (
        <div className="matters row g8 f13"><Icon name="split" size="s" /><span className="sp">{t('matters.found', { n: u.matters.length })}</span><Button look="sm" onClick={() => show({ panel: 'matters' })}>{t('matters.open')}</Button></div>
      )}
      {(title !== '' || lines.length > 0) && (
        <div className="gist">
          <div className="sec row">{summary && <span className="aim" title={summary.model} />}<span className="sp">{t('insight.summary')}</span>{title !== '' && title !== ticket.subject && <button type="button" className="link f12" onClick={() => void act(ticket.id, 'subject', { subject: title }, { subject: title }, { text: t('said.subject'), back: { action: 'subject', input: { subject: ticket.subject } } })}>{t('insight.title.use')}</button>}</div>
          {title !== '' && <b className="f13">{title}</b>}
          {lines.length === 1 ? <p className="f13 t2">{lines[0]}</p> : lines.length > 1 && <ul className="f13 t2">{lines.map((s, i) => <li key={i}>{s}</li>)}</ul>}
        </div>
      )}
      <Entities u={u} />
      <Translation ticket={ticket} u={u} />
      {files.length > 0 && <div className="sec">{t('insight.attachments')}</div>}
      {files.map((a) => (
        <details key={a.ref ?? a.name} className="readfile f13">
          <summary><Icon name="file" size="s" /><span className="ell sp">{a.name}</span>{a.model && <span className="f12 t3 ell">{a.model}</span>}</summary>
          {a.text.trim() ? <p className="t2">{a.text}{a.truncated && '…'}</p> : <p className="t3">{t(a.code ? `insight.file.${a.code}` : 'insight.attachments.empty')}</p>}
        </details>
      ))}
    </>
  )
}

const FEW = 8

function Entities({ u }: { u: Understanding }) {
  // what a language model found where the local one did not look
  const entities = [...u.entities, ...u.extras.flatMap((x) => (x.kind === 'entities' ? (x.entities ?? []) : []))]
  const [all, setAll] = useState(false)
  if (!entities.length) return null
  const seen = new Set<string>()
  const once = entities.filter((e) => !seen.has(`${e.type}:${e.value}`) && seen.add(`${e.type}:${e.value}`))
  const shown = all ? once : once.slice(0, FEW)
  const copy = async (e: Entity) => {
    try {
      await navigator.clipboard.writeText(e.value || e.text)
      say(t('insight.copied', { value: e.value || e.text }))
    } catch (error) {
      complain(error)
    }
  }
  return (
    <div className="entities">
      <div className="sec">{t('insight.entities')}</div>
      <div className="ents">
        {shown.map((e, i) => {
          const value = entityValue(e)
          return (
            <span key={i} className="ent">
              <button type="button" className="chip" title={t(entityWhy(e.why) ? 'insight.entity.title' : 'insight.entity.plain', { name: entityName(e.type), text: e.text, why: entityWhy(e.why), share: percent(e.confidence) })} onClick={() => { if (!jump({ ...e, ...(e.in === 'body' ? { message_id: u.message_id } : {}) })) say(t('insight.notLoaded')) }}>
                <span className="t3">{entityName(e.type)}</span><span className="ell">{value}</span>
              </button>
              <IconButton icon="copy" small label={t('insight.copy', { value })} onClick={() => void copy(e)} />
            </span>
          )
        })}
        {once.length > FEW && <button type="button" className="link f12" aria-expanded={all} onClick={() => setAll(!all)}>{all ? t('insight.fewer') : t('insight.all', { n: once.length })}</button>}
      </div>
    </div>
  )
}

/** What an entity means, for people: a time as a date, an amount as money, otherwise as normalised. */
export function entityValue(e: Pick<Entity, 'type' | 'text' | 'value' | 'parts' | 'from' | 'to'>): string {
  if ((e.type === 'date' || e.type === 'time') && e.from && !Number.isNaN(Date.parse(e.from))) return when(e.from, e.to, e.type === 'date' ? (e.parts?.grain ?? 'day') : (e.parts?.grain ?? 'minute'))
  if (e.type === 'duration') return lengthOf(e.value) || e.text
  const money = e.type === 'amount' ? /^(-?[\d.]+) ([A-Z]{3})$/.exec(e.value) : null
  if (money) return new Intl.NumberFormat(locale(), { style: 'currency', currency: money[2]!, maximumFractionDigits: 2, minimumFractionDigits: 0 }).format(Number(money[1]))
  return e.value || e.text
}

/** ISO 8601 "P3D" as "3 days"; empty where there is nothing to count. */
function lengthOf(iso: string): string {
  const found = /^P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(iso) ?? []
  const units = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second']
  return units.flatMap((unit, i) => (found[i + 1] ? [new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(Number(found[i + 1]))] : [])).join(' ')
}

/** As exactly as it was said: a month stays a month, an evening is from and to. */
function when(from: string, to: string | undefined, grain: string): string {
  const styles: Record<string, Intl.DateTimeFormatOptions> = {
    year: { year: 'numeric' }, decade: { year: 'numeric' }, month: { year: 'numeric', month: 'short' }, quarter: { year: 'numeric', month: 'short' }, day: { month: 'short', day: 'numeric', weekday: 'short' },
    week: { month: 'short', day: 'numeric' }, part: { month: 'short', day: 'numeric' }, holiday: { month: 'short', day: 'numeric' },
  }
  const format = new Intl.DateTimeFormat(locale(), styles[grain] ?? { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const span = to && Date.parse(to) > Date.parse(from) && (['decade', 'quarter', 'week', 'part', 'holiday', 'daypart'].includes(grain) || (grain === 'day' && Date.parse(to) - Date.parse(from) > 90_000_000))
  return span ? format.formatRange(new Date(from), new Date(Date.parse(to) - 1000)) : format.format(new Date(from))
}

function Translation({ ticket, u }: { ticket: Ticket; u: Understanding }) {
  const [busy, setBusy] = useState(false)
  const to = locale() === 'en' ? 'en' : 'zh'
  const done = u.extras.findLast((x) => x.kind === 'translation' && x.to === to)
  if (done) {
    return (
      <div className="gist">
        <div className="sec row g4"><span className="aim" aria-hidden="true" /><span className="sp">{t('insight.translation', { language: languageName(u.language.tag) })}</span><span className="ell">{done.model}</span></div>
        <div className="f13 t2"><PlainText text={done.text} /></div>
      </div>
    )
  }
  if (!u.can_translate || u.language.tag.split('-')[0] === to) return null
  return <Button look="sm" icon="translate" className="translate" disabled={busy} onClick={() => { setBusy(true); void translate(ticket, to).finally(() => setBusy(false)) }}>{busy ? t('insight.translating') : t('insight.translate', { language: languageName(to) })}</Button>
}
