// Quick replies and signatures: as they are administered, and as they are
// inserted on a ticket.
import { queryOptions } from '@tanstack/react-query'
import { api, data, ifMatch } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer, Body } from '~/api/paths'
import type { ID } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export type PhraseKind = 'quick-replies' | 'signatures'
export type Phrase = Answer<'/quick-replies'>['items'][number]
export type PhraseBody = Omit<Body<'/quick-replies'>, '$schema'>
export type QuickReply = Answer<'/tickets/{id}/quick-replies'>['items'][number]

export const placeholders = ['customer', 'number', 'subject', 'agent', 'team', 'company', 'date'] as const

export const phrasesQuery = (kind: PhraseKind) => queryOptions({
  queryKey: keys.phrases(kind),
  queryFn: async ({ signal }): Promise<Phrase[]> => {
    const all: Phrase[] = []
    for (let cursor = ''; ;) {
      const page = await data(api.GET(`/${kind}`, { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } }, signal }))
      all.push(...page.items)
      if (!page.next_cursor) return all
      cursor = page.next_cursor
    }
  },
})

/** What helps to write on one ticket: filled in by the server, most used first. */
export const writingQuery = (id: ID) => queryOptions({
  queryKey: keys.phrases('writing', id), staleTime: 60_000, enabled: id !== '',
  queryFn: ({ signal }) => data(api.GET('/tickets/{id}/quick-replies', { params: { path: { id } }, signal })),
})

const changed = () => queries.invalidateQueries({ queryKey: keys.phrases() })

export async function savePhrase(kind: PhraseKind, body: PhraseBody, old?: Phrase): Promise<Phrase> {
  const saved = old
    ? await data(api.PUT(`/${kind}/{id}`, { params: { path: { id: old.id } }, body, headers: ifMatch(old.version) }))
    : await data(api.POST(`/${kind}`, { body }))
  await changed()
  say(t('quick.saved'))
  return saved
}

export async function deletePhrase(kind: PhraseKind, old: Phrase): Promise<boolean> {
  try {
    await data(api.DELETE(`/${kind}/{id}`, { params: { path: { id: old.id } } }))
  } catch (error) {
    complain(error)
    return false
  }
  await changed()
  const { scope, team_id, name, shortcut, zh, en } = old
  say(t('quick.deleted', { name }), { undo: () => savePhrase(kind, { scope, team_id, name, shortcut, zh, en }).catch(complain) })
  return true
}

/** Counts that one was inserted; the order changes when the ticket is opened next. */
export function countUse(id: ID): void {
  void data(api.POST('/quick-replies/{id}/use', { params: { path: { id } } })).catch(() => undefined)
}

/** Those that hold the words: by shortcut, then name, then text; the most used first among equals. */
export function matching(words: string, all: QuickReply[]): QuickReply[] {
  const needle = words.trim().toLocaleLowerCase()
  if (!needle) return all
  const rank = (q: QuickReply): number => {
    const shortcut = q.shortcut ?? ''
    const name = q.name.toLocaleLowerCase()
    if (shortcut === needle) return 6
    if (shortcut.startsWith(needle)) return 5
    if (name.startsWith(needle)) return 4
    if (name.includes(needle)) return 3
    if (q.text.toLocaleLowerCase().includes(needle)) return 2
    let at = 0
    for (const c of needle) {
      at = `${shortcut} ${name}`.indexOf(c, at) + 1
      if (at === 0) return 0
    }
    return 1
  }
  return all.map((q) => ({ q, r: rank(q) })).filter((x) => x.r > 0).sort((a, b) => b.r - a.r).map((x) => x.q)
}
