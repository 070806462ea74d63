// People at work, for speed.mjs: each holds the stream open, reads the list,
// opens tickets with the requests that the workspace makes, and writes a note
// now and then. Started with { url, tokens, reads } as its message.
const pause = (ms) => new Promise((r) => setTimeout(r, ms))
const between = (a, b) => a + Math.random() * (b - a)
let requests = 0
let errors = 0
let heard = 0

process.once('message', ({ url, tokens, reads }) => {
  for (const token of tokens) person(url, token, reads)
})
process.on('message', (m) => m === 'count' && process.send({ requests, errors, heard }))

async function person(url, token, reads) {
  const call = async (method, path, body) => {
    requests++
    const answer = await fetch(`${url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) })
    if (!answer.ok) errors++
    return answer.json().catch(() => undefined)
  }
  await pause(between(0, 5000))
  listen(`${url}/api/v1/live`, token)
  for (;;) {
    const list = await call('GET', '/tickets?limit=50' + ['', '&view=10', '&view=20'][Math.floor(between(0, 3))])
    for (let i = 0; i < 4 && list?.items?.length; i++) {
      const t = list.items[Math.floor(Math.random() * list.items.length)]
      await Promise.all(reads.map((r) => call('GET', r.replaceAll('{id}', t.id).replaceAll('{requester}', t.requester?.id ?? '0'))))
      if (Math.random() < 0.2) await call('POST', `/tickets/${t.id}/messages`, { kind: 'note', body: '已联系客户，等师傅回电后再跟进' })
      await pause(between(3000, 7000))
    }
    if (Math.random() < 0.4) await call('POST', '/tickets', { subject: '冰箱冷藏室不制冷', body: '昨天开始不制冷，面板显示 E4，请安排师傅', channel: 'phone', requester: { name: '测量客户', phone: `139${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}` } })
  }
}

async function listen(url, token) {
  for (;;) {
    try {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } })
      for await (const piece of answer.body) heard += piece.length > 0 ? 1 : 0
    } catch {
      errors++
    }
    await pause(1000)
  }
}
