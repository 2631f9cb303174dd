/**
 * Power cuts under load: the spool lies on a disk of our own, what was not synced is lost, in the worst case all of it. No
 * acknowledged message may be. With the syncs taken out, mail is lost: the test can fail. What each cut left is looked at, too, before
 * the next life begins.
 * CUTS, DISK (MiB), MAIL, SEED: so many in the worst case and nothing else, of which disk, with so many messages in a life at most, which.
 * SLOW=n: the old mail is found only in each n-th life. KEEP=folder: copies of the spool after the last cuts.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { verifyQueue } from '@postern/queue-journal'
import { posternCommand, random, sleep, tempFolder } from '@postern/testkit'
import { Disk } from './disk/disk.ts'
import { queueOf } from './support/accounting.ts'
import { goneFrom, traceOf } from './support/gone.ts'
import { testWith } from './support/needs.ts'
import { judge, progress, row, times } from './support/report.ts'
import { Running } from './support/running.ts'
import { killAtSteps } from './support/steps.ts'
import { injecting } from './support/strace.ts'
import type { TempFolder } from '@postern/testkit'
import type { Account } from './support/accounting.ts'

const SEED = Number(process.env.SEED ?? 1)
/** a folder for copies of the spool after the last cuts: to see what a loss has left */
const KEEP = process.env.KEEP
const KEPT = 14
const MIB = Number(process.env.DISK ?? 64)
const BALLAST = 6 * 1024 * 1024
const CUTS = process.env.CUTS
const MAIL = Number(process.env.MAIL ?? 150)
const SLOW = Number(process.env.SLOW ?? 0)
/** ms more for each large read of a life that does not find its old mail */
const SLOW_READ = 120
const SLOW_READS = fileURLToPath(new URL('support/slow-reads.cjs', import.meta.url))

interface Cutting {
  readonly cuts: number
  readonly seed: number
  /** of each sector that was not synced to be there after the n-th cut */
  readonly probability: (n: number) => number
  readonly command?: readonly string[]
  /** the old mail is found only in each n-th life */
  readonly slow?: number
  /** a loss is what is looked for */
  readonly mustLose?: boolean
}
/** Starts, sends, cuts, starts again on what is left; at the end everything acknowledged must be somewhere. */
async function cutUnderLoad(o: Cutting): Promise<Account> {
  const next = random(o.seed)
  const disk = await Disk.make(MIB)
  const spool = join(disk.path, 'spool')
  // many lives fill the disk: in the last one somebody makes room
  const ballast = join(disk.path, 'ballast')
  fs.writeFileSync(ballast, Buffer.alloc(BALLAST, 1), { flush: true })
  const slow = o.slow ? await SlowReads.make() : undefined
  let r: Running | undefined
  try {
    for (let n = 0; n < o.cuts; n++) {
      const finds = slow?.next(n % o.slow! === o.slow! - 1)
      if (r) await r.mta.start()
      else r = await Running.start({ spool, command: slow?.command ?? o.command, env: slow?.env, timeout: 90_000 })
      const load = r.load()
      if (finds) await found(r, next() * 1500)
      await r.acknowledged(1 + next() * MAIL)
      disk.cut()
      r.endings.push({ kind: 'cut', at: Date.now() })
      await r.mta.kill()
      await load.ended
      disk.revive(Math.floor(next() * 2 ** 32), o.probability(n))
      const copy = KEEP && join(KEEP, `${o.seed}-${n % KEPT}`)
      if (copy) keep(spool, copy)
      if (!o.mustLose) await nothingIsGone(r, spool, `cut ${n + 1} of seed ${o.seed}`)
      if (n % 10 === 9) progress(`${n + 1} of ${o.cuts} cuts, ${r.acks.all.size} acknowledged`)
    }
    slow?.next(true)
    fs.rmSync(ballast)
    await r!.mta.start()
    const result = await r!.account(times(60_000, 240_000))
    assert.is(await r!.mta.stop(), 0)
    return result
  } finally {
    if (KEEP && r) fs.copyFileSync(r.toldFile, join(KEEP, `${o.seed}-told`))
    await r?.remove()
    await disk.remove()
    await slow?.folder.remove()
  }
}

/** A daemon whose large reads take long, or not: see slow-reads.cjs. */
class SlowReads {
  readonly folder: TempFolder
  private constructor(folder: TempFolder) {
    this.folder = folder
  }
  static async make(): Promise<SlowReads> {
    return new SlowReads(await tempFolder('postern-slow'))
  }
  get command(): string[] {
    const [program, ...args] = posternCommand()
    return [program!, '--require', SLOW_READS, ...args, 'start', '--foreground', '-c']
  }
  get env() {
    return { SLOW_READS: join(this.folder.path, 'ms') }
  }
  /** The next life finds its old mail, or not. */
  next(finds: boolean): boolean {
    fs.writeFileSync(this.env.SLOW_READS, finds ? '0' : String(SLOW_READ))
    return finds
  }
}
/** All old mail has been found, and `ms` are over: some was delivered, and segments have gone. */
async function found(r: Running, ms: number): Promise<void> {
  await queueOf(r.mta)
  await sleep(ms)
}

/** What the cut has left holds everything acknowledged that the sink has not ended; tells what is known of the rest. */
async function nothingIsGone(r: Running, spool: string, when: string): Promise<void> {
  const path = join(spool, 'journal')
  const problems: string[] = []
  const gone = await goneFrom(path, r.acks, r.sink, problems)
  if (gone.length === 0 && problems.length === 0) return
  for (const line of traceOf(gone, r.sink, r.endings, r.told())) progress(`gone at ${when}: ${line}`)
  const verified = await verifyQueue(path)
  for (const problem of [...problems, ...verified.problems.map((p) => `${p.kind}: ${p.text}`)]) progress(problem)
  if (KEEP) keep(spool, join(KEEP, 'gone'))
  assert.equal(gone, [], `acknowledged, and gone at ${when}`)
  assert.equal(problems, [], `problems at ${when}`)
}

function keep(spool: string, to: string): void {
  fs.rmSync(to, { recursive: true, force: true })
  fs.mkdirSync(to, { recursive: true })
  // control sockets do not matter
  execFileSync('cp', ['-a', '--sparse=always', spool, to])
}

const machine = testWith('mount', 'fuse', 'loop', 'ext4')
machine('power cuts under load, everything that was not synced lost', async () => {
  const cuts = Number(CUTS ?? times(3, 60))
  const name = `power: worst case, under load${SLOW ? `, old mail found in each ${SLOW}th life` : ''}`
  judge(name, cuts, await cutUnderLoad({ cuts, seed: SEED, probability: () => 0, slow: SLOW }))
})
const besides = CUTS ? test.skip : machine
besides('power cuts under load, any part of what was not synced lost', async () => {
  const cuts = times(3, 60)
  const probability = (n: number) => [0.5, 0.1, 0.9][n % 3]!
  judge('power: random sectors, under load', cuts, await cutUnderLoad({ cuts, seed: SEED + 1, probability }))
})
const traced = CUTS ? test.skip : testWith('mount', 'fuse', 'loop', 'ext4', 'strace')
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
  const a = await cutUnderLoad({ cuts, seed: SEED + 2, probability: () => 0, command, mustLose: true })
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
