import { BASE, key } from './client'
import { Problem } from './problem'
import type { Attachment } from './types'

/** Sends one file with progress (0 to 1); XMLHttpRequest because fetch does not report what was sent. */
export function upload(file: File, progress: (share: number) => void, signal?: AbortSignal): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `${BASE}/attachments?name=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
    request.setRequestHeader('X-Zhidan', '1')
    request.setRequestHeader('Idempotency-Key', key())
    request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total)
    request.onerror = () => reject(new Problem(0, { code: 'net.offline' }))
    request.onload = () => {
      let body: unknown = {}
      try {
        body = JSON.parse(request.responseText)
      } catch {
        // an answer that is not JSON counts by its status alone
      }
      if (request.status >= 200 && request.status < 300) resolve(body as Attachment)
      else reject(new Problem(request.status, body as object))
    }
    signal?.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}
