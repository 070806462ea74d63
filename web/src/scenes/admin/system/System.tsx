import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { messages, t, type Key } from '~/i18n'
import { size } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { Meaning, number, Page, Wait } from '~/scenes/intelligence/frame'
import { parkedQuery, settleJob, systemQuery, type SystemState } from '~/stores/system'
import { Ask } from '../people/parts'
import './system.css'

const jobName = (kind: string): string => { const key = `sys.job.${kind}`; return key in messages() ? t(key as Key) : kind }
const span = (seconds: number): string => (seconds < 60 ? t('sys.seconds', { n: seconds }) : seconds < 5400 ? t('sys.minutes', { n: Math.round(seconds / 60) }) : seconds < 172_800 ? t('sys.hours', { n: Math.round(seconds / 3600) }) : t('sys.days', { n: Math.round(seconds / 86_400) }))

/** 系统状态: version, health, jobs, nodes; read again every few seconds. */
export function System() {
  const query = useQuery(systemQuery)
  return <Page title={t('admin.system')} help={t('sys.help')}><Wait query={query}>{query.data && <State s={query.data} />}</Wait></Page>
}

function State({ s }: { s: SystemState }) {
  const up = Math.max(0, Math.round((Date.parse(s.now) - Date.parse(s.started_at)) / 1000))
  const jobs = s.jobs.filter((j) => j.waiting + j.later + j.failed + j.parked > 0)
  const words = (name: string, value: string, meaning?: string) => <div><dt>{meaning ? <Meaning text={meaning}>{name}</Meaning> : name}</dt><dd className="tn">{value}</dd></div>
  return (
    <>
      <h2 className="h2">{t('sys.health')}</h2>
      <dl className="sysgrid">
        {s.parts.map((p) => <div key={p.name}><dt>{t(`sys.part.${p.name}` as Key)}</dt><dd><span className={p.ok ? 'health' : 'health bad'}>{t(p.ok ? 'sys.ok' : 'sys.bad')}<span className="t3 f12 tn">{t('sys.millis', { n: p.millis })}</span></span>{p.detail && <div className="red f12">{p.detail}</div>}</dd></div>)}
        <div><dt><Meaning text={t('sys.behind.help')}>{t('sys.behind')}</Meaning></dt><dd><span className={s.events_behind_seconds > 60 ? 'health bad' : s.events_behind_seconds > 5 ? 'health warn' : 'health'}>{span(s.events_behind_seconds)}</span></dd></div>
        <div><dt><Meaning text={t('sys.search.help')}>{t('sys.search')}</Meaning></dt><dd><span className={s.search_lagging || s.events_behind_seconds > 60 ? 'health warn' : 'health'}>{s.search_lagging ? t('sys.search.n', { n: number(s.search_lagging) }) : s.events_behind_seconds ? span(s.events_behind_seconds) : t('sys.search.now')}</span></dd></div>
        <div><dt><Meaning text={t('sys.lag.help')}>{t('sys.lag')}</Meaning></dt><dd><span className={s.reactions_lagging ? 'health warn' : 'health'}>{number(s.reactions_lagging)}</span></dd></div>
        <div><dt>{t('sys.quarantined')}</dt><dd><Link className="link tn" to="/admin/$section" params={{ section: 'quarantine' }}>{number(s.quarantined)}</Link></dd></div>
      </dl>
      <h2 className="h2">{t('sys.about')}</h2>
      <dl className="sysgrid">
        {words(t('sys.version'), s.version)}
        {words(t('sys.up'), span(up))}
        {words(t('sys.engine'), t(`sys.engine.${s.engine}`))}
        {words(t('sys.database'), size(s.database_bytes))}
        {words(t('sys.memory'), size(s.memory_bytes), t('sys.memory.help'))}
        <div><dt>{t('sys.nodes')}</dt><dd>{s.nodes.map((n) => <div key={n.number} className="tn">{n.number}{' · '}{n.host}{n.own && <span className="t3 f12">{' '}{t('sys.own')}</span>}</div>)}</dd></div>
        {s.disks.map((d) => (
          <div key={d.name}><dt><Meaning text={t('sys.disk.help')}>{t(s.disks.length > 1 ? `sys.disk.${d.name}` : 'sys.disk')}</Meaning></dt>
            <dd className="tn"><span className={d.low ? 'health bad' : 'health'}>{t('sys.disk.free', { free: size(d.free_bytes), total: size(d.total_bytes) })}</span></dd></div>
        ))}
      </dl>
      {s.disks.some((d) => d.low) && <p className="alert boxed red" role="alert"><Icon name="warn" /><span className="sp">{t('sys.disk.low')}</span></p>}
      <section aria-label={t('sys.backup')}>
        <h2 className="h2">{t('sys.backup')}</h2>
        <p className="f13 t2">{t(s.engine === 'sqlite' ? 'sys.backup.sqlite' : 'sys.backup.postgres')}</p>
        <pre className="rawtext mono" tabIndex={0} aria-label={t('sys.backup.command')}>{s.engine === 'sqlite' ? 'cp -a DATA BACKUP' : 'pg_dump -Fc -f zhidan.dump "$ZHIDAN_DATABASE"\ncp -a DATA/blobs DATA/master.key BACKUP/'}</pre>
      </section>
      <Parked n={s.parked} />
      <h2 className="h2">{t('sys.jobs')}</h2>
      {jobs.length === 0 ? <p className="f13 t2">{t('sys.jobs.none')}</p> : (
        <div className="scroll-x"><table className="tbl">
          <thead><tr><th scope="col">{t('sys.kind')}</th>{(['waiting', 'later', 'failed', 'parked', 'oldest'] as const).map((k) => <th key={k} scope="col" className="r"><Meaning text={t(`sys.${k}.help`)}>{t(`sys.${k}`)}</Meaning></th>)}</tr></thead>
          <tbody>{jobs.map((j) => <tr key={j.kind}><td title={j.kind}>{jobName(j.kind)}</td><td className="r tn">{number(j.waiting)}</td><td className="r tn">{number(j.later)}</td><td className={j.failed ? 'r tn amber' : 'r tn'}>{number(j.failed)}</td><td className={j.parked ? 'r tn red' : 'r tn'}>{number(j.parked)}</td><td className="r tn">{j.oldest_seconds ? span(j.oldest_seconds) : ''}</td></tr>)}</tbody>
        </table></div>
      )}
    </>
  )
}

/** What failed too often: it is tried again, or given up with what that means. */
function Parked({ n }: { n: number }) {
  const query = useQuery({ ...parkedQuery, enabled: n > 0 })
  const list = n > 0 ? query.data?.items ?? [] : []
  return (
    <section aria-label={t('sys.stuck')}>
      <h2 className="h2">{t('sys.stuck')}{n > 0 && <span className="red tn">{number(n)}</span>}</h2>
      {n === 0 ? <EmptyState icon="check" title={t('sys.stuck.none')} help={t('sys.stuck.none.help')} /> : (
        <div className="scroll-x"><table className="tbl rows40">
          <thead><tr><th scope="col">{t('sys.kind')}</th><th scope="col">{t('sys.stuck.at')}</th><th scope="col" className="r">{t('sys.tries')}</th><th scope="col">{t('sys.error')}</th><th scope="col"><span className="hide">{t('sys.acts')}</span></th></tr></thead>
          <tbody>{list.map((j) => (
            <tr key={j.id}><td title={j.kind}>{jobName(j.kind)}<div className="t3 f12 mono">{j.key}</div></td><td><Time at={j.parked_at} /></td><td className="r tn">{j.attempts}</td><td className="long">{j.error}</td>
              <td><div className="row g8"><Button look="sm" icon="refresh" onClick={() => void settleJob(j.id, 'retry')}>{t('held.retry')}</Button><Ask danger words={t('sys.skip.ask', { n: j.behind })} go={t('sys.skip')} act={() => void settleJob(j.id, 'skip')}><Button look="q sm">{t('sys.skip')}</Button></Ask></div></td></tr>
          ))}</tbody>
        </table></div>
      )}
    </section>
  )
}
