import { useRef, useState, type FormEvent } from 'react'
import { api, data } from '~/api/client'
import { Problem, problemText } from '~/api/problem'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'

/** Where the server says that a condition goes wrong: line and column, from 1. */
function placeOf(error: unknown): { line: number; column: number } | undefined {
  if (!(error instanceof Problem)) return undefined
  const params = error.errors.find((e) => e.params?.line)?.params
  return params && { line: Number(params.line), column: Number(params.column) }
}

const offset = (text: string, at: { line: number; column: number }): number => text.split('\n').slice(0, at.line - 1).reduce((n, l) => n + l.length + 1, 0) + at.column - 1

/** A condition as text. It is asked about before it is taken over, and an error marks its place. */
export function CelForm({ cel, whole, apply, close }: { cel: string; whole?: boolean; apply: (cel: string) => void; close: () => void }) {
  const [text, setText] = useState(cel)
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const box = useRef<HTMLTextAreaElement>(null)
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    const said = text.trim()
    if (!said) return apply('')
    setBusy(true)
    try {
      await data(api.GET('/tickets/count', { params: { query: { filter: said } } }))
      apply(said)
    } catch (problem) {
      setError(problem)
      const at = placeOf(problem)
      if (at && box.current) {
        const from = Math.min(offset(text, at) + (text.length - text.trimStart().length) * (at.line === 1 ? 1 : 0), text.length)
        box.current.focus()
        box.current.setSelectionRange(from, Math.min(text.length, from + Math.max(1, /^[\w.]*/.exec(text.slice(from))![0].length)))
      }
    } finally {
      setBusy(false)
    }
  }
  const at = placeOf(error)
  const first = error instanceof Problem ? error.errors[0] : undefined
  const name = first?.code === 'unknown' ? first.params?.name : undefined
  const detail = name !== undefined ? t('filter.error.unknown', { name: String(name) }) : (first?.message ?? (error === undefined ? '' : problemText(error)))
  return (
    <form className="popform" onSubmit={(e) => void submit(e)}>
      <div className="field">
        <label className="lb" htmlFor="cel">{t(whole ? 'filter.text' : 'filter.cel')}</label>
        <textarea id="cel" ref={box} className="inp mono" rows={4} autoFocus maxLength={4096} spellCheck={false} value={text} aria-invalid={error ? true : undefined} aria-describedby="cel-d"
          onChange={(e) => { setText(e.target.value); setError(undefined) }} onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) e.currentTarget.form?.requestSubmit() }} />
        {error ? <div className="er" id="cel-d" role="alert">{at ? t('filter.error.at', { line: at.line, column: at.column, what: detail.replace(/^line \d+, column \d+: /, '') }) : detail}</div> : <div className="hp" id="cel-d">{t('filter.cel.help')}</div>}
      </div>
      <div className="row g8" style={{ marginTop: 12, justifyContent: 'flex-end' }}><Button look="q" onClick={close}>{t('common.cancel')}</Button><button className="btn p" type="submit" disabled={busy}>{t('filter.apply')}</button></div>
    </form>
  )
}
