import type { Choice, Config, Field, Money } from '~/api/types'
import { locale, named, t } from '~/i18n'
import { money } from '~/i18n/format'
import { blank } from './form'

/** Path of names to a key in a cascade. */
export function cascadeNames(options: Choice[] | undefined, path: string[]): string {
  const out: string[] = []
  let level = options
  for (const key of path) {
    const found = level?.find((o) => o.key === key)
    out.push(found ? named(found.name) : key)
    level = found?.children
  }
  return out.join(' › ')
}

/** A field's value for the reader; '' when there is none. */
export function fieldText(field: Field, value: unknown, config: Config): string {
  if (blank(value)) return ''
  switch (field.kind) {
    case 'boolean': return t(value === true ? 'common.yes' : 'common.no')
    case 'money': return typeof value === 'object' ? money((value as Money).amount_minor, (value as Money).currency) : String(value)
    case 'number': return new Intl.NumberFormat(locale()).format(Number(value))
    case 'choice': return named(field.options?.find((o) => o.key === value)?.name) || String(value)
    case 'cascade': return cascadeNames(field.options, Array.isArray(value) ? (value as string[]) : String(value).split('/'))
    case 'person': return config.staff.find((s) => s.id === value)?.name ?? String(value)
    case 'date': return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(new Date(`${String(value).slice(0, 10)}T00:00:00`))
    case 'attachment': return Array.isArray(value) ? t('field.files', { n: value.length }) : t('field.files', { n: 1 })
    case 'text': return String(value)
  }
}
