/** How long a client waits for its 250 behind the final dot, while the MTA relays as fast as it can. */
import { Client } from './client.js'
import { median, quantile } from './cpu.js'
import { Sink, freePort } from './load.js'
import { table } from './table.js'
import { teamsFor } from './teams.js'

export async function latency(o) {
  const teams = await teamsFor(o.mtas, o.room, { workload: 'relay' })
  const figures = new Map(teams.map((t) => [t.name, []]))
  for (let run = 0; run < o.runs; run++) for (const mta of teams) figures.get(mta.name).push(await once(mta, o))
  return teams.map(({ name }) => {
    const all = figures.get(name)
    const of = (key) => median(all.map((f) => f[key]))
    return { mta: name, sessions: o.sessions, size: o.sizes[0], p50: of('p50'), p99: of('p99'), rate: of('rate') }
  })
}
async function once(mta, o) {
  const sink = await Sink.start()
  const port = await freePort()
  await mta.start(port, sink.port)
  try {
    await sendAll(port, o)
    const began = performance.now()
    const all = await sendAll(port, o)
    const rate = (o.messages * 1000) / (performance.now() - began)
    return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), rate }
  } finally {
    await mta.stop()
    await sink.stop()
  }
}
/** Closed loop: each session sends its next message when the last one was taken. */
async function sendAll(port, { messages, sessions, sizes }) {
  const content = `Subject: bench\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(Math.ceil(sizes[0] / 72))}`
  const all = []
  let left = messages
  const session = async () => {
    const client = await Client.open(port)
    while (left-- > 0) all.push(await client.send(content))
    client.close()
  }
  await Promise.all(Array.from({ length: sessions }, session))
  return all
}
export const latencyTable = (results) =>
  table(
    ['MTA', 'sessions', 'bytes', 'p50 ms', 'p99 ms', 'accepted/s'],
    results.map((r) => [r.mta, r.sessions, r.size, r.p50.toFixed(2), r.p99.toFixed(2), r.rate.toFixed(0)]),
  )
