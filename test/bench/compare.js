/** The main workloads: CPU milliseconds per message first, messages per second second, each MTA in turn in one run. */
import { cpuOfTree, median } from './cpu.js'
import { goalText, withRatios } from './goals.js'
import { Sink, freePort, source } from './load.js'
import { table } from './table.js'
import { teamsFor } from './teams.js'

/** messages that are sent at once before the first turn */
const WARM_LOAD = 5000
/** messages before each turn: who waited has let processes and connections go; and a collection of garbage while it was idle took compiled code */
const WAKING = 500
const COMPILING = 5000

/** What is run: `relay` with each size, the others with the first. */
const workloadsOf = ({ workloads, sizes }) =>
  workloads.flatMap((workload) =>
    (workload === 'relay' ? sizes : sizes.slice(0, 1)).map((size) => ({ workload, size })),
  )

/** `soFar` gets all rows after each workload: a whole run takes an hour, and what it has found should outlive its end. */
export async function compare(o, soFar) {
  const results = []
  for (const { workload, size } of workloadsOf(o)) {
    const teams = await teamsFor(o.mtas, o.room, { workload })
    for (const keep of [true, false]) {
      const rows = await rounds(teams, { ...o, workload, size, keep })
      results.push(...rows)
      process.stderr.write(`${rows.map(line).join('\n')}\n`)
      soFar(withRatios(results))
    }
  }
  return withRatios(results)
}
const line = (r) =>
  `${r.workload} ${r.size} ${r.connections}: ${r.mta} ${r.cpuMsPerMessage.toFixed(2)} ms, ${r.messagesPerSecond.toFixed(0)}/s`
/** All MTAs are up and warm before the first is measured, and take turns, so that a slow minute of the machine meets all of them. */
async function rounds(teams, o) {
  const figures = new Map(teams.map((t) => [t.name, []]))
  const what = `${o.workload} ${o.size} ${o.keep ? 'kept' : 'new'}`
  const say = (text) => process.stderr.write(`\r${`${what}: ${text}`.padEnd(60)}`)
  const running = []
  try {
    for (const mta of teams) running.push(await started(mta, o, say))
    for (let run = 1; run <= o.runs; run++)
      for (const one of running) {
        say(`run ${run}/${o.runs}  ${one.mta.name}`)
        figures.get(one.mta.name).push(await measure(one, o))
      }
  } finally {
    for (const one of running) await one.stop()
  }
  process.stderr.write(`\r${''.padEnd(60)}\r`)
  return teams.map((mta) => {
    const f = figures.get(mta.name)
    const [cpu, rate] = [f.map((x) => x.cpu), f.map((x) => x.rate)]
    return {
      workload: o.workload,
      size: o.size,
      connections: o.keep ? 'kept' : 'new',
      mta: mta.name,
      cpuMsPerMessage: median(cpu),
      cpuMin: Math.min(...cpu),
      cpuMax: Math.max(...cpu),
      messagesPerSecond: median(rate),
      rateMin: Math.min(...rate),
      rateMax: Math.max(...rate),
      complete: f.every((x) => x.complete),
    }
  })
}
/** Uncounted before the first turn: a server runs for days, its first minute says nothing (in Node it is the compiler's). */
async function started(mta, o, say) {
  const sink = o.workload === 'relay' ? await Sink.start() : undefined
  const stop = async () => {
    await mta.stop()
    await sink?.stop()
  }
  try {
    const port = await freePort()
    const pid = await mta.start(port, sink?.port)
    const warm = mta.compiles ? o.warm : Math.min(o.warm, o.messages)
    for (let sent = 0; sent < warm; sent += WARM_LOAD) {
      say(`${mta.name}, uncounted: ${sent} of ${warm}`)
      await load(mta, sink, port, { ...o, messages: Math.min(WARM_LOAD, warm - sent) })
    }
    return { mta, sink, port, pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
/** One turn, behind some uncounted messages. */
async function measure({ mta, sink, port, pid }, o) {
  await load(mta, sink, port, { ...o, messages: Math.min(mta.compiles ? COMPILING : WAKING, o.warm) })
  const before = cpuOfTree(pid)
  const began = performance.now()
  const complete = await load(mta, sink, port, o)
  const seconds = (performance.now() - began) / 1000
  return { cpu: ((cpuOfTree(pid) - before) * 1000) / o.messages, rate: o.messages / seconds, complete }
}
/** Sends, then waits until the MTA's queue is empty and the next hop has counted every message. */
export async function load(mta, sink, port, { messages, sessions, size, keep }) {
  const had = sink?.count() ?? 0
  await source({ port, count: messages, sessions, size, keep })
  const end = Date.now() + 60_000
  while (Date.now() < end) {
    if (!(await mta.busy()) && (!sink || sink.count() - had >= messages)) return true
    await new Promise((r) => setTimeout(r, 10))
  }
  return false
}

const part = (n) => (n === undefined ? '-' : n.toFixed(2))
export function compareTable(results) {
  const head = [
    'workload',
    'conn.',
    'MTA',
    'CPU ms/msg',
    'min-max',
    'msgs/s',
    'CPU/Postfix',
    'rate/Postfix',
    'CPU/Haraka',
    'all',
  ]
  const rows = results.map((r) => [
    `${r.workload} ${r.size / 1024} KiB`,
    r.connections,
    r.mta,
    r.cpuMsPerMessage.toFixed(2),
    `${r.cpuMin.toFixed(2)}-${r.cpuMax.toFixed(2)}`,
    r.messagesPerSecond.toFixed(0),
    part(r.cpuOfPostfix),
    part(r.rateOfPostfix),
    part(r.cpuOfHaraka),
    r.complete ? 'yes' : 'NO',
  ])
  const goals = results.flatMap((r) =>
    r.goals.map((g) => `${r.workload} ${r.size / 1024} KiB ${r.connections}, of ${goalText(g)}`),
  )
  return table(head, rows) + (goals.length > 0 ? `\n\nGoals:\n${goals.join('\n')}` : '')
}
