// What belongs to the reader alone: sessions, tokens, password.
import { queryOptions } from '@tanstack/react-query'
import { api, data } from '~/api/client'
import { keys } from '~/api/keys'
import type { Answer, Body } from '~/api/paths'
import type { ID, Me } from '~/api/types'
import { t } from '~/i18n'
import { queries } from './query'
import { complain, say } from './toast'

export type Token = Answer<'/me/tokens'>['items'][number]
export type NewToken = Omit<Body<'/me/tokens'>, '$schema'>
export type MadeToken = Answer<'/me/tokens', 'post'>

export const sessionsQuery = queryOptions({ queryKey: keys.own('sessions'), queryFn: async ({ signal }) => (await data(api.GET('/me/sessions', { signal }))).items })
export const tokensQuery = queryOptions({ queryKey: keys.own('tokens'), queryFn: async ({ signal }) => (await data(api.GET('/me/tokens', { params: { query: { limit: 100 } }, signal }))).items })

export async function endSession(id: ID): Promise<void> {
  try {
    await data(api.DELETE('/me/sessions/{id}', { params: { path: { id } } }))
    say(t('me.session.ended'))
  } catch (error) {
    complain(error)
  }
  await queries.invalidateQueries({ queryKey: keys.own('sessions') })
}

export async function makeToken(token: NewToken): Promise<MadeToken> {
  const made = await data(api.POST('/me/tokens', { body: token }))
  await queries.invalidateQueries({ queryKey: keys.own('tokens') })
  return made
}

export async function revokeToken(token: Token): Promise<void> {
  try {
    await data(api.DELETE('/me/tokens/{id}', { params: { path: { id: token.id } } }))
    say(t('me.token.revoked', { name: token.name }))
  } catch (error) {
    complain(error)
  }
  await queries.invalidateQueries({ queryKey: keys.own('tokens') })
}

export const changePassword = (old: string, next: string): Promise<unknown> => data(api.POST('/me/password', { body: { old, new: next } }))

export async function rename(name: string): Promise<void> {
  const me = (await data(api.PATCH('/me', { body: { name } }))) as Me
  queries.setQueryData(keys.me, me)
  await queries.invalidateQueries({ queryKey: keys.config })
}
