import { useState } from 'react'
import { t } from '~/i18n'
import { Field } from '~/parts/Field'
import { When } from '~/parts/When'
import { Switch } from '~/scenes/intelligence/frame'
import { PanelFrame } from '~/scenes/ticket/panels/Panel'
import { saveTemplate } from '~/stores/plan'

const TITLE = 'roster.newShift' as const
const colors = ['#2f5bea', '#4b9b8e', '#d98a00', '#8a5cd1', '#d43a36', '#5f7a94']

export function NewShift({ close }: { close: () => void }) {
  const [name, setName] = useState('')
  const [from, setFrom] = useState('09:00')
  const [to, setTo] = useState('18:00')
  const [pause, setPause] = useState<{ from: string; to: string } | undefined>({ from: '12:00', to: '13:00' })
  const [night, setNight] = useState(false)
  const [color, setColor] = useState(colors[0]!)
  return (
    <PanelFrame title={TITLE} submit={t('common.save')} disabled={!name.trim() || !from || !to} onSubmit={() => { close(); void saveTemplate({ name: name.trim(), from, to, color, night, ...(pause ? { breaks: [pause] } : {}) }) }} close={close}>
      <Field label={t('rules.name')} required>{(p) => <input {...p} className="inp" maxLength={40} value={name} onChange={(e) => setName(e.target.value)} />}</Field>
      <div className="two"><Field label={t('roster.from')}>{(p) => <When {...p} kind="time" required value={from} onChange={setFrom} />}</Field><Field label={t('roster.to')} help={to <= from ? t('roster.overnight') : undefined}>{(p) => <When {...p} kind="time" required value={to} onChange={setTo} />}</Field></div>
      <div className="setrow"><span className="sp f13">{t('roster.pause')}</span><Switch on={!!pause} label={t('roster.pause')} onChange={(on) => setPause(on ? { from: '12:00', to: '13:00' } : undefined)} /></div>
      {pause && <div className="row g8"><When kind="time" required label={t('roster.from')} value={pause.from} onChange={(v) => setPause({ ...pause, from: v })} /><When kind="time" required label={t('roster.to')} value={pause.to} onChange={(v) => setPause({ ...pause, to: v })} /></div>}
      <div className="setrow"><span className="sp f13">{t('roster.night')}</span><Switch on={night} label={t('roster.night')} onChange={setNight} /></div>
      <Field label={t('roster.color')}>{() => <div className="row g8" role="radiogroup" aria-label={t('roster.color')}>{colors.map((c, i) => <button key={c} type="button" role="radio" aria-checked={c === color} aria-label={String(i + 1)} className="swatch" style={{ background: c }} onClick={() => setColor(c)} />)}</div>}</Field>
    </PanelFrame>
  )
}
