import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Retraining } from '~/api/types'
import { t } from '~/i18n'
import { overviewQuery, saveRetraining } from '~/stores/intelligence'
import { Meaning, number, Switch, useManager } from './frame'

/** When fields are trained anew by themselves. A number counts when the field is left, or with Enter. */
export function Retrain() {
  const saved = useQuery(overviewQuery).data?.retrain
  return saved ? <Rule saved={saved} /> : null
}

const bounds = { after: [20, 30_000], days: [0, 365] } as const

function Rule({ saved }: { saved: Retraining }) {
  const able = useManager()
  const [after, setAfter] = useState(String(saved.after))
  const [days, setDays] = useState(String(saved.days))
  useEffect(() => { setAfter(String(saved.after)); setDays(String(saved.days)) }, [saved.after, saved.days])
  const bad = (field: keyof typeof bounds, text: string) => !/^\d+$/.test(text) || Number(text) < bounds[field][0] || Number(text) > bounds[field][1]
  const wrong = bad('after', after) ? 'after' : bad('days', days) ? 'days' : undefined
  const save = () => {
    if (wrong || (Number(after) === saved.after && Number(days) === saved.days)) return
    void saveRetraining({ ...saved, after: Number(after), days: Number(days) }, saved)
  }
  const input = (field: keyof typeof bounds, value: string, set: (v: string) => void) => (
    <input className="inp few" inputMode="numeric" value={value} disabled={!able || saved.off} aria-label={t(`retrain.${field}`)} aria-invalid={wrong === field} aria-describedby="retrain-said"
      onChange={(e) => set(e.target.value.trim())} onBlur={save} onKeyDown={(e) => { if (e.key === 'Enter') save(); if (e.key === 'Escape') { setAfter(String(saved.after)); setDays(String(saved.days)) } }} />
  )
  const effect = saved.off ? t('retrain.off') : days === '0' ? t('retrain.effect.never', { after: Number(after) }) : t('retrain.effect', { after: Number(after), days: Number(days) })
  return (
    <section className={saved.off ? 'retrain off' : 'retrain'} aria-label={t('retrain.title')}>
      <div className="row g8 wrap">
        <Switch on={!saved.off} label={t('retrain.title')} disabled={!able} onChange={(on) => void saveRetraining({ ...saved, off: !on }, saved)} />
        <b className="f13">{t('retrain.title')}</b>
        <label className="row g4 f13 t2"><Meaning text={t('retrain.after.meaning')}>{t('retrain.after')}</Meaning>{input('after', after, setAfter)}</label>
        <label className="row g4 f13 t2"><Meaning text={t('retrain.days.meaning')}>{t('retrain.days')}</Meaning>{input('days', days, setDays)}</label>
      </div>
      <p id="retrain-said" className={wrong ? 'f12 red' : 'f12 t3'} role={wrong ? 'alert' : undefined}>{wrong ? t('retrain.range', { low: number(bounds[wrong][0]), high: number(bounds[wrong][1]) }) : effect}</p>
    </section>
  )
}
