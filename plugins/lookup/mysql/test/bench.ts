/** Lookups per second and our CPU for each, 50 in flight, beside `postmap -q -`. Not a test: `node --import tsx bench.ts`. */
import { execFileSync } from 'node:child_process'
import { fakeCall, programPath } from '@postern/testkit'
import { startRig } from './rig.ts'

const COUNT = 20_000
const KEYS = Array.from({ length: COUNT }, (_, i) => (i % 2 ? 'joe@site.example' : `nobody${i}@site.example`))
const rig = await startRig()
await rig.with({}, async (table) => {
  const call = fakeCall()
  const round = async () => {
    let next = 0
    const one = async () => {
      while (next < COUNT) await table.get(KEYS[next++]!, call)
    }
    await Promise.all(Array.from({ length: 50 }, one))
  }
  await round()
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  await round()
  const [ms, used] = [performance.now() - began, process.cpuUsage(cpu)]
  const each = (used.user + used.system) / COUNT
  console.log(`ours: ${Math.round((COUNT / ms) * 1000)} lookups/s, ${each.toFixed(0)} us CPU each`)
  if (programPath('postmap') === undefined) return
  const start = performance.now()
  const args = ['-q', '-', `mysql:${rig.file}`]
  execFileSync(programPath('postmap')!, args, { input: KEYS.join('\n'), stdio: ['pipe', 'ignore', 'ignore'] })
  console.log(`postmap -q -: ${Math.round((COUNT / (performance.now() - start)) * 1000)} lookups/s`)
})
await rig.db.remove()
