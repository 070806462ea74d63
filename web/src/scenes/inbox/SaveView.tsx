import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { TicketQuery } from '~/api/paths'
import { problemText } from '~/api/problem'
import type { NewView, View } from '~/api/types'
import { t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { useMe } from '~/stores/session'
import { say } from '~/stores/toast'
import { sameName, saveView } from '~/stores/view'
import { both } from './search'

/** Keeps the conditions on screen as a view. */
export function SaveView({ view, query }: { view?: View; query: TicketQuery }) {
  return (
    <Pop width={264} content={(close) => <Form view={view} query={query} close={close} />}>
      <button type="button" className="chip ol t3"><Icon name="save" size="s" />{t('views.save')}</button>
    </Pop>
  )
}

function Form({ view, query, close }: { view?: View; query: TicketQuery; close: () => void }) {
  const me = useMe()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<NewView['scope']>('own')
  const [error, setError] = useState<unknown>()
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    try {
      const saved = await saveView({
        name: sameName(name), scope, filter: both(view?.filter ?? '', query.filter ?? ''), sort: query.sort ?? '-updated',
        ...(scope === 'team' ? { team_id: me?.teams[0]?.id } : {}),
      })
      close()
      say(t('views.saved'))
      await navigate({ to: '/inbox/$view', params: { view: saved.id }, search: {} })
    } catch (problem) {
      setError(problem)
    }
  }
  const scopes: NewView['scope'][] = ['own', ...(me?.teams.length ? (['team'] as const) : []), 'shared']
  return (
    <form className="popform" onSubmit={submit}>
      <Field label={t('views.name')} error={error ? problemText(error) : undefined}>{(p) => <input {...p} className="inp" autoFocus required maxLength={80} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
      <div className="field">
        <div className="lb">{t('views.scope')}</div>
        <div className="segment" role="radiogroup" aria-label={t('views.scope')}>
          {scopes.map((s) => <button key={s} type="button" role="radio" aria-checked={s === scope} onClick={() => setScope(s)}>{t(`views.scope.${s}` as Key)}</button>)}
        </div>
      </div>
      <div className="row g8" style={{ marginTop: 16, justifyContent: 'flex-end' }}><Button look="q" onClick={close}>{t('common.cancel')}</Button><button className="btn p" type="submit">{t('common.save')}</button></div>
    </form>
  )
}
