/**
 * kill -9 at random moments under load, and at each step of the journal. Nothing accepted is lost, each duplicate has its
 * cause in the log. This proves nothing of the syncs (the page cache outlives a process): power.test.ts does.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, tempFolder, until } from '@postern/testkit'
import { testWith } from './support/needs.ts'
import { random } from './support/random.ts'
import { progress, times } from './support/report.ts'
import { running } from './support/running.ts'
import { killAtSteps } from './support/steps.ts'

const SEED = Number(process.env.SEED ?? 1)

test('kill -9 at random moments under load', () =>
  running({}, async (r) => {
    const kills = times(6, 150)
    const next = random(SEED)
    for (let n = 0; n < kills; n++) {
      if (n > 0) await r.mta.start()
      const load = r.load()
      await r.acknowledged(next() * 200)
      r.endings.push({ kind: 'kill', at: Date.now() })
      await r.mta.kill()
      await load.ended
      if (n % 10 === 9) progress(`${n + 1} of ${kills} kills, ${r.acks.all.size} acknowledged`)
    }
    await r.mta.start()
    await r.judge('crash: kill -9 under load', kills)
    assert.is(await r.mta.stop(), 0)
  }))
for (const [who, victims] of [
  ['a worker', (all: number[]) => all.slice(1, 2)],
  ['the primary', (all: number[]) => all.slice(0, 1)],
  ['all processes', (all: number[]) => all],
] as const)
  if (times(0, 1) || who === 'a worker')
    test(`two workers: kill -9 of ${who} under load`, () =>
      running({ env: { POSTERN_WORKERS: '2' } }, async (r) => {
        const kills = times(1, 20)
        const next = random(SEED)
        for (let n = 0; n < kills; n++) {
          const load = r.load()
          await r.acknowledged(10 + next() * 100)
          const family = processesOf(r.mta.pid)
          assert.is(family.length, 3, 'a primary and two workers')
          r.endings.push({ kind: 'kill', at: Date.now() })
          for (const pid of victims(family)) process.kill(pid, 'SIGKILL')
          await sleep(500)
          await load.stop()
          if (who !== 'a worker') {
            // workers without a primary finish what they have in hand, and go
            await until('the workers to end', () => family.every((pid) => !isAlive(pid)), 40_000)
            await r.mta.kill()
            await r.mta.start()
          } else await until('another worker', () => processesOf(r.mta.pid).length === 3, 20_000)
          await r.takesMail()
        }
        await r.judge(`crash: kill -9 of ${who}`, kills)
      }))
/** A process and its children, by the kernel's list. */
function processesOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return [pid, ...children.map(Number)]
}
function isAlive(pid: number): boolean {
  try {
    // one that has ended, and that nobody has asked about, is no longer alive
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
testWith('strace')('kill -9 at the steps of the journal', async () => {
  const folder = await tempFolder('postern-steps')
  try {
    const path = join(folder.path, 'journal')
    mkdirSync(path)
    const o = { name: 'crash: kill -9 at a step', path, trace: join(folder.path, 'trace') }
    await killAtSteps({ ...o, runs: times(12, 150), seed: SEED })
  } finally {
    await folder.remove()
  }
})
test.run()
