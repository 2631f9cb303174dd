/** One chart as SVG text: axes with units, at most six series, readable on light and on dark ground. */
import { logTicks, ticks } from './ticks.js'

const LEFT = 64
const RIGHT = 16
const TOP = 44
const BOTTOM = 46
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 14px; font-weight: 600 } .small { font-size: 11px }
.grid { stroke: #d0d7de } .axis { stroke: #57606a } .band { fill: #57606a; fill-opacity: 0.1 } .ground { fill: #ffffff }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round } .dot { stroke: none; fill-opacity: 0.75 }
.s0 { stroke: #0969da; fill: #0969da } .s1 { stroke: #bc4c00; fill: #bc4c00 } .s2 { stroke: #1a7f37; fill: #1a7f37 }
.s3 { stroke: #8250df; fill: #8250df } .s4 { stroke: #57606a; fill: #57606a } .s5 { stroke: #cf222e; fill: #cf222e }
.line { fill: none } .dash { stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8b949e } .band { fill: #8b949e; fill-opacity: 0.16 } .ground { fill: #0d1117 }
.s0 { stroke: #58a6ff; fill: #58a6ff } .s1 { stroke: #f0883e; fill: #f0883e } .s2 { stroke: #56d364; fill: #56d364 }
.s3 { stroke: #bc8cff; fill: #bc8cff } .s4 { stroke: #8b949e; fill: #8b949e } .s5 { stroke: #ff7b72; fill: #ff7b72 }
.line { fill: none } .dot { stroke: none } }`

/**
 * @param {{
 *   title: string, x: { label: string, from?: number, to?: number },
 *   y: { label: string, from?: number, to?: number, log?: boolean },
 *   series: { name: string, points: [number, number][], as?: 'line' | 'step' | 'dots' | 'dash' }[],
 *   bands?: { from: number, to: number, label: string }[], width?: number, height?: number
 * }} c
 */
export function chart(c) {
  const { width = 760, height = 340 } = c
  const points = c.series.flatMap((s) => s.points)
  const x = axis({ ...c.x, values: points.map((p) => p[0]) }, LEFT, width - RIGHT)
  const y = axis({ ...c.y, values: points.map((p) => p[1]) }, height - BOTTOM, TOP)
  const parts = [
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="title" x="${LEFT}" y="18">${escape(c.title)}</text>`,
    ...(c.bands ?? []).map((b, n) => band(b, n, x, height)),
    ...y.ticks.map((t) => line('grid', LEFT, y.at(t), width - RIGHT, y.at(t)) + label(LEFT - 6, y.at(t) + 4, t, 'end')),
    ...x.ticks.map((t) => line('axis', x.at(t), height - BOTTOM, x.at(t), height - BOTTOM + 4)),
    ...x.ticks.map((t) => label(x.at(t), height - BOTTOM + 18, t, 'middle')),
    line('axis', LEFT, height - BOTTOM, width - RIGHT, height - BOTTOM),
    `<text x="${(LEFT + width - RIGHT) / 2}" y="${height - 8}" text-anchor="middle">${escape(c.x.label)}</text>`,
    `<text transform="translate(14 ${(TOP + height - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escape(c.y.label)}</text>`,
    ...c.series.map((s, i) => drawn(s, i, x, y)),
    legend(c.series),
  ]
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`
  return `${open}\n<title>${escape(c.title)}</title>\n<style>${STYLE}</style>\n${parts.join('\n')}\n</svg>\n`
}

function axis({ from, to, log, values }, start, end) {
  const low = from ?? values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = to ?? values.reduce((a, b) => Math.max(a, b), -Infinity)
  const marks = log ? logTicks(low, high) : ticks(low, high)
  const [first, last] = [Math.min(low, marks[0]), Math.max(high, marks[marks.length - 1])]
  const scale = log ? Math.log : (v) => v
  const at = (v) => start + ((scale(v) - scale(first)) / (scale(last) - scale(first) || 1)) * (end - start)
  return { ticks: marks, at, first, last }
}
function drawn(s, i, x, y) {
  const at = ([px, py]) => [round(x.at(px)), round(y.at(Math.min(Math.max(py, y.first), y.last)))]
  if (s.as === 'dots')
    return s.points
      .map(at)
      .map(([px, py]) => `<circle class="dot s${i}" cx="${px}" cy="${py}" r="2.2"/>`)
      .join('')
  const path = s.points
    .map(at)
    .map(([px, py], n) => (n === 0 ? `M${px} ${py}` : s.as === 'step' ? `H${px}V${py}` : `L${px} ${py}`))
  return `<path class="s${i} line${s.as === 'dash' ? ' dash' : ''}" d="${path.join('')}"/>`
}
function legend(series) {
  let at = LEFT
  return series
    .map(({ name, as }, i) => {
      const mark =
        as === 'dots'
          ? `<circle class="dot s${i}" cx="${at + 9}" cy="31" r="3"/>`
          : `<path class="s${i} line${as === 'dash' ? ' dash' : ''}" d="M${at} 31h18"/>`
      const text = `<text class="small" x="${at + 24}" y="35">${escape(name)}</text>`
      at += 40 + name.length * 6.2
      return mark + text
    })
    .join('')
}
function band({ from, to, label: text }, n, x, height) {
  const [a, b] = [x.at(from), x.at(to)]
  const box = `<rect class="band" x="${round(a)}" y="${TOP}" width="${round(b - a)}" height="${height - BOTTOM - TOP}"/>`
  return `${box}<text class="small" x="${round(a + 4)}" y="${TOP + 13 + 14 * (n % 2)}">${escape(text)}</text>`
}
const line = (kind, x1, y1, x2, y2) =>
  `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`
const label = (x, y, value, anchor) =>
  `<text class="small" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${value.toLocaleString('en-US', { maximumFractionDigits: 3 })}</text>`
const round = (v) => Math.round(v * 10) / 10
const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
