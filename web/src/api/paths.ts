// The paths in the shape that openapi-typescript writes, so that openapi-fetch
// is typed today and the generated schema can take this file's place.
import type * as T from './types'

type Content<B> = { content: { 'application/json': B } }
type Body<B> = [B] extends [never] ? { requestBody?: never } : { requestBody: Content<B> }
type Answer<R> = { responses: { 200: { headers: Record<string, unknown> } & Content<R> } }
type Query<Q> = [Q] extends [never] ? { query?: never } : { query?: Q }
type Rest = { header?: Record<string, string>; cookie?: never }
type Op<R, P, Q = never, B = never> = { parameters: Query<Q> & Rest & { path: P } } & Body<B> & Answer<R>
type Plain<R, Q = never, B = never> = { parameters: Query<Q> & Rest & { path?: never } } & Body<B> & Answer<R>
type ById = { id: T.ID }
type Paging = { limit?: number; cursor?: string }
export type TicketQuery = Paging & { q?: string; filter?: string; view?: T.ID; sort?: T.Sort }

export interface paths {
  '/setup': { get: Plain<T.Setup>; post: Plain<T.Me, never, { token: string; company: string; name: string; email: string; password: string }> }
  '/session': { post: Plain<T.Me, never, { email: string; password: string }>; delete: Plain<undefined> }
  '/me': { get: Plain<T.Me>; patch: Plain<T.Me, never, { locale?: string; name?: string; preferences?: Record<string, unknown> }> }
  '/config': { get: Plain<T.Config> }
  '/tickets': { get: Plain<T.TicketPage, TicketQuery>; post: Plain<T.Ticket, never, T.NewTicket> }
  '/tickets/count': { get: Plain<T.Count, Pick<TicketQuery, 'q' | 'filter' | 'view'>> }
  '/tickets/{id}': { get: Op<T.Ticket, ById>; patch: Op<T.Ticket, ById, never, T.TicketPatch> }
  '/tickets/{id}/timeline': { get: Op<T.Page<T.Entry>, ById, Paging> }
  '/tickets/{id}/messages': { post: Op<T.Message, ById, never, T.NewMessage> }
  '/tickets/{id}/messages/{mid}/withdraw': { post: Op<undefined, ById & { mid: T.ID }> }
  '/tickets/{id}/draft': { get: Op<T.Draft, ById>; put: Op<T.Draft, ById, never, T.Draft>; delete: Op<undefined, ById> }
  // one path per action on the wire: /tickets/{id}/assign, /tickets/{id}/merge …
  '/tickets/{id}/{action}': { post: Op<T.ActionAnswer, ById & { action: string }, never, Record<string, unknown>> }
  '/bulk': { post: Plain<T.Bulk, never, T.BulkOrder> }
  '/bulk/{id}': { get: Op<T.Bulk, ById> }
  '/bulk/{id}/cancel': { post: Op<T.Bulk, ById> }
  '/undo/{id}': { post: Op<{ tickets: T.Ticket[] }, ById> }
  '/views': { get: Plain<T.View[] | T.Page<T.View>>; post: Plain<T.View, never, T.NewView> }
  '/views/counts': { get: Plain<Record<T.ID, T.Count>> }
  '/views/{id}': { patch: Op<T.View, ById, never, Partial<T.NewView>>; delete: Op<undefined, ById> }
  '/customers': { get: Plain<T.Page<T.Customer>, Paging & { q?: string }>; post: Plain<T.Customer, never, { name: string }> }
  '/customers/{id}': { get: Op<T.Customer, ById> }
  '/customers/{id}/tickets': { get: Op<T.Page<T.Ticket>, ById, Paging> }
  '/customers/{id}/identities/{iid}/reveal': { post: Op<{ value: string }, ById & { iid: T.ID }> }
}
