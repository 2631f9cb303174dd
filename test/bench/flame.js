/** A flame graph of a V8 CPU profile, as SVG: width is time, what stands on a frame was called by it; hover for the figures. */
const WIDTH = 1200
const ROW = 17
const NARROWEST = 0.4
const COLOURS = { own: '#f4a259', library: '#8cb369', node: '#5b8e7d', native: '#bc4b51', idle: '#cccccc' }

/** @param {{ nodes: object[], samples: number[], timeDeltas: number[] }} profile */
export function flame(profile, title) {
  const root = treeOf(profile)
  const boxes = []
  const depth = place(root, 0, 0, WIDTH / root.total, boxes)
  const height = (depth + 1) * ROW + 40
  const drawn = boxes.map((b) => box(b, height, root.total)).join('\n')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="11">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="6" y="16" font-size="14">${escape(title)}: ${(root.total / 1e6).toFixed(2)} s of samples; ours orange, libraries and core of Node green, native red, idle grey</text>
${drawn}
</svg>
`
}
/** Nodes of one function under one caller become one; time in microseconds. */
function treeOf({ nodes, samples, timeDeltas }) {
  const self = new Map()
  samples.forEach((id, i) => self.set(id, (self.get(id) ?? 0) + Math.max(0, timeDeltas[i])))
  const byId = new Map(nodes.map((n) => [n.id, n]))
  const grow = (list) => {
    const { functionName, url, lineNumber } = list[0].callFrame
    const groups = new Map()
    for (const child of list.flatMap((n) => n.children ?? []).map((id) => byId.get(id))) {
      const key = `${child.callFrame.functionName} ${child.callFrame.url} ${child.callFrame.lineNumber}`
      groups.set(key, [...(groups.get(key) ?? []), child])
    }
    const children = [...groups.values()].map(grow)
    const own = list.reduce((n, x) => n + (self.get(x.id) ?? 0), 0)
    const total = children.reduce((n, c) => n + c.total, own)
    return { name: functionName || '(anonymous)', url, line: lineNumber + 1, own, total, children }
  }
  return grow([nodes[0]])
}
/** The deepest level. */
function place(frame, x, level, scale, boxes) {
  const width = frame.total * scale
  if (width < NARROWEST) return level
  boxes.push({ frame, x, level, width })
  let at = x
  let deepest = level
  for (const child of frame.children.sort((a, b) => b.total - a.total)) {
    deepest = Math.max(deepest, place(child, at, level + 1, scale, boxes))
    at += child.total * scale
  }
  return deepest
}
function box({ frame, x, level, width }, height, whole) {
  const y = height - (level + 1) * ROW - 4
  const share = ((100 * frame.total) / whole).toFixed(1)
  const place = frame.url
    ? ` ${frame.url.replace(/^.*\/(?=(core|plugins|packages|node_modules)\/)/, '')}:${frame.line}`
    : ''
  const text =
    width > 30 ? `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escape(frame.name.slice(0, width / 6.2))}</text>` : ''
  return `<g><title>${escape(`${frame.name}${place}, ${share} % (own ${((100 * frame.own) / whole).toFixed(1)} %)`)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.3, width - 0.4).toFixed(1)}" height="${ROW - 1}" fill="${COLOURS[kindOf(frame)]}"/>${text}</g>`
}
function kindOf({ name, url }) {
  if (name === '(idle)') return 'idle'
  if (!url) return 'native'
  if (url.startsWith('node:')) return 'node'
  return url.includes('node_modules') ? 'library' : 'own'
}
const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
