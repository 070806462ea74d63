import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import { Fake } from './fake.ts'

/** Serves the fake under /api/v1 of the development and preview servers. Never part of a build. */
export function fakeServer(): Plugin {
  const fake = new Fake()
  const serve = async (req: IncomingMessage, res: ServerResponse, next: () => void) => {
    const url = req.url ?? ''
    if (!url.startsWith('/api/')) return next()
    if (url.startsWith('/api/v1/live')) {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
      res.write('event: hello\ndata: {"position":"1"}\n\n')
      const tell = (event: string, data: object) => res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
      fake.listeners.add(tell)
      req.on('close', () => fake.listeners.delete(tell))
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    // switches for trying out states by hand: /api/fake/signout, /api/fake/fail, /api/fake/new
    const switched = /^\/api\/fake\/(\w+)/.exec(url)?.[1]
    if (switched) {
      if (switched === 'signout') fake.signedIn = false
      if (switched === 'setup') fake.setupNeeded = true
      if (switched === 'fail') fake.failNext = [500, 'http.500']
      if (switched === 'new') await fake.handle(new Request('http://fake/api/v1/tickets', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Zhidan': '1' }, body: JSON.stringify({ body: '空调不制冷，吹出来是热风', requester: { id: 'c7' } }) }))
      res.writeHead(204).end()
      return
    }
    const request = new Request(`http://fake${url}`, {
      method: req.method, headers: Object.entries(req.headers).map(([k, v]): [string, string] => [k, String(v)]),
      body: req.method === 'GET' || chunks.length === 0 ? undefined : Buffer.concat(chunks),
    })
    const answer = await fake.handle(request)
    res.writeHead(answer.status, Object.fromEntries(answer.headers))
    res.end(Buffer.from(await answer.arrayBuffer()))
  }
  return {
    name: 'zhidan-fake',
    configureServer: (server) => void server.middlewares.use((req, res, next) => void serve(req, res, next)),
    configurePreviewServer: (server) => void server.middlewares.use((req, res, next) => void serve(req, res, next)),
  }
}
