// The charts of the board as pictures, to be pasted into a report: drawn anew on
// a canvas with the colours of the screen, with their title, day and legend, so
// that a picture says by itself what it is of.
import { t, type Key } from '~/i18n'
import type { Board } from '~/stores/report'
import { clockOf, groupsOf, inGroup, passed, scale } from './Hours'
import { compareText, dayText, whole } from './text'

const W = 1200
const H = 560
const EDGE = 48
const HEAD = 132

type Pen = CanvasRenderingContext2D
type Colour = (name: string) => string

/** Draws a chart and hands it over as a file. */
export async function picture(which: 'hours' | 'ages', b: Board, of: string): Promise<void> {
  const canvas = document.createElement('canvas')
  canvas.width = W * 2
  canvas.height = H * 2
  const pen = canvas.getContext('2d')!
  pen.scale(2, 2)
  const style = getComputedStyle(document.documentElement)
  const colour: Colour = (name) => style.getPropertyValue(name.replace(/^var\(|\)$/g, '')).trim()
  const font = (size: number, weight = 400) => { pen.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}` }
  pen.fillStyle = colour('--bg-surface')
  pen.fillRect(0, 0, W, H)
  pen.textBaseline = 'alphabetic'
  font(24, 600)
  pen.fillStyle = colour('--text-1')
  pen.fillText(t(`today.table.${which}` as Key), EDGE, 56)
  font(15)
  pen.fillStyle = colour('--text-2')
  const when = which === 'hours' && b.until ? t('today.dayUntil', { day: dayText(b.day), at: clockOf({ ...b, at: b.until }) }) : dayText(b.day)
  pen.fillText([when, of, t('today.picture.at', { at: clockOf(b) })].filter(Boolean).join(' · '), EDGE, 84)
  if (which === 'hours') hours(pen, b, colour, font)
  else ages(pen, b, colour, font)
  const file = await new Promise<Blob>((done, failed) => canvas.toBlob((x) => (x ? done(x) : failed(new Error('canvas'))), 'image/png'))
  const a = document.createElement('a')
  a.href = URL.createObjectURL(file)
  a.download = `today-${b.day}${b.until ? `-${clockOf({ ...b, at: b.until }).replace(':', '')}` : ''}-${which}.png`
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000)
}

function hours(pen: Pen, b: Board, colour: Colour, font: (size: number, weight?: number) => void): void {
  const groups = groupsOf(b)
  const steps = scale(Math.max(1, ...b.hours.map((h) => Math.max(h.created, h.previous))))
  const base = H - 64
  const left = EDGE + 40
  const y = (n: number) => base - ((base - HEAD - 24) * n) / steps[2]!
  const slot = (W - EDGE - left) / b.hours.length
  const x = (i: number) => left + slot * (i + 0.5)
  let at = EDGE
  font(14)
  const legend = (name: string, mark: () => void) => {
    mark()
    pen.fillStyle = colour('--text-2')
    pen.fillText(name, at + 18, 116)
    at += 18 + pen.measureText(name).width + 28
  }
  for (const g of groups) legend(`${g.name} ${whole(g.created)}`, () => { pen.fillStyle = colour(g.fill); pen.fillRect(at, 106, 10, 10) })
  legend(`${compareText(b)} ${whole(b.hours.reduce((n, h) => n + h.previous, 0))}`, () => dashed(pen, colour, [[at, 111], [at + 14, 111]]))
  pen.lineWidth = 1
  for (const s of steps) {
    pen.strokeStyle = colour('--line')
    pen.beginPath()
    pen.moveTo(left, y(s) + 0.5)
    pen.lineTo(W - EDGE, y(s) + 0.5)
    pen.stroke()
    pen.fillStyle = colour('--text-3')
    pen.textAlign = 'right'
    pen.fillText(whole(s), left - 12, y(s) + 5)
  }
  pen.textAlign = 'center'
  const bar = Math.min(26, slot * 0.6)
  b.hours.forEach((h, i) => {
    let from = base
    for (const g of groups) {
      const tall = base - y(inGroup(h, g))
      if (tall === 0) continue
      from -= tall
      pen.fillStyle = colour(g.fill)
      pen.fillRect(x(i) - bar / 2, from, bar, Math.max(1, tall - (from + tall < base ? 1 : 0)))
    }
    if (i % 2 === 0) {
      pen.fillStyle = colour('--text-3')
      pen.fillText(h.label.replace(/^0/, ''), x(i), base + 24)
    }
    if (h.created > 0) {
      pen.fillStyle = colour('--text-1')
      pen.fillText(whole(h.created), x(i), y(h.created) - 8)
    }
  })
  dashed(pen, colour, b.hours.map((h, i) => [x(i), y(h.previous)]))
  const now = passed(b)
  if (now === undefined) return
  pen.strokeStyle = colour('--primary')
  pen.beginPath()
  pen.moveTo(left + slot * now, HEAD)
  pen.lineTo(left + slot * now, base)
  pen.stroke()
}

function dashed(pen: Pen, colour: Colour, points: [number, number][]): void {
  pen.strokeStyle = colour('--text-2')
  pen.lineWidth = 1.5
  pen.setLineDash([4, 4])
  pen.beginPath()
  for (const [i, [x, y]] of points.entries()) {
    if (i === 0) pen.moveTo(x, y)
    else pen.lineTo(x, y)
  }
  pen.stroke()
  pen.setLineDash([])
  pen.lineWidth = 1
}

function ages(pen: Pen, b: Board, colour: Colour, font: (size: number, weight?: number) => void): void {
  const most = Math.max(1, ...b.ages.map((a) => a.count))
  const left = EDGE + 132
  const right = W - EDGE - 72
  const row = (H - HEAD - 40) / b.ages.length
  font(18)
  b.ages.forEach((a, i) => {
    const mid = HEAD + row * (i + 0.5)
    pen.textAlign = 'left'
    pen.fillStyle = colour('--text-2')
    pen.fillText(t(`today.age.${a.key}` as Key), EDGE, mid + 6)
    pen.fillStyle = colour(a.key === 'older' ? '--red' : a.key === '7d' ? '--amber' : '--c2')
    pen.fillRect(left, mid - 14, ((right - left) * a.count) / most, 28)
    pen.textAlign = 'right'
    pen.fillStyle = colour('--text-1')
    pen.fillText(whole(a.count), W - EDGE, mid + 6)
  })
}
