import { useQuery } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import { t, type Key } from '~/i18n'
import { Button } from '~/parts/Button'
import { Field } from '~/parts/Field'
import { EmptyState } from '~/parts/State'
import { Find, Page, Segmented, Wait } from '~/scenes/intelligence/frame'
import { Select } from '~/scenes/ticket/FieldInput'
import { deletePhrase, phrasesQuery, placeholders, savePhrase, type Phrase, type PhraseBody, type PhraseKind } from '~/stores/phrase'
import { can, useMe, useNames } from '~/stores/session'
import { Back, useItem, useProblem, useTouched, walk, Wrong, type Go } from '../people/parts'

export const QuickReplies = () => <Phrases kind="quick-replies" />
export const Signatures = () => <Phrases kind="signatures" />
/** One's own alone, on one's own page. */
export const OwnReplies = () => <Phrases kind="quick-replies" own />

const words = (kind: PhraseKind, key: 'page' | 'new' | 'none' | 'none.help' | 'gone'): string => t(`${kind === 'signatures' ? 'signature' : 'quick'}.${key}` as Key)

/** One's own, and what a team or everybody uses: a list left, the text right. */
function Phrases({ kind, own }: { kind: PhraseKind; own?: boolean }) {
  const [routed, visit, wide] = useItem(kind)
  const [chosen, choose] = useState<string>()
  const [item, go]: [string | undefined, Go] = own ? [chosen, choose] : [routed, visit]
  const query = useQuery(phrasesQuery(kind))
  const { team } = useNames()
  const [find, setFind] = useState('')
  const list = (query.data ?? []).filter((x) => !own || x.scope === 'own')
  const needle = find.trim().toLowerCase()
  const shown = list.filter((x) => [x.name, x.shortcut, x.zh, x.en].some((s) => s?.toLowerCase().includes(needle)))
  const at = item ?? (wide ? shown[0]?.id : undefined)
  const open = list.find((x) => x.id === at)
  const whose = (x: Phrase) => (x.scope === 'team' ? team(x.team_id) || t('quick.scope.team') : t(`quick.scope.${x.scope}`))
  return (
    <Page title={t(own ? 'me.replies' : `admin.${kind}`)} help={own ? t('me.replies.help') : words(kind, 'page')} wide actions={<Button look="p" icon="plus" onClick={() => go('new')}>{words(kind, 'new')}</Button>}>
      <Wait query={query}>
        <div className={item ? 'halves who with-detail' : 'halves who'}>
          <div className="picklist" onKeyDown={walk}>
            <div className="whofind"><Find value={find} label={t('quick.find')} onChange={setFind} /></div>
            {shown.map((x) => (
              <button key={x.id} type="button" data-entry className={x.id === at ? 'on' : undefined} aria-current={x.id === at ? 'true' : undefined} onClick={() => go(x.id)}>
                <span className="ell sp">{x.name}</span>{x.shortcut && <span className="f12 t3 nw">{`/${x.shortcut}`}</span>}<span className="chip">{whose(x)}</span>
              </button>
            ))}
            {shown.length === 0 && <EmptyState icon="bolt" title={words(kind, 'none')} help={needle ? t('quick.none.filter') : words(kind, 'none.help')} />}
          </div>
          <div className="detail">
            {item && <Back go={go} />}
            {at === 'new' ? <Form key="new" kind={kind} go={go} own={own} /> : open ? <Form key={open.id} kind={kind} phrase={open} go={go} own={own} /> : at && <EmptyState icon="search" title={words(kind, 'gone')} />}
          </div>
        </div>
      </Wait>
    </Page>
  )
}

const fresh: PhraseBody = { scope: 'own', name: '', shortcut: '', zh: '', en: '' }

function Form({ kind, phrase, go, own }: { kind: PhraseKind; phrase?: Phrase; go: Go; own?: boolean }) {
  const me = useMe()
  const { config } = useNames()
  const { value, dirty, set, drop } = useTouched<PhraseBody>(phrase ? { scope: phrase.scope, team_id: phrase.team_id, name: phrase.name, shortcut: phrase.shortcut ?? '', zh: phrase.zh ?? '', en: phrase.en ?? '' } : fresh)
  const { error, field, run } = useProblem()
  const last = useRef<{ name: 'zh' | 'en'; box: HTMLTextAreaElement | null }>({ name: 'zh', box: null })
  const reach = me?.permissions['phrase.share']
  const shares = !own && can(me, 'phrase.share')
  const able = phrase?.may_edit ?? true
  const scopes = (['own', 'team', 'shared'] as const).filter((x) => x === value.scope || x === 'own' || (x === 'team' ? shares : shares && reach === 'all'))
  const teams = config.teams.filter((g) => reach === 'all' || reach === 'department' || me?.teams.some((x) => x.id === g.id))
  const save = async () => {
    const body = { ...value, team_id: value.scope === 'team' ? value.team_id : undefined, ...(kind === 'signatures' ? { shortcut: '' } : {}) }
    await run(async () => {
      const saved = await savePhrase(kind, body, phrase)
      if (phrase) drop()
      else go(saved.id)
    })
  }
  const insert = (name: string) => {
    const { name: into, box } = last.current
    const text = value[into] ?? ''
    const at = box?.selectionStart ?? text.length
    set({ [into]: `${text.slice(0, at)}{${name}}${text.slice(box?.selectionEnd ?? at)}` })
    setTimeout(() => { box?.focus(); box?.setSelectionRange(at + name.length + 2, at + name.length + 2) })
  }
  const area = (name: 'zh' | 'en', help?: string) => (
    <Field label={t(`quick.${name}`)} help={help} error={field(name)}>{(p) => <textarea {...p} className="inp" rows={5} maxLength={5000} value={value[name] ?? ''} onFocus={(e) => { last.current = { name, box: e.currentTarget } }} onChange={(e) => set({ [name]: e.target.value })} />}</Field>
  )
  return (
    <form className="pform" onSubmit={(e: FormEvent) => { e.preventDefault(); void save() }} onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && dirty) { e.preventDefault(); void save() } }}>
      <h2 className="h2">{phrase?.name ?? words(kind, 'new')}</h2>
      {phrase && kind === 'quick-replies' && <p className="f12 t3">{t('quick.uses', { n: phrase.uses, all: phrase.all_uses })}</p>}
      {!able && <p className="f13 t2">{t('quick.readonly', { name: phrase?.owner.name })}</p>}
      <fieldset className="bare" disabled={!able}>
        <Field label={t('quick.name')} required error={field('name')}>{(p) => <input {...p} className="inp" required maxLength={100} value={value.name} onChange={(e) => set({ name: e.target.value })} />}</Field>
        {kind === 'quick-replies' && <Field label={t('quick.shortcut')} help={t('quick.shortcut.help')} error={field('shortcut')}>{(p) => <input {...p} className="inp" maxLength={32} value={value.shortcut ?? ''} onChange={(e) => set({ shortcut: e.target.value })} />}</Field>}
        {(scopes.length > 1 || value.scope !== 'own') && (
          <Field label={t('quick.scope')}>{() => <Segmented label={t('quick.scope')} value={value.scope} options={scopes.map((x) => [x, t(`quick.scope.${x}`)] as const)} onChange={(scope) => set({ scope })} />}</Field>
        )}
        {value.scope === 'team' && <Field label={t('quick.team')} required error={field('team_id')}>{(p) => <Select id={p.id} label={t('quick.team')} value={value.team_id} text={value.team_id ? undefined : t('quick.team.choose')} choices={teams.map((g) => ({ id: g.id, text: g.name }))} onChange={(team_id) => set({ team_id })} />}</Field>}
        {area('zh', t('quick.zh.help'))}
        {area('en')}
        <div className="field"><span className="lb">{t('quick.holders')}</span><div className="row g4 wrap">{placeholders.map((h) => <button key={h} type="button" className="chip ol" onMouseDown={(e) => e.preventDefault()} onClick={() => insert(h)}>{t(`quick.holder.${h}`)}</button>)}</div></div>
      </fieldset>
      <Wrong error={error} />
      {able && <div className="row g8 wrap pend">
        <Button look="p lg" type="submit" disabled={!dirty || (value.scope === 'team' && !value.team_id)}>{t('common.save')}</Button>{phrase && dirty && <Button look="q lg" onClick={drop}>{t('bizcal.drop')}</Button>}<span className="sp" />
        {phrase && <Button look="q lg danger" onClick={() => void deletePhrase(kind, phrase).then((ok) => ok && go(undefined))}>{t('quick.delete')}</Button>}
      </div>}
    </form>
  )
}
