/**
 * One table asked by Postern's core in a process of its own: argument {table, keys (a file, one a line), count, inFlight, plugins}.
 * Prints {openMs, perSecond, cpuUs, mib, found} as JSON: behind one uncounted round, CPU of this process for each lookup.
 */
import { readFileSync } from 'node:fs'
import { TableDesk, loadConfig, logger, ownCall, silentSink, systemClock } from '@postern/core'

const o = JSON.parse(process.argv[2])
const config = { plugins: o.plugins }
const desk = await TableDesk.open(await loadConfig({ config, folder: process.cwd() }), { log: silentSink })
const began = performance.now()
const table = await desk.table(o.table, process.cwd())
if (table.problem !== undefined) throw new Error(table.problem)
const keys = readFileSync(o.keys, 'utf8').trimEnd().split('\n')
const { call, done } = ownCall(
  systemClock,
  logger(() => silentSink),
  600_000,
)
// the first answer may wait for an index that is made
await table.get(keys[0], call)
const openMs = performance.now() - began

async function round(count) {
  let [next, found] = [0, 0]
  const one = async () => {
    while (next < count) {
      const answer = table.get(keys[next++ % keys.length], call)
      // what is there at once is not waited for, as the flow does not
      const { kind, cause } = answer instanceof Promise ? await answer : answer
      if (kind === 'failed') throw new Error(cause)
      if (kind === 'found') found++
    }
  }
  await Promise.all(Array.from({ length: o.inFlight }, one))
  return found
}
await round(Math.min(o.count * 5, 100_000))
const [cpu, from] = [process.cpuUsage(), performance.now()]
const found = await round(o.count)
const [ms, used] = [performance.now() - from, process.cpuUsage(cpu)]
globalThis.gc?.()
const { rss } = process.memoryUsage()
done()
await desk.close()
const cpuUs = (used.user + used.system) / o.count
console.log(JSON.stringify({ openMs, perSecond: (o.count / ms) * 1000, cpuUs, mib: rss / 2 ** 20, found }))
