import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useRef, useState, type RefObject } from 'react'
import type { ID } from '~/api/types'
import { countUse, matching, writingQuery, type QuickReply } from '~/stores/phrase'
import { useMe, useNames } from '~/stores/session'
import { mentionable, tokenOf, type Mentionable, type Token } from './suggest'
import type { Writer } from './useComposer'

interface Item { quick?: QuickReply; who?: Mentionable }
const MOST = 50

/** Follows the word before the cursor and offers what fits. */
export function useSuggest(ticket: ID, writer: RefObject<Writer | null>, note: boolean, onMention: (who: Mentionable) => void) {
  const me = useMe()
  const { config } = useNames()
  const [token, setToken] = useState<Token>()
  const [at, setAt] = useState(0)
  const left = useRef('') // the word that was closed with Esc stays closed
  const replies = useQuery({ ...writingQuery(ticket), enabled: token?.kind === 'quick' })
  const items = useMemo((): Item[] => {
    if (!token) return []
    if (token.kind === 'quick') return matching(token.words, replies.data?.items ?? []).slice(0, MOST).map((quick) => ({ quick }))
    return mentionable(config, me?.id, token.words).slice(0, MOST).map((who) => ({ who }))
  }, [token, replies.data, config, me?.id])

  const look = useCallback(() => {
    // the field has to have taken the stroke first
    setTimeout(() => {
      const found = tokenOf(writer.current?.before() ?? '', note)
      const name = found ? found.kind + found.words : ''
      if (left.current && name.startsWith(left.current)) return setToken(undefined)
      left.current = ''
      setAt(0)
      setToken((old) => (old?.kind === found?.kind && old?.words === found?.words ? old : found))
    })
  }, [writer, note])
  const close = useCallback(() => setToken(undefined), [])

  const choose = (i: number) => {
    const item = items[i]
    if (!token || !item) return
    if (item.quick) {
      writer.current?.replace(token.length, item.quick.text)
      countUse(item.quick.id)
    } else if (item.who) {
      writer.current?.replace(token.length, `@${item.who.name} `)
      onMention(item.who)
    }
    close()
  }
  const press = (key: string, e: { ctrlKey: boolean; metaKey: boolean; isComposing: boolean }): boolean => {
    if (!token || e.isComposing || e.ctrlKey || e.metaKey) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[key]
    if (step && items.length) setAt((x) => (x + step + items.length) % items.length)
    else if ((key === 'Enter' || key === 'Tab') && items.length) choose(at)
    else if (key === 'Escape') {
      left.current = token.kind + token.words
      close()
    } else return false
    return true
  }
  return { token: token && (token.kind === 'quick' || items.length) ? token : undefined, items, at, loading: replies.isLoading, move: setAt, choose, look, close, press }
}
export type Suggesting = ReturnType<typeof useSuggest>
