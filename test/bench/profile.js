/** Where the time goes: V8's CPU profile of the relay, and a flame graph of it. */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { load } from './compare.js'
import { flame } from './flame.js'
import { Sink, freePort } from './load.js'
import { Postern } from './mta/postern.js'

export async function profile(o) {
  const raw = path.join(o.room, 'profiles')
  mkdirSync(raw, { recursive: true })
  mkdirSync(o.results, { recursive: true })
  const nodeArguments = ['--cpu-prof', `--cpu-prof-dir=${raw}`, '--cpu-prof-interval', '500']
  const mta = new Postern(path.join(o.room, 'profiled'), { workload: 'relay', nodeArguments })
  const sink = await Sink.start()
  const port = await freePort()
  await mta.start(port, sink.port)
  try {
    await load(mta, sink, port, { ...o, size: o.sizes[0], keep: true })
  } finally {
    await mta.stop()
    await sink.stop()
  }
  // each process and thread writes its own: the largest is the one that carries the mail
  const files = readdirSync(raw).map((name) => path.join(raw, name))
  if (files.length === 0) throw new Error('no profile was written')
  const largest = files.sort((a, b) => statSync(b).size - statSync(a).size)[0]
  const [to, svg] = ['relay.cpuprofile', 'relay-flame.svg'].map((name) => path.join(o.results, name))
  copyFileSync(largest, to)
  writeFileSync(
    svg,
    flame(JSON.parse(readFileSync(largest, 'utf8')), `relay, ${o.messages} messages, kept connections`),
  )
  return [to, svg]
}
