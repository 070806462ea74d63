import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { LabelWords } from '~/api/types'
import { named, t } from '~/i18n'
import { Button } from '~/parts/Button'
import { EmptyState } from '~/parts/State'
import { descriptionsQuery, saveDescriptions } from '~/stores/intelligence'
import { useNames } from '~/stores/session'
import { Find, Page, Segmented, useDraft, useManager, Wait } from './frame'

/** What each type and category means, in a sentence: a model learns from that before it has seen a ticket. */
export function Labels() {
  const query = useQuery(descriptionsQuery)
  const names = useNames()
  const able = useManager()
  const [field, setField] = useState<'type' | 'category'>('category')
  const [words, setWords] = useState('')
  const [only, setOnly] = useState<'all' | 'empty'>('all')
  const [draft, setDraft, dirty, drop] = useDraft(query.data)
  const all = field === 'type'
    ? names.config.types.filter((x) => !x.retired).map((x) => ({ value: x.key, name: named(x.name) }))
    : names.config.categories.filter((x) => !x.retired).map((x) => ({ value: x.id, name: names.category(x.id) }))
  const of = (value: string): LabelWords => draft?.labels.find((l) => l.field === field && l.value === value) ?? { field, value, zh: '', en: '' }
  const wanted = words.trim().toLowerCase()
  const shown = all.filter((x) => { const l = of(x.value); return (!wanted || `${x.name} ${l.zh} ${l.en}`.toLowerCase().includes(wanted)) && (only === 'all' || (!l.zh && !l.en)) })
  const set = (value: string, part: Partial<LabelWords>) => draft && setDraft({ ...draft, labels: [...draft.labels.filter((l) => l.field !== field || l.value !== value), { ...of(value), ...part }] })
  const save = async () => {
    if (draft && query.data && (await saveDescriptions({ ...draft, labels: draft.labels.filter((l) => l.zh.trim() || l.en.trim()) }, query.data))) drop()
  }
  return (
    <Page title={t('studio.labels')} help={t('label.help')} actions={<Button look="p" disabled={!dirty || !able} onClick={() => void save()}>{t('common.save')}</Button>}>
      <Wait query={query}>
        <div className="row g8 wrap bar2">
          <Segmented label={t('label.which')} value={field} options={[['category', t('decided.category')], ['type', t('decided.type')]]} onChange={setField} />
          <Segmented label={t('label.show')} value={only} options={[['all', t('label.all')], ['empty', t('label.empty')]]} onChange={setOnly} />
          <Find value={words} label={t('label.find')} onChange={setWords} />
        </div>
        <p className="f13 t2 lead">{t('label.effect')}</p>
        {shown.length === 0 ? <EmptyState icon="search" title={t('label.none')} help={t('label.none.help')} /> : (
          <div className="labels">
            {shown.map((x) => { const l = of(x.value); return (
              <div key={x.value} className="labelrow">
                <b className="f13">{x.name}</b>
                <textarea className="inp" rows={2} lang="zh" maxLength={500} disabled={!able} value={l.zh} aria-label={t('label.zh.of', { name: x.name })} placeholder={t('label.zh')} onChange={(e) => set(x.value, { zh: e.target.value })} />
                <textarea className="inp" rows={2} lang="en" maxLength={500} disabled={!able} value={l.en} aria-label={t('label.en.of', { name: x.name })} placeholder={t('label.en')} onChange={(e) => set(x.value, { en: e.target.value })} />
              </div>
            ) })}
          </div>
        )}
      </Wait>
    </Page>
  )
}
