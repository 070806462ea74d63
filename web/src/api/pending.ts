// The door to operations that schema.d.ts does not hold yet; the shapes are
// said where they are used.
import { api } from './client'

interface Init { params?: { path?: Record<string, string>; query?: Record<string, unknown>; header?: Record<string, string> }; body?: unknown; signal?: AbortSignal; headers?: Record<string, string> }
type Call = <T>(path: string, init?: Init) => Promise<{ data?: T }>

export const pending = api as unknown as { GET: Call; POST: Call; PUT: Call; PATCH: Call; DELETE: Call }
