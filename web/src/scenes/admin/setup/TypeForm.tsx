import { useState, type FormEvent } from 'react'
import { Link } from '@tanstack/react-router'
import { Problem } from '~/api/problem'
import type { Field as CustomField, FormField, TicketType } from '~/api/types'
import { named, t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Segmented } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { useNames } from '~/stores/session'
import { save } from '~/stores/setup'
import { useProblem, useTouched, Wrong, type Go } from '../people/parts'
import { Foot, keyOf, Names, Ordered, Retire, useConcerned } from './parts'
import { FormPreview } from './FormPreview'
import { RuleEditor } from './RuleEditor'

const fresh: TicketType = { id: '', key: '', name: { zh: '', en: '' }, prefix: '', form: { fields: [] }, position: 999, retired: false }

/** A type: its name, its prefix, and the form that it asks people to fill in. */
export function TypeForm({ type, go }: { type?: TicketType; go: Go }) {
  const { value, dirty, set, drop } = useTouched<TicketType>(type ?? fresh)
  const { error, field, run } = useProblem()
  const { config } = useNames()
  const tickets = useConcerned(type ? `type == ${JSON.stringify(type.key)}` : '')
  const [ownKey, setOwnKey] = useState(false)
  const submit = async () => {
    if (!type) return void await run(async () => go((await save('types', { ...value, key: value.key || keyOf(value.name.en) })).id))
    if (await run(() => save('types', value, type))) drop()
  }
  const items = value.form.fields
  const put = (next: FormField[]) => set({ form: { fields: next } })
  const fields = items.flatMap((i) => config.fields.filter((f) => f.key === i.field))
  const left = config.fields.filter((f) => !f.retired && !items.some((i) => i.field === f.key))
  return (
    <form className="pform wideform" onSubmit={(e: FormEvent) => { e.preventDefault(); void submit() }}>
      <div className="row g8"><h2 className="h2 sp">{type ? named(type.name) : t('cfg.type.new')}</h2>{type?.retired && <span className="chip">{t('bizcal.retired')}</span>}{tickets && <span className="t3 f12 tn">{t('cfg.tickets.n', { n: tickets })}</span>}</div>
      <div className="formgrid">
        <div>
          <Names value={value.name} error={field('name')} onChange={(name) => set({ name, ...(!type && !ownKey ? { key: keyOf(name.en) } : {}) })} />
          <div className="two">
            <Field label={t('cfg.prefix')} help={t('cfg.prefix.help', { example: `${value.prefix || 'BX'}261121-0001` })} error={field('prefix')}>{(p) => <input {...p} className="inp" maxLength={8} pattern="[A-Za-z0-9]*" value={value.prefix} onChange={(e) => set({ prefix: e.target.value.toUpperCase() })} />}</Field>
            <Field label={t('bizcal.key')} required={!type} help={t(type ? 'cfg.key.fixed' : 'cfg.key.help')} error={field('key')}>{(p) => <input {...p} className="inp mono" required maxLength={64} pattern="[a-z][a-z0-9_]*" disabled={!!type} value={value.key} onChange={(e) => { setOwnKey(true); set({ key: e.target.value }) }} />}</Field>
          </div>
          <h3 className="h2">{t('cfg.form')}</h3>
          <p className="lead f13 t2">{t('cfg.form.help')}</p>
          <div className="formrows">
            <Ordered items={items.map((i) => ({ ...i, id: i.field }))} name={(i) => named(config.fields.find((f) => f.key === i.field)?.name) || i.field} onOrder={(ids) => put(ids.flatMap((id) => items.filter((i) => i.field === id)))}>
              {(i, n) => <FormRow item={items[n]!} field={config.fields.find((f) => f.key === i.field)} others={fields.filter((f) => f.key !== i.field)} error={(part) => (error instanceof Problem ? error.field(`form.fields[${n}].${part}`) : undefined)}
                onChange={(next) => put(items.map((x, k) => (k === n ? next : x)))} onRemove={() => put(items.filter((_, k) => k !== n))} />}
            </Ordered>
            {items.length === 0 && <p className="f13 t3">{t('cfg.form.none')}</p>}
          </div>
          <div className="row g8 wrap addfield">
            {left.length > 0 && <Select label={t('cfg.form.add')} text={t('cfg.form.add')} choices={left.map((f) => ({ id: f.key, text: named(f.name), sub: t(`cfg.kind.${f.kind}`) }))} onChange={(key) => put([...items, { field: key, on: 'always' }])} />}
            <Link className="link f12" to="/admin/$section/$item" params={{ section: 'fields', item: 'new' }}>{t('cfg.field.new')}</Link>
          </div>
        </div>
        <FormPreview config={config} type={value} />
      </div>
      <Wrong error={error} />
      <Foot fresh={!type} dirty={dirty} drop={drop}>
        {type && <Retire retired={type.retired} words={t('cfg.type.retire.ask', { name: named(type.name), n: tickets || '…' })} act={(retired) => void run(() => save('types', { ...type, retired }, type))} />}
      </Foot>
      {type && <p className="f12 t3">{t('cfg.type.effect')}</p>}
    </form>
  )
}

type When = 'always' | 'never' | 'when'

/** A field on the form: when it is asked, shown and required. */
function FormRow({ item, field, others, onChange, onRemove, error }: { item: FormField; field?: CustomField; others: CustomField[]; onChange: (next: FormField) => void; onRemove: () => void; error: (part: string) => string | undefined }) {
  const [open, setOpen] = useState(false)
  const [ruled, setRuled] = useState<{ show?: boolean; require?: boolean }>({})
  const name = field ? named(field.name) : item.field
  const wrong = error('show') ?? error('require')
  const show: When = item.show || ruled.show ? 'when' : 'always'
  const require: When = item.require === 'true' ? 'always' : item.require || ruled.require ? 'when' : 'never'
  const put = (part: 'show' | 'require', cel: string) => { const { [part]: _, ...rest } = item; onChange(cel ? { ...rest, [part]: cel } : rest) }
  const choose = (part: 'show' | 'require', when: When) => { setRuled({ ...ruled, [part]: when === 'when' }); put(part, when === 'always' && part === 'require' ? 'true' : '') }
  return (
    <div className="sp formrow">
      <div className="row g8">
        <button type="button" className="sp row g8 formname" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? 'down' : 'right'} size="s" /><span className="ell">{name}</span>
          {field?.retired && <span className="chip">{t('bizcal.retired')}</span>}{wrong && <Icon name="warn" size="s" label={wrong} />}
        </button>
        <span className="f12 t3 nw">{[t(`cfg.on.${item.on}`), require === 'always' ? t('common.required') : require === 'when' ? t('cfg.require.some') : '', show === 'when' ? t('cfg.show.some') : ''].filter(Boolean).join(' · ')}</span>
        <IconButton icon="close" small label={t('cfg.form.remove', { name })} onClick={onRemove} />
      </div>
      {open && (
        <div className="formrules">
          <div className="set"><span className="f13 sp">{t('cfg.on')}</span><Segmented label={t('cfg.on')} value={item.on} options={[['create', t('cfg.on.create')], ['always', t('cfg.on.always')], ['solve', t('cfg.on.solve')]] as const} onChange={(on) => onChange({ ...item, on })} /></div>
          <div className="set"><span className="f13 sp">{t('cfg.show')}</span><Segmented label={t('cfg.show')} value={show} options={[['always', t('cfg.always')], ['when', t('cfg.when')]] as const} onChange={(v) => choose('show', v)} /></div>
          {show === 'when' && <RuleEditor label={t('cfg.show')} value={item.show ?? ''} fields={others} error={error('show')} onChange={(cel) => put('show', cel)} />}
          <div className="set"><span className="f13 sp">{t('cfg.require')}</span><Segmented label={t('cfg.require')} value={require} options={[['never', t('cfg.never')], ['always', t('cfg.always')], ['when', t('cfg.when')]] as const} onChange={(v) => choose('require', v)} /></div>
          {require === 'when' && <RuleEditor label={t('cfg.require')} value={item.require ?? ''} fields={others} error={error('require')} onChange={(cel) => put('require', cel)} />}
          {field && <Link className="link f12" to="/admin/$section/$item" params={{ section: 'fields', item: field.id }}>{t('cfg.field.edit')}</Link>}
        </div>
      )}
    </div>
  )
}

