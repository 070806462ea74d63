import { useRef, useState } from 'react'
import type { Field, Ticket } from '~/api/types'
import { named, t } from '~/i18n'
import { useNames } from '~/stores/session'
import { edit } from '~/stores/ticket'
import { FieldInput } from './FieldInput'
import { fieldText } from './fieldValue'
import { Row } from './Properties'

/** A custom field with its value; a click makes it a control, leaving it saves. */
export function CustomField({ ticket, field, required, wrong }: { ticket: Ticket; field: Field; required: boolean; wrong: boolean }) {
  const { config } = useNames()
  const [editing, setEditing] = useState(false)
  const [value, setValue] = useState<unknown>()
  const latest = useRef<unknown>(undefined)
  const stored = ticket.fields[field.key]
  const done = () => {
    setEditing((was) => {
      if (was && JSON.stringify(latest.current ?? null) !== JSON.stringify(stored ?? null)) {
        const next = latest.current === '' ? null : (latest.current ?? null)
        const { [field.key]: _old, ...others } = ticket.fields
        queueMicrotask(() => void edit(ticket, { fields: { [field.key]: next } }, { fields: next === null ? others : { ...others, [field.key]: next } }))
      }
      return false
    })
  }
  const text = fieldText(field, stored, config)
  const label = named(field.name)
  return (
    <Row label={label} wrong={wrong}>
      {editing ? (
        <div className="editing" onKeyDown={(e) => { if (e.key === 'Escape') { e.stopPropagation(); latest.current = stored; setEditing(false) } }}>
          <FieldInput field={field} value={value} autoFocus onChange={(v) => { latest.current = v; setValue(v) }} onDone={() => setTimeout(done)} />
        </div>
      ) : (
        <button type="button" className="val" title={named(field.help) || label} onClick={() => { setValue(stored); latest.current = stored; setEditing(true) }}>
          <span className={text ? 'ell' : required ? 'ell red' : 'ell t3'}>{text || t(required ? 'common.required' : 'common.none')}</span>
        </button>
      )}
    </Row>
  )
}
