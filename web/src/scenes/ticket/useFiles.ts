import { useCallback, useState } from 'react'
import { problemText } from '~/api/problem'
import type { Attachment } from '~/api/types'
import { upload } from '~/api/upload'

export interface Upload { key: number; name: string; size: number; share: number; done?: Attachment; error?: string; cancel: () => void; file: File }

let next = 1

/** Files on their way, with progress; what failed can be sent again. */
export function useFiles() {
  const [files, setFiles] = useState<Upload[]>([])
  const change = useCallback((key: number, part: Partial<Upload>) => setFiles((old) => old.map((f) => (f.key === key ? { ...f, ...part } : f))), [])
  const start = useCallback((file: File, key: number) => {
    const abort = new AbortController()
    change(key, { cancel: () => abort.abort(), error: undefined })
    upload(file, (share) => change(key, { share }), abort.signal).then(
      (done) => change(key, { done, share: 1 }),
      (error: unknown) => change(key, { error: problemText(error) }),
    )
  }, [change])
  const add = useCallback((list: Iterable<File>) => {
    for (const file of list) {
      const key = next++
      setFiles((old) => [...old, { key, name: file.name, size: file.size, share: 0, cancel: () => undefined, file }])
      start(file, key)
    }
  }, [start])
  const remove = useCallback((key: number) => setFiles((old) => {
    old.find((f) => f.key === key)?.cancel()
    return old.filter((f) => f.key !== key)
  }), [])
  const again = useCallback((key: number) => setFiles((old) => {
    const f = old.find((x) => x.key === key)
    if (f) queueMicrotask(() => start(f.file, key))
    return old
  }), [start])
  /** Files that the server has already. */
  const give = useCallback((list: Attachment[]) => setFiles(list.map((a) => ({ key: next++, name: a.name, size: a.size, share: 1, done: a, cancel: () => undefined, file: new File([], a.name, { type: a.type }) }))), [])
  return { files, give, add, remove, again, set: setFiles, busy: files.some((f) => !f.done && !f.error) }
}
