/** Does mail cost more beside a queue full of deferred mail? Relay with 1,000 and with many messages that wait. */
import path from 'node:path'
import { cpuOfTree, median } from './cpu.js'
import { Sink, freePort, source } from './load.js'
import { memoryOfTree } from './memory.js'
import { Postern } from './mta/postern.js'
import { table } from './table.js'

const SLOW = 'slow.test'
const FEW = 1000
/** of the mail that waits; what is relayed has the size of the run */
const SIZE = 1024
const AT_ONCE = 50_000
/** ms behind which a daemon that has nothing to do has given back what a burst took */
const IDLE = 75_000

export async function deferred(o) {
  const results = []
  for (const count of [...new Set([Math.min(FEW, o.deferred), o.deferred])]) results.push(await beside(count, o))
  return results
}
async function beside(count, o) {
  const sink = await Sink.start()
  const mta = new Postern(path.join(o.room, 'deferred'), { workload: 'relay', slow: SLOW, workers: o.workers })
  let port = await freePort()
  let pid = await mta.start(port, sink.port)
  try {
    for (let left = count; left > 0; left -= AT_ONCE) {
      const some = Math.min(left, AT_ONCE)
      await source({ port, count: some, sessions: 20, size: SIZE, keep: true, to: `u@${SLOW}`, ms: 600_000 })
      process.stderr.write(`\rdeferred ${count - left + some}/${count}   `)
    }
    process.stderr.write('\n')
    await until(async () => (await mta.counts()).active === 0)
    const figures = []
    await relay(sink, port, o)
    for (let run = 0; run < o.runs; run++) figures.push(await measured(pid, () => relay(sink, port, o), o.messages))
    const waiting = await inQueue(mta)
    const busy = memoryOfTree(pid).mib
    await new Promise((r) => setTimeout(r, IDLE))
    const { mib } = memoryOfTree(pid)
    const starts = []
    for (const forget of [false, true]) {
      await mta.stop()
      if (forget) mta.forgetCheckpoints()
      port = await freePort()
      const began = performance.now()
      pid = await mta.start(port, sink.port, { again: true })
      const greeting = (performance.now() - began) / 1000
      await until(async () => (await inQueue(mta)) >= waiting)
      starts.push({ greeting, found: (performance.now() - began) / 1000, mib: memoryOfTree(pid).mib })
    }
    const of = (key) => median(figures.map((f) => f[key]))
    return { count, waiting, cpu: of('cpu'), rate: of('rate'), busy, mib, starts }
  } finally {
    await mta.stop()
    await sink.stop()
  }
}
async function inQueue(mta) {
  // workers that have just started are asked before they can answer
  const { active, waiting } = (await mta.counts()) ?? { active: 0, waiting: 0 }
  return active + waiting
}
async function measured(pid, work, messages) {
  const [before, began] = [cpuOfTree(pid), performance.now()]
  await work()
  return {
    rate: (messages * 1000) / (performance.now() - began),
    cpu: ((cpuOfTree(pid) - before) * 1000) / messages,
  }
}
async function relay(sink, port, { messages, sessions, sizes }) {
  const had = sink.count()
  await source({ port, count: messages, sessions, size: sizes[0], keep: true })
  await until(() => sink.count() - had >= messages)
}
async function until(done, ms = 120_000) {
  for (const end = Date.now() + ms; !(await done()); await new Promise((r) => setTimeout(r, 10)))
    if (Date.now() > end) throw new Error(`not done after ${ms} ms`)
}
const START = ['220 s', 'all found s', 'MiB']
export const deferredTable = (results) =>
  table(
    [
      'deferred',
      'waiting',
      'CPU ms/msg',
      'msgs/s',
      'PSS MiB at work',
      'idle',
      ...START,
      ...START.map((text) => `${text}, no checkpoint`),
    ],
    results.map((r) => [
      r.count,
      r.waiting,
      ...[r.cpu, r.rate, r.busy, r.mib, ...r.starts.flatMap((s) => [s.greeting, s.found, s.mib])].map((n) =>
        n.toFixed(2),
      ),
    ]),
  )
