import { useId, type ReactNode } from 'react'
import { t } from '~/i18n'

/** A labelled control with its help and what is wrong with it. */
export function Field({ label, required, help, error, mark, under, children }: {
  label: string; required?: boolean; help?: string; error?: string; mark?: ReactNode; under?: ReactNode
  children: (props: { id: string; 'aria-invalid': boolean | undefined; 'aria-describedby': string | undefined; 'aria-required': boolean | undefined }) => ReactNode
}) {
  const id = useId()
  return (
    <div className="field">
      <label className="lb" htmlFor={id}>
        {label}
        {mark}
        {required && <span className="red" title={t('common.required')} aria-hidden="true">{'*'}</span>}
      </label>
      {children({ id, 'aria-invalid': error ? true : undefined, 'aria-describedby': error || help ? `${id}-d` : undefined, 'aria-required': required })}
      {under}
      {error ? <div className="er" id={`${id}-d`} role="alert">{error}</div> : help ? <div className="hp" id={`${id}-d`}>{help}</div> : null}
    </div>
  )
}
