// The API as generated (schema.d.ts, by `npm run api`), without the base path
// that the client puts before every address.
import type { paths as Generated } from './schema'

export type paths = { [P in keyof Generated as P extends `/api/v1${infer Rest}` ? Rest : never]: Generated[P] }

type JSONOf<A> = A extends { content: { 'application/json': infer B } } ? B : never
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Operation<P extends keyof paths, M extends Method> = M extends keyof paths[P] ? paths[P][M] : never

/** What an operation answers when all went well. */
export type Answer<P extends keyof paths, M extends Method = 'get'> =
  Operation<P, M> extends { responses: infer R } ? JSONOf<R[keyof R & (200 | 201 | 202)]> : never
/** What an operation takes as its body. */
export type Body<P extends keyof paths, M extends Method = 'post'> =
  Operation<P, M> extends { requestBody: infer B } ? JSONOf<B> : never

export type TicketQuery = NonNullable<paths['/tickets']['get']['parameters']['query']>

type Done = Answer<'/tickets/{id}/claim', 'post'>
/** The actions on one ticket: each is its own path, all answer alike. */
export type ActionName = { [P in keyof paths]: P extends `/tickets/{id}/${infer A}` ? (Answer<P, 'post'> extends never ? never : Answer<P, 'post'> extends Done ? A : never) : never }[keyof paths]
export type ActionInput<A extends ActionName> = Body<`/tickets/{id}/${A}`>
