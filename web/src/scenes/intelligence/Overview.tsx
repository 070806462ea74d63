import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { FieldState } from '~/api/types'
import { t } from '~/i18n'
import { size } from '~/i18n/format'
import { fieldName } from '~/scenes/ticket/understand/values'
import { accuracyQuery, overviewQuery, saveRule } from '~/stores/intelligence'
import { Meaning, number, Page, percent1, Slide, Switch, useManager, Wait } from './frame'

export function OverviewPage() {
  const query = useQuery({ ...overviewQuery, staleTime: 10_000 })
  const figures = useQuery(accuracyQuery(1, 'field', '')).data
  const o = query.data
  const n = figures?.rows.reduce((sum, r) => sum + r.n, 0) ?? 0
  const set = figures?.rows.reduce((sum, r) => sum + r.set, 0) ?? 0
  const judged = figures?.rows.reduce((sum, r) => sum + r.judged, 0) ?? 0
  const agreed = figures?.rows.reduce((sum, r) => sum + r.agreed, 0) ?? 0
  return (
    <Page title={t('studio.overview')} help={t('overview.help')}>
      <Wait query={query}>
        {o && (
          <>
            <dl className="figures">
              <div><dt><Meaning text={t('overview.decided.meaning')}>{t('overview.decided')}</Meaning></dt><dd>{number(n)}</dd></div>
              <div><dt><Meaning text={t('acc.coverage.meaning')}>{t('overview.set')}</Meaning></dt><dd>{n ? percent1(set / n) : '–'}</dd></div>
              <div><dt><Meaning text={t('acc.accuracy.meaning')}>{t('acc.accuracy')}</Meaning></dt><dd>{judged ? <>{percent1(agreed / judged)}<small>{t('cal.of', { agreed, judged })}</small></> : '–'}</dd></div>
              <div><dt><Meaning text={t('overview.memory.meaning')}>{t('overview.memory')}</Meaning></dt><dd>{size(o.memory_bytes)}</dd></div>
              <div><dt>{t('overview.llm')}</dt><dd className="word">{t(!o.language_model.configured ? 'overview.llm.none' : o.language_model.on ? 'overview.llm.on' : 'overview.llm.off')}<Link className="link f12" to="/intelligence/$page" params={{ page: 'llm' }}>{t('overview.llm.open')}</Link></dd></div>
            </dl>
            <h2 className="h2">{t('overview.fields')}</h2>
            <p className="f13 t2 lead">{t('overview.fields.help')}</p>
            <div className="rules">{o.fields.map((f) => <Rule key={f.field} f={f} />)}</div>
          </>
        )}
      </Wait>
    </Page>
  )
}

/** One field: on or off, and from which confidence on it is set or suggested. */
function Rule({ f }: { f: FieldState }) {
  const able = useManager()
  const [threshold, setThreshold] = useState(f.threshold)
  const [suggest, setSuggest] = useState(f.suggest)
  useEffect(() => { setThreshold(f.threshold); setSuggest(f.suggest) }, [f.threshold, f.suggest])
  const save = (off = f.off) => {
    if (off === f.off && threshold === f.threshold && suggest === f.suggest) return
    void saveRule(f, { off, threshold, suggest })
  }
  const effect = f.off ? t('rule.off') : suggest >= threshold ? t('rule.effect.same', { threshold: percent1(threshold) }) : t('rule.effect', { threshold: percent1(threshold), suggest: percent1(suggest) })
  return (
    <section className={f.off ? 'rule off' : 'rule'} aria-label={fieldName(f.field)}>
      <div className="row g8"><b className="f13">{fieldName(f.field)}</b><span className="f12 t3 ell sp">{f.learned ? (f.ready ? t('rule.learned', { n: f.model?.labels ?? 0 }) : t('rule.notReady')) : t('rule.rules')}</span><Switch on={!f.off} label={t('rule.switch', { field: fieldName(f.field) })} disabled={!able} onChange={(on) => save(!on)} /></div>
      <div className="slides">
        <label className="f12 t3"><span>{t('rule.threshold')}</span><Slide value={threshold} min={suggest} label={t('rule.threshold.of', { field: fieldName(f.field) })} disabled={!able || f.off} onChange={setThreshold} onDone={() => save()} /><b className="f13 t1">{percent1(threshold)}</b></label>
        <label className="f12 t3"><span>{t('rule.suggest')}</span><Slide value={suggest} max={threshold} label={t('rule.suggest.of', { field: fieldName(f.field) })} disabled={!able || f.off} onChange={setSuggest} onDone={() => save()} /><b className="f13 t1">{percent1(suggest)}</b></label>
      </div>
      <p className="f12 t2 said-row"><span>{effect}</span>{f.field === 'priority' && !f.off && <span>{t('rule.priority')}</span>}{f.learned && f.examples + f.corrections > 0 && <span>{t('rule.taught', { n: f.examples, corrections: f.corrections })}</span>}</p>
    </section>
  )
}
