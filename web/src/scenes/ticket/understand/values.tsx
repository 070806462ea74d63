// Decided values as people call them.
import type { Decision, Priority, RiskKind } from '~/api/types'
import { locale, messages, named, t, type Key } from '~/i18n'
import { languageName } from '~/i18n/format'
import type { Choice } from '~/parts/ChoiceList'
import { PriorityBars, priorityName } from '~/parts/Glyph'
import { Mood } from '~/parts/Mood'
import { priorities } from '~/scenes/inbox/filterChoices'
import type { Names } from '~/stores/session'

export const decidedFields = ['type', 'category', 'priority', 'sentiment', 'risk', 'language'] as const

export const fieldName = (field: string): string => (`decided.${field}` in messages() ? t(`decided.${field}` as Key) : field)

export function valueText(field: string, value: string | undefined, names: Names): string {
  if (value === undefined || value === '') return t('common.none')
  switch (field) {
    case 'type': return names.type(value)
    case 'category': return names.category(value) || t('decided.gone')
    case 'priority': return priorityName(value as Priority)
    case 'language': return languageName(value)
    case 'sentiment': return t(`mood.${value}` as Key)
    case 'risk': return t(`risk.level.${value}` as Key)
  }
  return value
}

export const percent = (x: number): string => new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 0 }).format(x)

/** How sure, in words: a bare percentage says more than anybody knows. */
export function sureness(x: number): string {
  return t(x >= 0.95 ? 'sure.certain' : x >= 0.85 ? 'sure.confident' : x >= 0.7 ? 'sure.fairly' : x >= 0.5 ? 'sure.unsure' : 'sure.guess')
}

export const riskName = (kind: string): string => (`risk.${kind}` in messages() ? t(`risk.${kind}` as Key) : kind)

/** The kinds of risk in a decision, the gravest sort first. */
export function riskKinds(d: Decision | undefined): RiskKind[] {
  const order: RiskKind[] = ['safety', 'regulator', 'legal', 'media', 'churn', 'anger']
  const said = (d?.reason ?? '').split(',').map((s) => s.trim())
  return order.filter((k) => said.includes(k))
}

/** Why, where the model gave more than words of the text. */
export function reasonText(d: Decision): string {
  const impact = /impact (\d), urgency (\d)/.exec(d.reason ?? '')
  if (impact) return t('why.impact', { impact: t(`level.${impact[1]}` as Key), urgency: t(`level.${impact[2]}` as Key) })
  const risk = /^risk: (.+)$/.exec(d.reason ?? '')
  const kinds = (risk?.[1] ?? (d.field === 'risk' ? d.reason : '') ?? '').split(',').map((k) => k.trim()).filter((k) => `risk.${k}` in messages())
  return kinds.length ? t('why.risk', { kinds: kinds.map(riskName).join(t('common.and')) }) : ''
}

const tongues = ['zh', 'en', 'ja', 'ko', 'fr', 'de', 'es', 'pt', 'it', 'ru', 'ar', 'th', 'vi', 'id', 'ms', 'tr', 'nl', 'pl', 'hi']

/** What a value may be corrected to; the runners-up come first. */
export function corrections(field: string, d: Decision | undefined, current: string, names: Names): Choice[] {
  const { config } = names
  const all: Choice[] =
    field === 'type' ? config.types.filter((x) => !x.retired).map((x) => ({ id: x.key, text: named(x.name) }))
    : field === 'category' ? config.categories.filter((c) => !c.retired).map((c) => ({ id: c.id, text: names.category(c.id) }))
    : field === 'priority' ? priorities.map((p) => ({ id: p, text: priorityName(p), glyph: <PriorityBars priority={p} /> }))
    : field === 'sentiment' ? ['2', '1', '0', '-1', '-2'].map((v) => ({ id: v, text: valueText(field, v, names), glyph: <Mood step={Number(v)} /> }))
    : field === 'risk' ? ['0', '1', '2', '3'].map((v) => ({ id: v, text: valueText(field, v, names) }))
    : tongues.map((v) => ({ id: v, text: languageName(v) }))
  const rank = new Map([[d?.value ?? '', d?.confidence ?? 0], ...(d?.runners ?? []).map((r) => [r.value, r.confidence] as const)])
  const likely = all.filter((c) => rank.has(c.id)).toSorted((a, b) => rank.get(b.id)! - rank.get(a.id)!)
  return [...likely.map((c) => ({ ...c, sub: percent(rank.get(c.id)!) })), ...all.filter((c) => !rank.has(c.id))].map((c) => ({ ...c, on: c.id === current }))
}
