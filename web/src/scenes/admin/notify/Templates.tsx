import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { Icon } from '~/parts/Icon'
import { Find, Page, Segmented, useDraft, Wait } from '~/scenes/intelligence/frame'
import { word } from '~/scenes/ticket/routeWords'
import { saveTemplate, templatesQuery, type NoticeTemplate } from '~/stores/notify'
import './notify.css'

/** The words of each notification, in both languages; what is not changed is as shipped. */
export function Templates() {
  const query = useQuery(templatesQuery)
  const [event, setEvent] = useState<string>()
  const [locale, setLocale] = useState<'zh-CN' | 'en'>('zh-CN')
  const [words, setWords] = useState('')
  const items = query.data?.items ?? []
  const all = [...new Set(items.map((x) => x.event))]
  const shown = all.filter((e) => !words.trim() || word('notice.event', e).toLowerCase().includes(words.trim().toLowerCase()))
  const at = event ?? all[0]
  const open = items.find((x) => x.event === at && x.locale === locale)
  return (
    <Page title={t('admin.notify-templates')} help={t('template.help')} wide>
      <Wait query={query}>
        <div className={event ? 'halves with-detail' : 'halves'}>
          <div className="picklist">
            <Find value={words} label={t('template.find')} onChange={setWords} />
            {shown.map((e) => <button key={e} type="button" className={e === at ? 'on' : undefined} onClick={() => setEvent(e)}><span className="ell sp">{word('notice.event', e)}</span>{items.some((x) => x.event === e && x.changed) && <span className="chip">{t('template.own')}</span>}</button>)}
          </div>
          <div className="detail">
            {event && <button type="button" className="btn q backup" onClick={() => setEvent(undefined)}><Icon name="left" />{t('common.back')}</button>}
            {at && <div className="row g12"><h2 className="h2 sp">{word('notice.event', at)}</h2><Segmented label={t('profile.language')} value={locale} options={[['zh-CN', t('profile.zh')], ['en', t('profile.en')]]} onChange={setLocale} /></div>}
            {open && <TemplateForm key={`${open.event}${open.locale}`} template={open} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

function TemplateForm({ template }: { template: NoticeTemplate }) {
  const [draft, setDraft, dirty, discard] = useDraft<NoticeTemplate>(template)
  const d = draft ?? template
  const holders = template.placeholders ?? []
  const strange = [...`${d.title} ${d.text}`.matchAll(/\{([^{}]*)\}/g)].map((m) => m[1]!).filter((x) => !holders.includes(x.trim()))
  const insert = (h: string) => setDraft({ ...d, text: `${d.text}{${h}}` })
  return (
    <form className="rform" onSubmit={(e) => { e.preventDefault(); void saveTemplate(d, template) }}>
      <Field label={t('template.title')} required>{(p) => <input {...p} className="inp" maxLength={200} value={d.title} onChange={(e) => setDraft({ ...d, title: e.target.value })} />}</Field>
      <Field label={t('template.text')} error={strange.length ? t('template.strange', { names: strange.join(t('common.and')) }) : undefined} under={<div className="row g4 wrap examples">{holders.map((h) => <button key={h} type="button" className="chip ol" onClick={() => insert(h)}>{`{${h}}`}</button>)}</div>}>{(p) => <textarea {...p} className="inp" rows={5} maxLength={2000} value={d.text} onChange={(e) => setDraft({ ...d, text: e.target.value })} />}</Field>
      <div className="row g8" style={{ marginTop: 12 }}>
        <Button look="p" type="submit" disabled={!dirty || !d.title.trim() || strange.length > 0}>{t('common.save')}</Button>
        {dirty && <Button look="q" onClick={discard}>{t('rules.discard')}</Button>}
        <span className="sp" />
        {template.changed && template.shipped && <Button look="q" icon="undo" onClick={() => void saveTemplate({ ...template, title: template.shipped!.title, text: template.shipped!.text }, template)}>{t('template.shipped')}</Button>}
      </div>
    </form>
  )
}
