#!/usr/bin/env node
/**
 * npm run bench: Postern beside Postfix and Haraka, in turn in one run. CPU milliseconds per message first (user and
 * system, all processes of the MTA), messages per second second. Loads are bounded in count and time.
 *
 *   npm run bench -- [--messages 3000] [--runs 3] [--sessions 10] [--size 4096] [--workloads discard,relay,maildir]
 *                    [--mtas postern,postfix,haraka] [--json FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cpuOfTree, median } from './cpu.js'
import { Sink, freePort, source } from './load.js'
import { Haraka } from './mta/haraka.js'
import { Postern } from './mta/postern.js'
import { Postfix } from './mta/postfix.js'
import { table } from './table.js'

const KINDS = { postern: Postern, postfix: Postfix, haraka: Haraka }
const { values: o } = parseArgs({
  options: {
    messages: { type: 'string', default: '3000' },
    runs: { type: 'string', default: '3' },
    sessions: { type: 'string', default: '10' },
    size: { type: 'string', default: '4096' },
    workloads: { type: 'string', default: 'discard,relay,maildir' },
    mtas: { type: 'string', default: 'postern,postfix,haraka' },
    json: { type: 'string' },
  },
})
const [messages, runs, sessions, size] = [o.messages, o.runs, o.sessions, o.size].map(Number)
const room = mkdtempSync(path.join(os.tmpdir(), 'postern-bench-'))
const results = []

for (const workload of o.workloads.split(',')) {
  const teams = []
  for (const name of o.mtas.split(',')) {
    const mta = new KINDS[name](path.join(room, `${name}-${workload}`), workload)
    const why = await mta.unavailable()
    if (why) {
      console.error(`${name}, ${workload}: left out: ${why}`)
      continue
    }
    teams.push(mta)
  }
  for (const keep of [true, false]) await compare(teams, workload, keep)
}
rmSync(room, { recursive: true, force: true })
report()

/** Each run starts every MTA once, in turn, so that a slow minute of the machine meets all of them. */
async function compare(teams, workload, keep) {
  const figures = new Map(teams.map((t) => [t.name, []]))
  for (let run = 0; run < runs; run++) {
    for (const mta of teams) {
      process.stderr.write(
        `\r${workload.padEnd(8)} ${keep ? 'kept' : 'new '}  run ${run + 1}/${runs}  ${mta.name.padEnd(8)}`,
      )
      figures.get(mta.name).push(await measure(mta, workload, keep))
    }
  }
  process.stderr.write('\r'.padEnd(60) + '\r')
  for (const mta of teams) {
    const f = figures.get(mta.name)
    const cpu = f.map((x) => x.cpu)
    results.push({
      workload,
      connections: keep ? 'kept' : 'new',
      mta: mta.name,
      cpuMsPerMessage: median(cpu),
      cpuMin: Math.min(...cpu),
      cpuMax: Math.max(...cpu),
      messagesPerSecond: median(f.map((x) => x.rate)),
      complete: f.every((x) => x.complete),
    })
  }
}

async function measure(mta, workload, keep) {
  const sink = workload === 'relay' ? await Sink.start() : undefined
  const port = await freePort()
  const pid = await mta.start(port, sink?.port)
  try {
    // as many uncounted: a server runs for days, its first second says nothing (in Node it is the compiler's)
    await load(mta, sink, port, messages, keep)
    const before = cpuOfTree(pid)
    const began = performance.now()
    const complete = await load(mta, sink, port, messages, keep)
    const seconds = (performance.now() - began) / 1000
    const after = cpuOfTree(pid)
    return { cpu: ((after - before) * 1000) / messages, rate: messages / seconds, complete }
  } finally {
    await mta.stop()
    await sink?.stop()
  }
}
/** Sends, then waits until the MTA's queue is empty and the next hop has counted every message. */
async function load(mta, sink, port, count, keep) {
  const had = sink?.count() ?? 0
  await source({ port, count, sessions, size, keep })
  const end = Date.now() + 60_000
  while (Date.now() < end) {
    if (!(await mta.busy()) && (!sink || sink.count() - had >= count)) return true
    await new Promise((r) => setTimeout(r, 10))
  }
  return false
}

function report() {
  const base = (r) =>
    results.find((x) => x.workload === r.workload && x.connections === r.connections && x.mta === 'postfix')
  const rows = results.map((r) => [
    r.workload,
    r.connections,
    r.mta,
    r.cpuMsPerMessage.toFixed(2),
    `${r.cpuMin.toFixed(2)}-${r.cpuMax.toFixed(2)}`,
    base(r) ? (r.cpuMsPerMessage / base(r).cpuMsPerMessage).toFixed(2) : '-',
    r.messagesPerSecond.toFixed(0),
    r.complete ? 'all' : 'NOT ALL',
  ])
  console.log(
    `${messages} messages of ${size} bytes, ${sessions} sessions, median of ${runs} runs; ${os.cpus().length} cores, Node ${process.version}\n`,
  )
  console.log(table(['workload', 'conn.', 'MTA', 'CPU ms/msg', 'min-max', 'of Postfix', 'msgs/s', 'delivered'], rows))
  if (o.json)
    writeFileSync(
      o.json,
      JSON.stringify({ messages, size, sessions, runs, node: process.version, results }, null, 2) + '\n',
    )
}
