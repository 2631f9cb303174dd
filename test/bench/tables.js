/** Lookup tables beside Postfix's, in turn: lookups a second, our CPU, memory. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from './cpu.js'
import { table } from './table.js'
import { cases } from './tables-cases.js'
import { theirVersion, theirs } from './tables-theirs.js'

const OURS = fileURLToPath(new URL('tables-ours.js', import.meta.url))
/** what a message may cost: lookups, ms of our CPU */
const LOOKUPS = 200
const GOAL = 1
const run = promisify(execFile)

/** `o`: {room, runs, scale, only}. A case that cannot run says why in `problem`. */
export async function tables(o) {
  const results = []
  for (const one of cases(o.scale)) {
    if (o.only && !o.only.includes(one.name)) continue
    process.stderr.write(`${one.name} ...\n`)
    results.push(await measured(one, o).catch((error) => ({ ...named(one), problem: lastLine(error) })))
  }
  return results
}
const named = ({ name, what }) => ({ name, what })
const lastLine = (error) =>
  String(error.stderr || error.message)
    .trim()
    .split('\n')
    .findLast((l) => /rror|fatal/.test(l)) ?? ''

async function measured(one, { room, runs }) {
  const made = await one.make(room)
  try {
    const keys = path.join(room, `${one.name}.keys`)
    writeFileSync(keys, made.keys.join('\n'))
    const task = { table: made.ours, keys, count: made.keys.length, inFlight: one.inFlight, plugins: made.plugins }
    const [our, their] = [[], []]
    for (let i = 0; i < runs; i++) {
      const { stdout } = await run(process.execPath, ['--expose-gc', OURS, JSON.stringify(task)], { timeout: 900_000 })
      our.push(JSON.parse(stdout))
      if (theirVersion()) their.push(await theirs(made.theirs, made.theirKeys ?? made.keys))
    }
    const same = made.theirKeys || their.every(({ found }) => found === our[0].found)
    if (!same) throw new Error(`error: ours found ${our[0].found}, Postfix ${their[0].found}`)
    const of = (all, figure) => (all.length > 0 ? median(all.map((f) => f[figure])) : undefined)
    const cpuOfMessage = (of(our, 'cpuUs') * LOOKUPS) / 1000
    return {
      ...named(one),
      found: our[0].found,
      perSecond: of(our, 'perSecond'),
      postfixPerSecond: of(their, 'perSecond'),
      cpuMsPer200: cpuOfMessage,
      ...(one.name === 'message' && { goal: { cpuMsPer200: GOAL, reached: cpuOfMessage < GOAL } }),
      openMs: of(our, 'openMs'),
      mib: of(our, 'mib'),
      postfixMib: of(their, 'mib'),
    }
  } finally {
    await made.end?.()
  }
}
export function tablesTable(results) {
  const head = ['table', 'lookups/s', 'Postfix', 'times', 'CPU ms/200', 'open ms', 'MiB', 'Postfix', '']
  const whole = (n) => (n === undefined ? '-' : Math.round(n))
  const rows = results.map((r) => {
    if (r.problem !== undefined) return [r.what, '-', '-', '-', '-', '-', '-', '-', r.problem]
    const times = r.postfixPerSecond ? (r.perSecond / r.postfixPerSecond).toFixed(2) : '-'
    const goal = r.goal ? `goal: < ${r.goal.cpuMsPer200} ms ${r.goal.reached ? 'yes' : 'NO'}` : ''
    const rates = [whole(r.perSecond), whole(r.postfixPerSecond), times, r.cpuMsPer200.toFixed(2)]
    return [r.what, ...rates, whole(r.openMs), whole(r.mib), whole(r.postfixMib), goal]
  })
  return `${table(head, rows)}\n\nPostfix: postmap -q -, one lookup after the other, its start taken off. CPU: of our process, for 200 lookups.`
}
