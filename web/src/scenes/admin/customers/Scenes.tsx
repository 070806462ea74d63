import { useState, type FormEvent } from 'react'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Body } from '~/api/paths'
import type { Priority, Scene } from '~/api/types'
import { named, t } from '~/i18n'
import { Button, IconButton } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { PriorityBars, priorityName } from '~/parts/Glyph'
import { EmptyState } from '~/parts/State'
import { priorities } from '~/scenes/inbox/filterChoices'
import { Find, Page } from '~/scenes/intelligence/frame'
import { FieldInput, Select } from '~/scenes/ticket/FieldInput'
import { blank } from '~/scenes/ticket/form'
import { queries } from '~/stores/query'
import { useNames } from '~/stores/session'
import { complain, say } from '~/stores/toast'
import '~/scenes/customers/customers.css'
import { Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from '../people/parts'

type Draft = Omit<Scene, 'id' | 'version'>
const bare = ({ id: _, version: __, ...rest }: Scene): Draft => rest

async function put(scene: Scene | undefined, body: Draft): Promise<string> {
  const sent = body as unknown as Body<'/config/scenes'>
  const made = scene ? await data(api.PUT('/config/scenes/{id}', { params: { path: { id: scene.id } }, body: sent, headers: ifMatch(scene.version ?? 0) })) : await data(api.POST('/config/scenes', { body: sent }))
  await queries.invalidateQueries({ queryKey: keys.config })
  return made.id ?? ''
}

/** 场景模板: what a call is about in general, filled in with one key. */
export function Scenes() {
  const [item, go, wide] = useItem('scenes')
  const { config } = useNames()
  const [words, setWords] = useState('')
  const list = config.scenes.toSorted((a, b) => Number(a.retired) - Number(b.retired) || a.position - b.position)
  const shown = list.filter((x) => named(x.name).toLowerCase().includes(words.trim().toLowerCase()))
  const at = item ?? (wide ? shown[0]?.id : undefined)
  const open = list.find((x) => x.id === at)
  const move = async (x: Scene, by: number) => {
    const live = list.filter((y) => !y.retired)
    const other = live[live.indexOf(x) + by]
    if (!other) return
    try {
      await put(x, { ...bare(x), position: other.position })
      await put(other, { ...bare(other), position: x.position })
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Page title={t('admin.scenes')} help={t('scenes.help')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{t('scenes.new')}</Button>}>
      <div className={item ? 'halves who with-detail' : 'halves who'}>
        <div className="picklist" onKeyDown={walk}>
          <div className="whofind"><Find value={words} label={t('common.search')} onChange={setWords} /></div>
          {shown.map((x) => (
            <div key={x.id} className="row scenerow">
              <button type="button" data-entry className={x.id === at ? 'on' : undefined} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}><span className="ell sp">{named(x.name)}</span>{x.retired && <span className="chip">{t('scenes.retired')}</span>}</button>
              {!x.retired && <><IconButton icon="up" small label={t('scenes.up')} onClick={() => void move(x, -1)} /><IconButton icon="down" small label={t('scenes.down')} onClick={() => void move(x, 1)} /></>}
            </div>
          ))}
          {shown.length === 0 && <EmptyState icon="phone" title={t('scenes.none')} help={t('scenes.none.help')} />}
        </div>
        <div className="detail">
          {item && <Back go={go} />}
          {at === 'new' ? <SceneForm key="new" go={go} position={Math.max(0, ...list.map((x) => x.position)) + 1} /> : open ? <SceneForm key={open.id} scene={open} go={go} position={open.position} /> : at && <EmptyState icon="search" title={t('who.gone')} />}
        </div>
      </div>
    </Page>
  )
}

function SceneForm({ scene, go, position }: { scene?: Scene; go: Go; position: number }) {
  const names = useNames()
  const { config } = names
  const types = config.types.filter((x) => !x.retired)
  const { value, dirty, set, drop } = useTouched<Draft>(scene ? bare(scene) : { name: { zh: '', en: '' }, type: types[0]?.key ?? '', position, retired: false })
  const { error, field, run } = useProblem()
  const [checks, setChecks] = useState<string>()
  const name = value.name as { zh: string; en: string }
  const form = config.types.find((x) => x.key === value.type)?.form.fields.map((f) => config.fields.find((x) => x.key === f.field)).filter((f) => f && !f.retired && !f.personal && f.kind !== 'attachment') ?? []
  const save = async (change: Partial<Draft> = {}) => {
    const before = scene && bare(scene)
    const next: Draft = { ...value, ...change, fields: Object.fromEntries(Object.entries(value.fields ?? {}).filter(([, v]) => !blank(v))) }
    let id = ''
    if (!(await run(async () => { id = await put(scene, next) }))) return
    drop()
    setChecks(undefined)
    if (!scene) go(id)
    say(t('common.saved'), before ? { undo: async () => { const now = queries.getQueryData<{ scenes: Scene[] }>(keys.config)?.scenes.find((x) => x.id === scene.id); if (now) await put(now, before) } } : {})
  }
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }}>
      <h2 className="h2">{named(scene?.name) || t('scenes.new')}</h2>
      <div className="two">
        <Field label={t('scenes.name.zh')} required error={field('name')}>{(p) => <input {...p} className="inp" maxLength={100} value={name.zh} onChange={(e) => set({ name: { ...name, zh: e.target.value } })} />}</Field>
        <Field label={t('scenes.name.en')}>{(p) => <input {...p} className="inp" maxLength={100} value={name.en} onChange={(e) => set({ name: { ...name, en: e.target.value } })} />}</Field>
        <Field label={t('action.type')} required error={field('type')}>{(p) => <Select id={p.id} label={t('action.type')} choices={types.map((x) => ({ id: x.key, text: named(x.name) }))} value={value.type} onChange={(type) => set({ type })} />}</Field>
        <Field label={t('action.category')} error={field('category_id')}>{(p) => <Select id={p.id} label={t('action.category')} choices={[{ id: '', text: t('common.none') }, ...config.categories.filter((c) => !c.retired).map((c) => ({ id: c.id, text: names.category(c.id) }))]} value={value.category_id ?? ''} text={value.category_id ? undefined : t('common.none')} onChange={(x) => set({ category_id: x || undefined })} />}</Field>
        <Field label={t('action.priority')} help={t('scenes.priority.help')}>{(p) => <Select id={p.id} label={t('action.priority')} choices={[{ id: '', text: t('scenes.priority.ai') }, ...priorities.map((x) => ({ id: x, text: priorityName(x), glyph: <PriorityBars priority={x} /> }))]} value={value.priority ?? ''} text={value.priority ? undefined : t('scenes.priority.ai')} onChange={(x) => set({ priority: (x || undefined) as Priority | undefined })} />}</Field>
        <Field label={t('scenes.subject')} error={field('subject')}>{(p) => <input {...p} className="inp" maxLength={300} value={value.subject ?? ''} onChange={(e) => set({ subject: e.target.value })} />}</Field>
      </div>
      <Field label={t('scenes.body')} help={t('scenes.body.help')} error={field('body')}>{(p) => <textarea {...p} className="inp" rows={3} maxLength={4000} value={value.body ?? ''} onChange={(e) => set({ body: e.target.value })} />}</Field>
      <Field label={t('scenes.checks')} help={t('scenes.checks.help')} error={field('checks')}>{(p) => <textarea {...p} className="inp" rows={5} value={checks ?? (value.checks ?? []).join('\n')} onChange={(e) => { setChecks(e.target.value); set({ checks: e.target.value.split('\n').map((x) => x.trim()).filter(Boolean) }) }} />}</Field>
      <Field label={t('scenes.script')} error={field('script')}>{(p) => <textarea {...p} className="inp" rows={3} maxLength={4000} value={value.script ?? ''} onChange={(e) => set({ script: e.target.value })} />}</Field>
      {form.length > 0 && (
        <section><h2 className="h2">{t('scenes.fields')}</h2><p className="f12 t3">{t('scenes.fields.help')}</p>
          <div className="two">{form.map((f) => f && <Field key={f.key} label={named(f.name)} error={field(`fields.${f.key}`)}>{(p) => <FieldInput {...p} field={f} value={value.fields?.[f.key]} onChange={(v) => set({ fields: { ...value.fields, [f.key]: v } })} />}</Field>)}</div>
        </section>
      )}
      <Wrong error={error} />
      <div className="row g8 wrap pend"><Button look="p lg" type="submit" disabled={!dirty}>{t('common.save')}</Button>{dirty && <Button look="q lg" onClick={() => { drop(); setChecks(undefined) }}>{t('bizcal.drop')}</Button>}<span className="sp" />{scene && <Button look="q lg" onClick={() => void save({ retired: !scene.retired })}>{t(scene.retired ? 'scenes.revive' : 'scenes.retire')}</Button>}</div>
    </form>
  )
}
