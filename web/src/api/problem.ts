import { messages, t, type Key, type Params } from '~/i18n'
import { clock } from '~/i18n/format'
import type { FieldProblem, ProblemBody } from './types'

/** What the server refused, or that it could not be reached (code "net.offline"). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: FieldProblem[]
  readonly params: Record<string, string>
  readonly requestID?: string

  constructor(status: number, body: ProblemBody) {
    super(body.detail ?? body.title ?? String(status))
    this.name = 'Problem'
    this.status = status
    this.code = body.code ?? (status === 0 ? 'net.offline' : `http.${status}`)
    this.errors = body.errors ?? []
    this.params = body.params ?? {}
    this.requestID = body.request_id
  }

  /** One sentence for the reader: by code, else what the server said. */
  get text(): string {
    const first = this.errors[0]
    return codeText(this.code, readable(this.params)) ?? (first ? fieldText(first) : undefined) ?? codeText(`http.${this.status}`) ?? this.message
  }

  field(name: string): string | undefined {
    const found = this.errors.find((e) => e.field === name || e.field.endsWith(`.${name}`))
    return found && fieldText(found)
  }
}

/** Moments as people read them. */
const readable = (params: Record<string, string>): Params => (params.at ? { ...params, at: clock(params.at, Date.now()) } : params)

function codeText(code: string, params?: Params): string | undefined {
  const key = `error.${code}`
  return key in messages() ? t(key as Key, params) : undefined
}

export function fieldText(e: FieldProblem): string {
  return codeText(e.code, e.params as Params) ?? e.message
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = {}
  try {
    body = (await response.json()) as ProblemBody
  } catch {
    // a proxy answered with something else: the status has to do
  }
  return new Problem(response.status, body)
}

export function problemText(error: unknown): string {
  return error instanceof Problem ? error.text : error instanceof Error ? error.message : String(error)
}
