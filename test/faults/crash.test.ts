/**
 * kill -9 at random moments under load, and at each step of the journal. Nothing accepted is lost, each duplicate has its
 * cause in the log. This proves nothing of the syncs (the page cache outlives a process): power.test.ts does.
 * Kills of a primary and its workers: workers.test.ts.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random, tempFolder } from '@postern/testkit'
import { testWith } from './support/needs.ts'
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
