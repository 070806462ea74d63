import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem } from '~/api/problem'
import { messages, t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { callsQuery } from '~/stores/intelligence'
import { Find, Meaning, number, Page, Wait } from './frame'
import { taskName } from './LanguageModels'

const outcomeName = (o: string): string => (`outcome.${o}` in messages() ? t(`outcome.${o}` as Key) : o.startsWith('timeout') ? t('outcome.timeout') : o)

/** Every call of a language model: what it was for, what it cost, how it ended. */
export function Calls() {
  const query = useInfiniteQuery({ ...callsQuery, retry: false })
  const [words, setWords] = useState('')
  const wanted = words.trim().toLowerCase()
  const all = query.data?.pages.flatMap((p) => p.items) ?? []
  const shown = all.filter((c) => !wanted || `${taskName(c.task)} ${c.provider} ${c.model} ${outcomeName(c.outcome)}`.toLowerCase().includes(wanted))
  const absent = query.error instanceof Problem && query.error.status === 404
  return (
    <Page title={t('studio.calls')} help={t('calls.help')}>
      {absent ? <EmptyState icon="lock" title={t('llm.absent')} help={t('llm.absent.help')} /> : (
        <>
          <div className="row g8 bar2"><Find value={words} label={t('calls.find')} onChange={setWords} /></div>
          <Wait query={query}>
            {shown.length === 0 ? <EmptyState icon="list" title={t(wanted ? 'calls.none.search' : 'calls.none')} help={wanted ? undefined : t('calls.none.help')} /> : (
              <div className="scroll-x"><table className="tbl rows40">
                <thead><tr><th>{t('calls.at')}</th><th>{t('calls.task')}</th><th>{t('calls.model')}</th><th>{t('calls.outcome')}</th><th className="r">{t('calls.tokens')}</th><th className="r"><Meaning text={t('calls.cost.meaning')}>{t('calls.cost')}</Meaning></th><th className="r">{t('calls.latency')}</th></tr></thead>
                <tbody>{shown.map((c, i) => <tr key={i}><td className="t3"><Time at={c.at} as="clock" /></td><td>{taskName(c.task)}</td><td className="t2">{c.provider}{' '}<span className="t3">{c.model}</span></td><td><span className={['ok', 'repaired'].includes(c.outcome) ? 'chip green' : ['off', 'budget', 'abroad'].includes(c.outcome) ? 'chip' : 'chip red'}>{outcomeName(c.outcome)}</span></td><td className="r">{t('calls.tokens.value', { in: number(c.tokens_in), out: number(c.tokens_out) })}</td><td className="r">{number(c.cost_micros / 1_000_000, 4)}</td><td className="r">{t('calls.ms', { n: number(c.latency_ms) })}</td></tr>)}</tbody>
              </table></div>
            )}
            {query.hasNextPage && <div className="morebar"><Button look="q" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('studio.more')}</Button></div>}
          </Wait>
        </>
      )}
    </Page>
  )
}
