import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import { messages, t, type Key } from '~/i18n'
import { size } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { channelName } from '~/parts/Glyph'
import { Icon } from '~/parts/Icon'
import { Pop } from '~/parts/Pop'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { Page, Wait } from '~/scenes/intelligence/frame'
import { addBlock, removeBlock } from '~/stores/customer'
import { can, useMe } from '~/stores/session'
import { heldFile, heldOneQuery, heldQuery, settleHeld, type Held } from '~/stores/system'
import { complain, say } from '~/stores/toast'
import { Ask, Back, useItem } from '../people/parts'
import './system.css'

const why = (reason: string): string => { const key = `held.why.${reason.replaceAll(' ', '_')}`; return key in messages() ? t(key as Key) : reason }

/** 隔离区: what came in and could not be taken in safely waits here for a person. */
export function Quarantine() {
  const [item, go, wide] = useItem('quarantine')
  const query = useInfiniteQuery(heldQuery)
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const list = query.data?.pages.flatMap((p) => p.items) ?? []
  const chosen = list.filter((x) => marked.has(x.id)).map((x) => x.id)
  const at = item ?? (wide ? list[0]?.id : undefined)
  const open = list.find((x) => x.id === at)
  const mark = (id: string) => setMarked((was) => new Set(was.has(id) ? [...was].filter((x) => x !== id) : [...was, id]))
  const settle = (ids: string[], how: 'retry' | 'discard') => { void settleHeld(ids, how).then(() => setMarked(new Set())); if (item && ids.includes(item)) go(undefined) }
  const keys = (e: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[e.key]
    const entries = [...e.currentTarget.querySelectorAll<HTMLElement>('[data-entry]')]
    const now = entries.findIndex((x) => x === e.target)
    if (e.key === 'x' && now >= 0) mark(list[now]!.id)
    else if (by && entries[now + by]) entries[now + by]!.focus()
    else return
    e.preventDefault()
  }
  return (
    <Page title={t('admin.quarantine')} help={t('held.help')} wide>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={keys}>
            {list.length > 0 && (
              <div className="row g8 wrap heldbar" role="toolbar" aria-label={t('held.bulk')}>
                <label className="row g8 f12 t2"><input type="checkbox" checked={chosen.length === list.length} ref={(x) => { if (x) x.indeterminate = chosen.length > 0 && chosen.length < list.length }} onChange={(e) => setMarked(new Set(e.target.checked ? list.map((x) => x.id) : []))} />{chosen.length ? t('held.n', { n: chosen.length }) : t('held.all', { n: `${list.length}${query.hasNextPage ? '+' : ''}` })}</label>
                <span className="sp" />
                {chosen.length > 0 && <><Button look="sm" icon="refresh" onClick={() => settle(chosen, 'retry')}>{t('held.retry')}</Button>
                  <Ask danger words={t('held.discard.ask', { n: chosen.length })} go={t('held.discard')} act={() => settle(chosen, 'discard')}><Button look="sm">{t('held.discard')}</Button></Ask></>}
              </div>
            )}
            {list.map((x) => (
              <div key={x.id} className="row heldrow">
                <input type="checkbox" aria-label={t('held.mark', { name: why(x.reason) })} checked={marked.has(x.id)} onChange={() => mark(x.id)} />
                <button type="button" data-entry className={x.id === at ? 'on sp' : 'sp'} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}>
                  <span className="pn"><span className="ell">{why(x.reason)}</span><small className="t3">{channelName(x.kind)}{' · '}{x.channel}{' · '}<Time at={x.received_at} /></small></span>
                </button>
              </div>
            ))}
            {query.hasNextPage && <div className="morebar"><Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('audit.more')}</Button></div>}
            {list.length === 0 && <EmptyState icon="check" title={t('held.none')} help={t('held.none.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {open ? <HeldItem key={open.id} held={open} settle={(how) => settle([open.id], how)} /> : item && <EmptyState icon="search" title={t('held.gone')} help={t('held.gone.help')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

/** The address in "小李 <li@example.com>"; none when what came says no address. */
export const addressOf = (sender: string | undefined): string | undefined => /(?:^|<)\s*([^\s<>@"]+@[^\s<>@"]+\.[^\s<>@".]+)\s*(?:>|$)/.exec(sender ?? '')?.[1]?.toLowerCase()

/** Refuses what comes from this sender, or from everybody at its domain, from now on. */
function BlockSender({ address }: { address: string }) {
  const domain = address.split('@')[1]!
  const block = async (kind: 'email' | 'domain', value: string) => {
    try {
      const made = await addBlock(kind, value, t('held.block.reason'), undefined)
      say(t('blocks.added', { value: made.display }), { undo: () => removeBlock(made.id) })
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Pop content={(close) => (
      <ChoiceList label={t('held.block')} choices={[{ id: 'email', text: t('held.block.address', { value: address }) }, { id: 'domain', text: t('held.block.domain', { value: domain }) }]}
        onChoose={(id) => { close(); void (id === 'email' ? block('email', address) : block('domain', domain)) }} footer={<p className="f12 t3 popnote">{t('held.block.help')}</p>} />
    )}><Button icon="lock" chevron>{t('held.block')}</Button></Pop>
  )
}

function HeldItem({ held, settle }: { held: Held; settle: (how: 'retry' | 'discard') => void }) {
  const query = useQuery(heldOneQuery(held.id))
  const one = query.data
  const me = useMe()
  const address = addressOf(one?.sender)
  return (
    <section className="pform" aria-label={why(held.reason)}>
      <h2 className="h2">{why(held.reason)}</h2>
      <dl className="corrdl f13">
        <dt className="t3">{t('held.from')}</dt><dd>{one?.sender || t('common.none')}</dd>
        <dt className="t3">{t('held.subject')}</dt><dd>{one?.subject || t('common.none')}</dd>
        <dt className="t3">{t('held.channel')}</dt><dd>{channelName(held.kind)}{' · '}{held.channel}</dd>
        <dt className="t3">{t('held.at')}</dt><dd><Time at={held.received_at} as="clock" /></dd>
        <dt className="t3">{t('held.size')}</dt><dd className="tn">{size(held.size)}</dd>
        {held.detail && <><dt className="t3">{t('held.detail')}</dt><dd>{held.detail}</dd></>}
      </dl>
      <div className="row g8 wrap">
        <Button look="p" icon="refresh" onClick={() => settle('retry')}>{t('held.retry')}</Button>
        <Ask danger words={t('held.discard.ask', { n: 1 })} go={t('held.discard')} act={() => settle('discard')}><Button>{t('held.discard')}</Button></Ask>
        {address && can(me, 'customer.block') && <BlockSender address={address} />}
        <a className="btn q" href={heldFile(held.id)} download={`${held.id}.eml`}><Icon name="download" />{t('held.download')}</a>
      </div>
      <p className="f12 t3">{t('held.effect')}</p>
      <h3 className="h2">{t('held.raw')}</h3>
      <Wait query={query}>{one && <><pre className="rawtext mono" tabIndex={0} aria-label={t('held.raw')}>{one.text}</pre>{one.cut && <p className="f12 t3">{t('held.cut')}</p>}</>}</Wait>
    </section>
  )
}
