// Makes pictures for the documents small: 256 colours instead of all, chosen by
// median cut, so that a screen of 1440 px stays under 250 KB.
// Run: node palette.mjs FROM.png TO.png
import { readFileSync, writeFileSync } from 'node:fs'
import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** The pixels of a PNG as browsers write them: 8 bits, RGB or RGBA, not interlaced. */
export function decode(png) {
  const width = png.readUInt32BE(16), height = png.readUInt32BE(20), [bits, kind, , , interlaced] = png.subarray(24, 29)
  const size = { 2: 3, 6: 4 }[kind]
  if (bits !== 8 || !size || interlaced) throw new Error('only PNGs of 8 bits in RGB or RGBA')
  const data = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const raw = inflateSync(Buffer.concat(data)), line = width * size, pixels = new Uint32Array(width * height)
  let above = Buffer.alloc(line)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)], row = raw.subarray(y * (line + 1) + 1, (y + 1) * (line + 1))
    for (let i = 0; i < line; i++) {
      const a = i >= size ? row[i - size] : 0, b = above[i], c = i >= size ? above[i - size] : 0
      const p = a + b - c, [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
      row[i] += [0, a, b, (a + b) >> 1, pa <= pb && pa <= pc ? a : pb <= pc ? b : c][filter]
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = (row[x * size] << 16) | (row[x * size + 1] << 8) | row[x * size + 2]
    above = row
  }
  return { width, height, pixels }
}

const part = (colour, channel) => (colour >> (16 - 8 * channel)) & 255

/** At most n colours that stand for all, and which stands for which. */
export function palette(pixels, n = 256) {
  const seen = new Map()
  for (const p of pixels) seen.set(p, (seen.get(p) ?? 0) + 1)
  const measure = (colours) => {
    const spans = [0, 1, 2].map((ch) => { let lo = 255, hi = 0; for (const c of colours) { const v = part(c, ch); if (v < lo) lo = v; if (v > hi) hi = v } return hi - lo })
    const channel = spans.indexOf(Math.max(...spans))
    return { colours, channel, weight: spans[channel] * Math.log2(1 + colours.reduce((sum, c) => sum + seen.get(c), 0)) }
  }
  const boxes = [measure([...seen.keys()])]
  while (boxes.length < n) {
    const most = boxes.reduce((best, b, i) => (b.weight > boxes[best].weight ? i : best), 0), box = boxes[most]
    if (!box.weight) break
    const sorted = box.colours.toSorted((a, b) => part(a, box.channel) - part(b, box.channel)), half = sorted.length >> 1
    boxes.splice(most, 1, measure(sorted.slice(0, half)), measure(sorted.slice(half)))
  }
  const index = new Map()
  const colours = boxes.map(({ colours: of }, i) => {
    // the commonest stands for its box: grounds and texts keep their exact colour
    let best = of[0]
    for (const c of of) { index.set(c, i); if (seen.get(c) > seen.get(best)) best = c }
    return best
  })
  return { colours, index }
}

export function encode({ width, height, pixels }) {
  const { colours, index } = palette(pixels)
  const raw = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw[y * (width + 1) + 1 + x] = index.get(pixels[y * width + x])
  const chunk = (name, body) => {
    const named = Buffer.concat([Buffer.from(name, 'latin1'), body]), size = Buffer.alloc(4), sum = Buffer.alloc(4)
    size.writeUInt32BE(body.length)
    sum.writeUInt32BE(crc32(named))
    return Buffer.concat([size, named, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('PLTE', Buffer.from(colours.flatMap((c) => [0, 1, 2].map((ch) => part(c, ch))))), chunk('IDAT', deflateSync(raw, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}

if (process.argv[1]?.endsWith('palette.mjs')) writeFileSync(process.argv[3], encode(decode(readFileSync(process.argv[2]))))
