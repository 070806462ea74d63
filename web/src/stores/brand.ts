// How the house looks: name, colour and picture of the company, before and
// after signing in.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, BASE, data, ifMatch, send } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer, Body } from '~/api/paths'
import { problemOf } from '~/api/problem'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export type Company = Answer<'/me'>['tenant']
export type CompanyChange = Omit<Body<'/company', 'patch'>, '$schema'>

export const brandQuery = queryOptions({ queryKey: ['brand'], staleTime: 5 * 60_000, retry: false, queryFn: ({ signal }) => data(api.GET('/brand', { signal })) })
export function useBrand(): Answer<'/brand'> | undefined {
  return useQuery(brandQuery).data
}
export const logoURL = (hash: string): string => `${BASE}/brand/logo/${hash}`

async function renew(): Promise<void> {
  await Promise.all([queries.invalidateQueries({ queryKey: ['brand'] }), queries.invalidateQueries({ queryKey: keys.me })])
}

export async function saveCompany(before: Company, change: CompanyChange): Promise<void> {
  const put = (body: CompanyChange, version: number) => data(api.PATCH('/company', { body, headers: ifMatch(version) }))
  const after = await put(change, before.version)
  const was: CompanyChange = { name: before.name, locale: before.locale, time_zone: before.time_zone, color: before.brand.color ?? '' }
  say(t('common.saved'), { undo: () => put(was, after.version).then(renew).then(() => say(t('common.undone')), complain) })
  await renew()
}

export async function saveLogo(file: Blob | undefined): Promise<void> {
  const answer = await send(new Request(`${location.origin}${BASE}/company/logo`, { method: 'PUT', credentials: 'same-origin', body: file ?? new Blob([]) }))
  if (!answer.ok) throw await problemOf(answer)
  await renew()
  say(t('common.saved'))
}

const mix = (color: string, with_: string, share: number): string => `#${[1, 3, 5].map((i) => Math.round(parseInt(color.slice(i, i + 2), 16) * (1 - share) + parseInt(with_.slice(i, i + 2), 16) * share).toString(16).padStart(2, '0')).join('')}`

/** The tokens that a colour stands for, by day and by night. */
export function shades(color: string, night: boolean): Record<string, string> {
  const tint = night ? mix(color, '#16191f', 0.78) : mix(color, '#ffffff', 0.88)
  return {
    '--primary': color, '--primary-hover': mix(color, '#000000', 0.14), '--primary-text': night ? mix(color, '#ffffff', 0.58) : mix(color, '#000000', 0.1),
    '--primary-tint': tint, '--bg-selected': tint, '--bg-reply': tint, '--c1': night ? mix(color, '#ffffff', 0.25) : color,
  }
}

/** Paints the page in the company's colour; without one the product's own stands. */
export function paint(color: string | undefined, night: boolean): void {
  const style = document.documentElement.style
  for (const [name, value] of Object.entries(shades(color || '#000000', night))) {
    if (color) style.setProperty(name, value)
    else style.removeProperty(name)
  }
}

/** The contrast of white text on a colour (WCAG 2). */
export function contrast(color: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => { const x = parseInt(color.slice(i, i + 2), 16) / 255; return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4 })
  return 1.05 / (0.2126 * r! + 0.7152 * g! + 0.0722 * b! + 0.05)
}
