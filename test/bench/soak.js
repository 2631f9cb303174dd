/** Memory over a long time of mail: four sites that take it, two that are dead, in many small loads. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { chart } from '../tools/chart.js'
import { Sink, freePort, source } from './load.js'
import { memoryOfTree } from './memory.js'
import { Postern } from './mta/postern.js'
import { table } from './table.js'

const UP = ['a.test', 'b.test', 'c.test', 'd.test']
const DEAD = ['gone.test', 'away.test']
/** one of so many messages is for a dead site */
const ONE_DEAD_OF = 20
const SAMPLES = 25

export async function soak(o) {
  const sinks = await Promise.all(UP.map(() => Sink.start()))
  const closed = await freePort()
  const sites = Object.fromEntries([...UP.map((d, i) => [d, sinks[i].port]), ...DEAD.map((d) => [d, closed])])
  const mta = new Postern(path.join(o.room, 'soak'), { workload: 'relay', sites })
  const port = await freePort()
  const pid = await mta.start(port, sinks[0].port)
  const began = performance.now()
  const rows = []
  try {
    const each = Math.max(ONE_DEAD_OF, Math.ceil(o.soak / SAMPLES))
    for (let sent = 0; sent < o.soak; sent += each) {
      await batch(port, each, rows.length, o)
      const delivered = sinks.reduce((n, s) => n + s.count(), 0)
      const { active, waiting } = await mta.counts()
      const { mib } = memoryOfTree(pid)
      rows.push({ seconds: (performance.now() - began) / 1000, sent: sent + each, delivered, active, waiting, mib })
      process.stderr.write(`\rsoak ${sent + each}/${o.soak}  ${mib.toFixed(0)} MiB   `)
    }
    process.stderr.write('\n')
  } finally {
    await mta.stop()
    await Promise.all(sinks.map((s) => s.stop()))
  }
  return rows
}
async function batch(port, count, n, { sessions, sizes }) {
  const dead = Math.floor(count / ONE_DEAD_OF)
  const to = (domain, count) =>
    source({ port, count, sessions, size: sizes[0], keep: true, to: `u@${domain}`, ms: 600_000 })
  await to(DEAD[n % DEAD.length], dead)
  for (const [i, domain] of UP.entries()) await to(domain, Math.floor((count - dead + i) / UP.length))
}
export const soakTable = (rows) =>
  table(
    ['seconds', 'sent', 'delivered', 'active', 'waiting', 'PSS MiB'],
    rows.map((r) => [r.seconds.toFixed(0), r.sent, r.delivered, r.active, r.waiting, r.mib.toFixed(1)]),
  )
export function soakChart(rows, file) {
  const svg = chart({
    title: 'Memory of the process tree while mail passes',
    x: { label: 'messages sent', from: 0 },
    y: { label: 'PSS, MiB', from: 0 },
    series: [{ name: 'PSS', points: rows.map((r) => [r.sent, r.mib]) }],
  })
  writeFileSync(file, svg)
}
