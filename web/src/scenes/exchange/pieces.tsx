import type { ReactNode } from 'react'
import { messages, t, type Key } from '~/i18n'
import type { RowProblem } from '~/stores/exchange'

export const Chip = ({ tone, children }: { tone?: string; children: ReactNode }) => <span className={['chip', tone].filter(Boolean).join(' ')}>{children}</span>

/** How far something is; without a total it only says how much is done. */
export function Bar({ label, done, total }: { label: string; done: number; total?: number }) {
  const share = total ? Math.min(1, done / total) : undefined
  return (
    <span className="xbar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={total || undefined} aria-valuenow={done}>
      <span className="bar"><i style={{ width: `${(share ?? 0) * 100}%` }} /></span>
      <span className="f12 t2 nw num">{total ? `${t('exch.rows', { n: done })} / ${new Intl.NumberFormat().format(total)}` : t('exch.rows', { n: done })}</span>
    </span>
  )
}

/** A code in the reader's words; one that nobody has words for is shown as it is. */
export const said = (code: string, other?: string): string => (`error.${code}` in messages() ? t(`error.${code}` as Key) : (other ?? code))

export const problemOf = (p: RowProblem): string => said(p.code, p.message)
