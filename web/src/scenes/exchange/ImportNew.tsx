import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '~/api/problem'
import { named, t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { csv, download, Page, percent1, Segmented } from '~/scenes/intelligence/frame'
import { bring, targetsQuery, type ImportKind } from '~/stores/exchange'
import { can, useMe } from '~/stores/session'
import { Steps } from './Steps'

/** What bringing a table takes beside the right to import. */
const needs = { customer: 'customer.update', company: 'customer.update', ticket: 'ticket.create', batch: 'ticket.bulk' } as const

/** Step one: what it is, and the file. */
export function ImportNew() {
  const navigate = useNavigate()
  const me = useMe()
  const kinds = (['customer', 'company', 'ticket', 'batch'] as const).filter((k) => can(me, needs[k]))
  const asked = (useSearch({ strict: false }) as { what?: ImportKind }).what
  const [what, setWhat] = useState<ImportKind>(kinds.find((k) => k === asked) ?? kinds[0] ?? 'customer')
  const [share, setShare] = useState<number>()
  const [wrong, setWrong] = useState<string>()
  const [over, setOver] = useState(false)
  const targets = useQuery(targetsQuery(what)).data
  const take = async (file: File | undefined) => {
    if (!file || share !== undefined) return
    setWrong(undefined)
    setShare(0)
    try {
      const made = await bring(what, file, setShare)
      await navigate({ to: '/imports/$import', params: { import: made.id }, replace: true })
    } catch (error) {
      setWrong(problemText(error))
    } finally {
      setShare(undefined)
    }
  }
  return (
    <Page title={t('imp.new')} help={t('imp.help')}>
      <Steps at={1} />
      <h2 className="h2">{t('imp.kind')}</h2>
      <div className="row g8 wrap bar2"><Segmented label={t('imp.kind')} value={what} options={kinds.map((w) => [w, t(`exch.what.${w}` as Key)] as const)} onChange={setWhat} /></div>
      <p className="t2 f13 lead">{t(`imp.kind.${what}.help` as Key)}</p>
      <label
        className={over ? 'xdrop over' : 'xdrop'} aria-busy={share !== undefined}
        onDragOver={(e) => { e.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)}
        onDrop={(e) => { e.preventDefault(); setOver(false); void take(e.dataTransfer.files[0]) }}
      >
        <Icon name="upload" size="l" />
        <b>{share === undefined ? t('imp.drop') : share < 1 ? t('imp.uploading', { percent: percent1(share) }) : t('imp.reading')}</b>
        <span className="t3 f12">{t(what === 'batch' ? 'imp.drop.batch' : 'imp.drop.help')}</span>
        {share !== undefined && <span className="bar"><i style={{ width: `${share * 100}%` }} /></span>}
        <input type="file" className="hide" accept=".csv,.tsv,.txt,.xlsx" disabled={share !== undefined} onChange={(e) => { void take(e.target.files?.[0]); e.target.value = '' }} />
      </label>
      {wrong && <p className="red f13" role="alert">{wrong}</p>}
      <p className="row g8"><Button look="q sm" icon="download" disabled={!targets} onClick={() => targets && download(`${what}.csv`, csv([targets.map((x) => named(x.name))]))}>{t('imp.template')}</Button></p>
    </Page>
  )
}
