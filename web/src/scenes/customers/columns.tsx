import { named, t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { prefer, prefs } from '~/stores/prefs'
import { useNames } from '~/stores/session'
import { useStore } from '~/stores/store'
import type { Column } from './Table'

type Fields = Record<string, unknown>

const FIELD = 'field.'
const text = (v: unknown): string => (v === undefined || v === null ? '' : Array.isArray(v) ? v.map(String).join('、') : typeof v === 'object' ? JSON.stringify(v) : String(v))

/** The columns that the reader has chosen of a list, with those of its own fields that its rows have; the first one stays. */
export function useColumns<T extends { fields: Fields }>(list: 'customers' | 'companies', shipped: Column<T>[], items: T[]): { columns: Column<T>[]; all: Column<T>[]; toggle: (id: string) => void } {
  const { config } = useNames()
  const own = useStore(prefs, (p) => p.columns[list])?.map((c) => c.key)
  const keys = [...new Set([...items.flatMap((x) => Object.keys(x.fields)), ...(own ?? []).filter((k) => k.startsWith(FIELD)).map((k) => k.slice(FIELD.length))])].toSorted((a, b) => a.localeCompare(b))
  const all: Column<T>[] = [...shipped, ...keys.map((key) => ({ id: FIELD + key, head: named(config.fields.find((f) => f.key === key)?.name) || key, wide: 'minmax(88px,1fr)', cell: (x: T) => <span className="t2" title={text(x.fields[key])}>{text(x.fields[key])}</span> }))]
  const on = (id: string): boolean => (own ? own.includes(id) : !id.startsWith(FIELD))
  const columns = all.filter((c, i) => i === 0 || on(c.id))
  const toggle = (id: string) => prefer({ columns: { ...prefs.get().columns, [list]: all.filter((c, i) => i === 0 || (c.id === id ? !on(c.id) : on(c.id))).map((c) => ({ key: c.id })) } })
  return { columns, all, toggle }
}

export function ColumnPick<T>({ all, shown, toggle }: { all: Column<T>[]; shown: Column<T>[]; toggle: (id: string) => void }) {
  return (
    <Pop width={220} placement="bottomRight" content={() => (
      <div className="colpick" role="group" aria-label={t('customers.columns')}>
        {all.slice(1).map((c) => {
          const on = shown.some((x) => x.id === c.id)
          return <button key={c.id} type="button" role="checkbox" aria-checked={on} className="item" onClick={() => toggle(c.id)}><span className="sp ell">{c.head}</span>{on && <Icon name="check" size="s" />}</button>
        })}
      </div>
    )}>
      <IconButton icon="columns" label={t('customers.columns')} aria-haspopup="dialog" />
    </Pop>
  )
}
