// Reads a table that somebody brings: CSV (RFC 4180; comma, semicolon or tab;
// UTF-8 or GB 18030) and the first sheet of an XLSX (ECMA-376), without a library.
export const MAX_ROWS = 100_000
export const MAX_BYTES = 64 << 20

export class TableError extends Error {
  constructor(readonly code: 'size' | 'format' | 'empty' | 'rows') { super(code) }
}

export async function readTable(file: File): Promise<string[][]> {
  if (file.size > MAX_BYTES) throw new TableError('size')
  const bytes = new Uint8Array(await file.arrayBuffer())
  const rows = bytes[0] === 0x50 && bytes[1] === 0x4b ? await readXLSX(bytes) : parseCSV(decode(bytes))
  const full = rows.filter((r) => r.some((c) => c.trim() !== ''))
  if (full.length < 2) throw new TableError('empty')
  return full
}

export function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

export function parseCSV(text: string): string[][] {
  const first = text.slice(0, text.search(/[\r\n]|$/))
  const comma = [',', ';', '\t'].toSorted((a, b) => first.split(b).length - first.split(a).length)[0]!
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  const s = text.replace(/^\ufeff/, '')
  for (let i = 0; i < s.length; i++) {
    const c = s[i]!
    if (quoted) {
      if (c !== '"') cell += c
      else if (s[i + 1] === '"') { cell += '"'; i++ }
      else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === comma) { row.push(cell); cell = '' }
    else if (c === '\n' || c === '\r') {
      if (c === '\r' && s[i + 1] === '\n') i++
      row.push(cell)
      rows.push(row)
      if (rows.length > MAX_ROWS) throw new TableError('rows')
      row = []
      cell = ''
    } else cell += c
  }
  if (cell !== '' || row.length) { row.push(cell); rows.push(row) }
  return rows
}

/** The entries of a ZIP by its central directory (APPNOTE 4.3.12). */
function entries(zip: Uint8Array): Map<string, { method: number; from: number; size: number }> {
  const v = new DataView(zip.buffer, zip.byteOffset, zip.byteLength)
  let end = zip.length - 22
  while (end >= 0 && v.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0) throw new TableError('format')
  const found = new Map<string, { method: number; from: number; size: number }>()
  let at = v.getUint32(end + 16, true)
  for (let n = v.getUint16(end + 10, true); n > 0; n--) {
    if (at + 46 > zip.length || v.getUint32(at, true) !== 0x02014b50) throw new TableError('format')
    const [name, extra, comment, local] = [v.getUint16(at + 28, true), v.getUint16(at + 30, true), v.getUint16(at + 32, true), v.getUint32(at + 42, true)]
    if (local + 30 > zip.length) throw new TableError('format')
    const from = local + 30 + v.getUint16(local + 26, true) + v.getUint16(local + 28, true)
    found.set(new TextDecoder().decode(zip.subarray(at + 46, at + 46 + name)), { method: v.getUint16(at + 10, true), from, size: v.getUint32(at + 20, true) })
    at += 46 + name + extra + comment
  }
  return found
}

async function readXLSX(zip: Uint8Array): Promise<string[][]> {
  const all = entries(zip)
  const part = async (name: string | undefined): Promise<Document | undefined> => {
    const e = name === undefined ? undefined : all.get(name)
    if (!e) return undefined
    const raw = zip.slice(e.from, e.from + e.size)
    const stream = e.method === 0 ? new Blob([raw]).stream() : new Blob([raw]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
    let text = ''
    const reader = stream.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>).getReader()
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      text += piece.value
      // what unpacks to more than any table of labels is no table of labels
      if (text.length > 4 * MAX_BYTES) throw new TableError('size')
    }
    return new DOMParser().parseFromString(text, 'application/xml')
  }
  const words = (el: Element): string => [...el.getElementsByTagName('t')].filter((x) => x.parentElement?.tagName !== 'rPh').map((x) => x.textContent ?? '').join('')
  const shared = [...((await part('xl/sharedStrings.xml'))?.getElementsByTagName('si') ?? [])].map(words)
  const sheet = await part([...all.keys()].filter((n) => /^xl\/worksheets\/[^/]+\.xml$/.test(n)).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0])
  if (!sheet) throw new TableError('format')
  const rows: string[][] = []
  for (const row of sheet.getElementsByTagName('row')) {
    const out: string[] = []
    for (const c of row.getElementsByTagName('c')) {
      const kind = c.getAttribute('t')
      const value = c.getElementsByTagName('v')[0]?.textContent ?? ''
      const at = column(c.getAttribute('r') ?? '') ?? out.length
      if (at > 16_384) continue
      while (out.length < at) out.push('')
      out[at] = kind === 's' ? (shared[Number(value)] ?? '') : kind === 'inlineStr' ? words(c) : value
    }
    rows.push(out)
    if (rows.length > MAX_ROWS) throw new TableError('rows')
  }
  return rows
}

/** The column of a cell: A1 → 0, AB7 → 27. */
export function column(ref: string): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(ref)?.[0]
  if (!letters) return undefined
  return [...letters].reduce((n, l) => n * 26 + l.charCodeAt(0) - 64, 0) - 1
}
