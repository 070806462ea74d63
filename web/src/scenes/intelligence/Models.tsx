import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { LearnedField, ModelInfo, Run } from '~/api/types'
import { messages, t, type Key } from '~/i18n'
import { size } from '~/i18n/format'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { Time } from '~/parts/Time'
import { fieldName } from '~/scenes/ticket/understand/values'
import { activate, cancelRun, modelsQuery, runsQuery, startRun } from '~/stores/intelligence'
import { useNames } from '~/stores/session'
import { Confusion } from './Confusion'
import { Retrain } from './Retrain'
import { Meaning, number, Page, percent1, Segmented, useLabel, useManager, Wait } from './frame'

export const learned: LearnedField[] = ['type', 'category', 'priority']

/** Versions of the models, and the trainings that made them. */
export function Models() {
  const able = useManager()
  const [field, setField] = useState<LearnedField>('category')
  const models = useQuery(modelsQuery(field))
  const runs = useQuery(runsQuery)
  const mine = runs.data?.items.filter((r) => r.field === field) ?? []
  const [open, setOpen] = useState<string>()
  const run = mine.find((r) => r.id === open) ?? mine.find((r) => r.report) ?? mine[0]
  const working = mine.some((r) => r.state === 'running' || r.state === 'waiting')
  return (
    <Page title={t('studio.models')} help={t('models.help')} actions={<Button look="p" icon="play" disabled={!able || working} onClick={() => void startRun(field).then((r) => r && setOpen(r.id))}>{t('models.train')}</Button>}>
      <div className="row g8 wrap bar2"><Segmented label={t('acc.field')} value={field} options={learned.map((f) => [f, fieldName(f)] as const)} onChange={(f) => { setField(f); setOpen(undefined) }} /></div>
      <h2 className="h2">{t('models.runs')}</h2>
      <Wait query={runs}>
        {mine.length === 0 ? <EmptyState icon="play" title={t('models.none.runs')} help={t('models.none.runs.help')} /> : <ul className="runs">{mine.slice(0, 8).map((r) => <RunRow key={r.id} r={r} on={r === run} able={able} onOpen={() => setOpen(r.id)} />)}</ul>}
      </Wait>
      <Retrain />
      {run?.report && <Report key={run.id} run={run} />}
      <h2 className="h2">{t('models.versions')}</h2>
      <Wait query={models}>
        {models.data?.items.length === 0 ? <EmptyState icon="flask" title={t('models.none')} help={t('models.none.help')} /> : (
          <div className="scroll-x"><table className="tbl">
            <thead><tr><th>{t('models.version')}</th><th>{t('models.state')}</th><th className="r">{t('models.examples')}</th><th className="r">{t('models.labels')}</th><th className="r"><Meaning text={t('models.accuracy.meaning')}>{t('acc.accuracy')}</Meaning></th><th className="r"><Meaning text={t('models.f1.meaning')}>{t('models.f1')}</Meaning></th><th className="r"><Meaning text={t('acc.ece.meaning')}>{t('acc.ece')}</Meaning></th><th className="r">{t('models.size')}</th><th /></tr></thead>
            <tbody>{models.data?.items.map((m) => <Version key={m.id} m={m} able={able} />)}</tbody>
          </table></div>
        )}
      </Wait>
    </Page>
  )
}

function Version({ m, able }: { m: ModelInfo; able: boolean }) {
  const names = useNames()
  return (
    <tr className={m.state === 'active' ? 'on' : undefined}>
      <td>{m.created_at ? <Time at={m.created_at} as="clock" /> : t('models.starter')}{m.created_by && <span className="t3 f12">{' '}{names.staff(m.created_by)}</span>}</td>
      <td><span className={m.state === 'active' ? 'chip green' : 'chip'}>{t(`models.state.${m.state}`)}</span></td>
      <td className="r">{number(m.examples)}</td><td className="r">{number(m.labels)}</td><td className="r">{percent1(m.accuracy)}</td><td className="r">{percent1(m.macro_f1)}</td><td className="r">{percent1(m.ece)}</td><td className="r">{size(m.bytes)}</td>
      <td className="r">{m.state !== 'active' && m.id && able && <Button look="sm" onClick={() => void activate(m.id!)}>{t(m.state === 'old' ? 'models.back' : 'models.promote')}</Button>}</td>
    </tr>
  )
}

function RunRow({ r, on, able, onOpen }: { r: Run; on: boolean; able: boolean; onOpen: () => void }) {
  const working = r.state === 'running' || r.state === 'waiting'
  const wrong = r.error && (`run.error.${r.error_code}` in messages() ? t(`run.error.${r.error_code}` as Key) : r.error)
  return (
    <li className={on ? 'run on' : 'run'}>
      <button type="button" className="sp row g8" aria-current={on ? 'true' : undefined} onClick={onOpen}>
        <span className={r.state === 'failed' ? 'chip red' : r.promoted ? 'chip green' : 'chip'}>{t(r.promoted ? 'run.promoted' : `run.${r.state}`)}</span>
        <span className="f12 t3 nw"><Time at={r.started_at} as="clock" /></span>
        {r.report && <span className="f13 ell">{t('run.figures', { accuracy: percent1(r.report.accuracy), f1: percent1(r.report.macro_f1), n: r.report.examples })}</span>}
        {wrong && <span className="f13 red ell" title={r.error}>{wrong}{r.error_code && <span className="t3 f12">{' '}{r.error_code}</span>}</span>}
      </button>
      {working && <><span className="bar prog"><i style={{ width: `${r.total ? (100 * r.done) / r.total : 0}%` }} /></span><span className="f12 t3 nw" role="status">{t('run.progress', { done: r.done, total: r.total })}</span>{able && <Button look="q sm" onClick={() => void cancelRun(r.id)}>{t('common.cancel')}</Button>}</>}
    </li>
  )
}

function Gain({ now, before }: { now: number; before: number }) {
  const points = number(Math.abs(now - before) * 100, 1)
  return points === '0' ? <small>{t('run.same')}</small> : <small className={now > before ? 'green' : 'red'}>{t('run.points', { n: `${now > before ? '+' : '−'}${points}` })}</small>
}

function Report({ run }: { run: Run }) {
  const label = useLabel()
  const r = run.report!
  const c = r.compared
  return (
    <section aria-label={t('run.report')}>
      <dl className="figures">
        <div><dt><Meaning text={t('models.accuracy.meaning')}>{t('acc.accuracy')}</Meaning></dt><dd>{percent1(r.accuracy)}{c && <Gain now={c.New} before={c.Old} />}</dd></div>
        <div><dt><Meaning text={t('models.f1.meaning')}>{t('models.f1')}</Meaning></dt><dd>{percent1(r.macro_f1)}{c && <Gain now={c.NewF1} before={c.OldF1} />}</dd></div>
        <div><dt><Meaning text={t('acc.ece.meaning')}>{t('acc.ece')}</Meaning></dt><dd>{percent1(r.ece)}</dd></div>
        <div><dt><Meaning text={t('run.held.meaning')}>{t('run.held')}</Meaning></dt><dd>{number(r.held)}<small>{t('run.of', { n: r.examples })}</small></dd></div>
        <div><dt>{t('run.time')}</dt><dd>{t('run.seconds', { n: number(r.train_seconds, 1) })}</dd></div>
      </dl>
      <p className="f13 t2 lead">{t(run.promoted ? (c && !c.Better ? 'run.why.first' : 'run.why.promoted') : c && !c.Better ? 'run.why.kept' : 'run.why.done')}</p>
      <Confusion run={run} />
      <details className="more"><summary className="f13">{t('run.perLabel')}</summary>
        <div className="scroll-x"><table className="tbl">
          <thead><tr><th>{t('run.label')}</th><th className="r"><Meaning text={t('run.precision.meaning')}>{t('run.precision')}</Meaning></th><th className="r"><Meaning text={t('run.recall.meaning')}>{t('run.recall')}</Meaning></th><th className="r">{t('run.f1')}</th><th className="r">{t('run.support')}</th></tr></thead>
          <tbody>{r.per_label.toSorted((a, b) => b.support - a.support).map((x) => <tr key={x.label}><td>{label(run.field, x.label)}</td><td className="r">{percent1(x.precision)}</td><td className="r">{percent1(x.recall)}</td><td className="r">{percent1(x.f1)}</td><td className="r">{number(x.support)}</td></tr>)}</tbody>
        </table></div>
      </details>
    </section>
  )
}
