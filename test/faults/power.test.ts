/**
 * Power cuts under load: the spool lies on a disk of our own, what was not synced is lost, in the worst case all of it. No
 * acknowledged message may be. With the syncs taken out, mail is lost: the test can fail.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { posternCommand, random, tempFolder } from '@postern/testkit'
import { Disk } from './disk/disk.ts'
import { testWith } from './support/needs.ts'
import { judge, progress, row, times } from './support/report.ts'
import { Running } from './support/running.ts'
import { killAtSteps } from './support/steps.ts'
import { injecting } from './support/strace.ts'
import type { Account } from './support/accounting.ts'

const SEED = Number(process.env.SEED ?? 1)
/** a folder for copies of the spool after the last cuts: to see what a loss has left */
const KEEP = process.env.KEEP
const KEPT = 14
const MIB = 64

interface Cutting {
  readonly cuts: number
  readonly seed: number
  /** of each sector that was not synced to be there after the n-th cut */
  readonly probability: (n: number) => number
  readonly command?: readonly string[]
}
/** Starts, sends, cuts, starts again on what is left; at the end everything acknowledged must be somewhere. */
async function cutUnderLoad(o: Cutting): Promise<Account> {
  const next = random(o.seed)
  const disk = await Disk.make(MIB)
  let r: Running | undefined
  try {
    for (let n = 0; n < o.cuts; n++) {
      if (r) await r.mta.start()
      else r = await Running.start({ spool: join(disk.path, 'spool'), command: o.command })
      const load = r.load()
      await r.acknowledged(1 + next() * 150)
      disk.cut()
      r.endings.push({ kind: 'cut', at: Date.now() })
      await r.mta.kill()
      await load.ended
      disk.revive(Math.floor(next() * 2 ** 32), o.probability(n))
      if (KEEP) keep(join(disk.path, 'spool'), join(KEEP, `${o.seed}-${n % KEPT}`))
      if (n % 10 === 9) progress(`${n + 1} of ${o.cuts} cuts, ${r.acks.all.size} acknowledged`)
    }
    await r!.mta.start()
    const result = await r!.account()
    assert.is(await r!.mta.stop(), 0)
    return result
  } finally {
    await r?.remove()
    await disk.remove()
  }
}

function keep(spool: string, to: string): void {
  fs.rmSync(to, { recursive: true, force: true })
  fs.mkdirSync(to, { recursive: true })
  // control sockets do not matter
  execFileSync('cp', ['-a', '--sparse=always', spool, to])
}

const machine = testWith('mount', 'fuse', 'loop', 'ext4')
machine('power cuts under load, everything that was not synced lost', async () => {
  const cuts = times(3, 60)
  judge('power: worst case, under load', cuts, await cutUnderLoad({ cuts, seed: SEED, probability: () => 0 }))
})
machine('power cuts under load, any part of what was not synced lost', async () => {
  const cuts = times(3, 60)
  const probability = (n: number) => [0.5, 0.1, 0.9][n % 3]!
  judge('power: random sectors, under load', cuts, await cutUnderLoad({ cuts, seed: SEED + 1, probability }))
})
const traced = testWith('mount', 'fuse', 'loop', 'ext4', 'strace')
for (const [how, probability] of [
  ['everything', 0],
  ['any part', 0.5],
] as const)
  traced(`power cuts at the steps of the journal, ${how} of what was not synced lost`, async () => {
    const disk = await Disk.make(MIB)
    const outside = await tempFolder('postern-power')
    try {
      await killAtSteps({
        name: `power: ${probability ? 'random sectors' : 'worst case'}, at a step`,
        path: join(disk.path, 'journal'),
        trace: join(outside.path, 'trace'),
        runs: times(5, 60),
        seed: SEED,
        after(n) {
          disk.cut()
          disk.revive(SEED + n, probability)
        },
      })
    } finally {
      await disk.remove()
      await outside.remove()
    }
  })
traced('without the syncs mail is lost: the test can fail', async () => {
  const command = [...injecting('fdatasync,fsync:retval=0'), ...posternCommand(), 'start', '--foreground', '-c']
  const cuts = times(2, 4)
  const a = await cutUnderLoad({ cuts, seed: SEED + 2, probability: () => 0, command })
  row({
    name: 'power: syncs taken out (must lose)',
    runs: cuts,
    acknowledged: a.acknowledged,
    lost: a.lost.length,
    explained: 0,
    unexplained: 0,
    note: 'the counter-test',
  })
  assert.ok(a.lost.length > 0, `nothing of ${a.acknowledged} messages was lost without a single sync`)
})
test.run()
