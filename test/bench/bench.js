#!/usr/bin/env node
/**
 * npm run bench: Postern beside Postfix and Haraka, in turn in one run. Loads are bounded in count and time.
 *
 *   npm run bench -- [--messages 3000] [--warm 30000] [--runs 5] [--sessions 20]
 *                    [--sizes 4096,102400] [--workloads discard,relay,maildir] [--mtas postern,postfix,haraka]
 *                    [--json FILE]
 *
 * One of these instead of the workloads:
 *   --latency       how long a client waits for its 250, under load
 *   --idle N        memory of N connections that do nothing
 *   --soak N        N messages to several sites, some dead: memory over time, as a table and soak.svg
 *   --deferred N    what a message costs beside 1,000 and beside N deferred ones; how long a start takes then [--workers 2]
 *   --tables        lookup tables beside postmap -q - [--only hash,regexp,cidr,mysql,cached,ldap,message] [--scale 0.01]
 *   --profile       a CPU profile of the relay and a flame graph
 * Files go to test/bench/results, which is not kept (--results FOLDER).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compare, compareTable } from './compare.js'
import { deferred, deferredTable } from './deferred.js'
import { idle, idleTable } from './idle.js'
import { latency, latencyTable } from './latency.js'
import { profile } from './profile.js'
import { soak, soakChart, soakTable } from './soak.js'
import { tables, tablesTable } from './tables.js'

const text = (value) => ({ type: 'string', default: value })
const { values: v } = parseArgs({
  options: {
    messages: text('3000'),
    warm: text('30000'),
    runs: text('5'),
    sessions: text('20'),
    sizes: text('4096,102400'),
    workloads: text('discard,relay,maildir'),
    mtas: text('postern,postfix,haraka'),
    results: text(fileURLToPath(new URL('results', import.meta.url))),
    json: { type: 'string' },
    latency: { type: 'boolean' },
    profile: { type: 'boolean' },
    idle: { type: 'string' },
    soak: { type: 'string' },
    deferred: { type: 'string' },
    workers: { type: 'string' },
    tables: { type: 'boolean' },
    only: { type: 'string' },
    scale: text('1'),
  },
})
const count = (name) => {
  const n = Number(v[name])
  if (v[name] !== undefined && !(Number.isInteger(n) && n > 0))
    throw new Error(`--${name}: expected a count, got ${v[name]}`)
  return n
}
const room = mkdtempSync(path.join(os.tmpdir(), 'postern-bench-'))
const o = {
  room,
  results: v.results,
  ...Object.fromEntries(
    ['messages', 'warm', 'runs', 'sessions', 'idle', 'soak', 'deferred', 'workers'].map((name) => [name, count(name)]),
  ),
  sizes: v.sizes.split(',').map(Number),
  workloads: v.workloads.split(','),
  mtas: v.mtas.split(','),
  only: v.only?.split(','),
  scale: Number(v.scale),
}
const MODES = {
  latency: async () => tell(await latency(o), latencyTable),
  idle: async () => tell(await idle(o), idleTable),
  deferred: async () => tell(await deferred(o), deferredTable),
  tables: async () => tell(await tables(o), tablesTable),
  profile: async () => tell({ files: await profile(o) }, ({ files }) => files.join('\n')),
  async soak() {
    const rows = await soak(o)
    mkdirSync(o.results, { recursive: true })
    soakChart(rows, path.join(o.results, 'soak.svg'))
    tell(rows, soakTable)
  },
  workloads: async () => tell(await compare(o, keep), compareTable),
}
const mode = Object.keys(MODES).find((name) => name !== 'workloads' && v[name]) ?? 'workloads'
try {
  const sizes =
    mode === 'tables' ? `scale ${o.scale}` : `${o.messages} messages after ${o.warm} uncounted, ${o.sessions} sessions`
  const machine = `${os.cpus().length} cores, Node ${process.version}, load ${os.loadavg()[0].toFixed(1)}`
  console.log(`${mode}: ${sizes}, median of ${o.runs} runs; ${machine}\n`)
  await MODES[mode]()
} finally {
  rmSync(room, { recursive: true, force: true })
}

function tell(results, print) {
  console.log(print(results))
  keep(results)
}
function keep(results) {
  if (v.json)
    writeFileSync(
      v.json,
      `${JSON.stringify({ mode, ...o, room: undefined, node: process.version, results }, null, 2)}\n`,
    )
}
