// What belongs to the reader alone: sessions, tokens, password.
import { queryOptions } from '@tanstack/react-query'
import { api, BASE, data, send } from '~/api/client'
import { keys } from '~/api/keys'
import { problemOf } from '~/api/problem'
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

/** The longest side that is sent: the server keeps a small square. */
const SIDE = 512

/** The middle of a picture, upright, as large as it is needed; what the browser cannot read goes as it is, and the server says why not. */
async function square(file: Blob): Promise<Blob> {
  try {
    const image = await createImageBitmap(file)
    const side = Math.min(image.width, image.height)
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = Math.min(side, SIDE)
    canvas.getContext('2d')!.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, canvas.width, canvas.height)
    return await new Promise((done, failed) => canvas.toBlob((b) => (b ? done(b) : failed(new Error('no picture'))), 'image/png'))
  } catch {
    return file
  }
}

async function putPicture(body: Blob | undefined): Promise<void> {
  const answer = await send(new Request(`${location.origin}${BASE}/me/picture`, { method: 'PUT', credentials: 'same-origin', body: body ?? new Blob([]) }))
  if (!answer.ok) throw await problemOf(answer)
  await Promise.all([queries.invalidateQueries({ queryKey: keys.config }), queries.invalidateQueries({ queryKey: keys.me })])
}

/** Own picture; without a file it is taken away. The former one comes back by undo. */
export async function savePicture(file: Blob | undefined, former: string | undefined): Promise<void> {
  const was = former ? await (await fetch(former)).blob() : undefined
  await putPicture(file && (await square(file)))
  say(t(file ? 'me.picture.saved' : 'me.picture.gone'), { undo: () => putPicture(was).catch(complain) })
}
