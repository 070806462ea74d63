import { useState } from 'react'
import type { Config, TicketType } from '~/api/types'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Segmented } from '~/scenes/intelligence/frame'
import { FieldInput } from '~/scenes/ticket/FieldInput'
import { formFields } from '~/scenes/ticket/form'

/** The form as an agent will see it, alive: what is filled in here shows and asks for what the rules say. */
export function FormPreview({ config, type }: { config: Config; type: TicketType }) {
  const [moment, setMoment] = useState<'create' | 'always' | 'solve'>('create')
  const [fields, setFields] = useState<Record<string, unknown>>({})
  const drafted = { ...config, types: [...config.types.filter((x) => x.id !== type.id), { ...type, key: type.key || '?' }] }
  const shown = formFields(drafted, { type: type.key || '?', priority: 'normal', fields }, moment).filter((f) => !f.field.retired && (moment !== 'solve' || f.on === 'solve' || f.required))
  return (
    <section className="formpreview" aria-label={t('cfg.preview')}>
      <div className="row g8 wrap"><b className="f13 sp">{t('cfg.preview')}</b><Segmented label={t('cfg.preview.at')} value={moment} options={[['create', t('cfg.at.create')], ['always', t('cfg.at.always')], ['solve', t('cfg.at.solve')]] as const} onChange={setMoment} /></div>
      {shown.length === 0 && <p className="f13 t3">{t('cfg.preview.none')}</p>}
      {shown.map(({ field, required }) => (
        <Field key={field.key} label={named(field.name)} required={required} help={named(field.help)}>
          {(p) => field.kind === 'attachment' ? <Button {...p} aria-required={undefined} aria-invalid={undefined} look="lg" icon="clip" disabled>{t('composer.attach')}</Button> : <FieldInput {...p} field={field} value={fields[field.key]} onChange={(v) => setFields((old) => ({ ...old, [field.key]: v }))} />}
        </Field>
      ))}
      <p className="f12 t3">{t('cfg.preview.help')}</p>
    </section>
  )
}
