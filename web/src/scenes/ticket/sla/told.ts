// What was told of a clock, from the ticket's timeline as far as it has been read.
import type { InfiniteData } from '@tanstack/react-query'
import { keys } from '~/api/keys'
import type { Entry, ID, Page } from '~/api/types'
import { t } from '~/i18n'
import { queries } from '~/stores/query'

export interface ToldStep { seq: number; at: string; text: string; breach: boolean }

/** "percent:75", "before:30", "breach" as people say them; nothing for what is no step of time. */
export function stepText(kind: string): string | undefined {
  const [name, n] = kind.split(':')
  if (name === 'breach') return t('sla.step.breach')
  if (name === 'percent') return t('sla.step.percent', { n: Number(n) })
  if (name === 'before') return t('sla.step.before', { n: Number(n) })
  if (name === 'moved') return t('sla.step.moved')
  if (name === 'resumed') return t('sla.step.resumed')
  return undefined
}

export function eventsOf(ticket: ID, metric: string): ToldStep[] {
  const pages = queries.getQueryData<InfiniteData<Page<Entry>>>(keys.tickets.timeline(ticket))?.pages ?? []
  return pages.flatMap((p) => p.items).flatMap((e): ToldStep[] => {
    if (e.event?.name !== 'sla' || !e.event.changes?.some((c) => c.field === metric)) return []
    const text = stepText(e.event.kind ?? '')
    return text ? [{ seq: e.seq, at: e.at, text, breach: e.event.kind === 'breach' }] : []
  }).toSorted((a, b) => a.seq - b.seq)
}
