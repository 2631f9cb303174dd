/**
 * A full disk: new mail is answered 452, what is in hand is delivered and recorded in the space kept for that, and mail is taken
 * again without a restart when there is room. A file system that turns read-only: 4xx, nothing lost.
 */
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { posternCommand, sleep, until } from '@postern/testkit'
import { Disk } from './disk/disk.ts'
import { queueOf } from './support/accounting.ts'
import { testWith } from './support/needs.ts'
import { FULL, times } from './support/report.ts'
import { running } from './support/running.ts'
import type { Running } from './support/running.ts'

const LATER = () => '450 4.2.0 later'
const OK = () => '250 2.0.0 Ok'

function fill(disk: Disk): string {
  const file = join(disk.path, 'filler')
  for (let piece = 16 * 1024 * 1024, n = 0; piece >= 4096; n++) {
    const { bavail, bsize } = statfsSync(disk.path)
    if (bavail * bsize < piece) piece /= 2
    else
      try {
        execFileSync('fallocate', ['-l', String(piece), `${file}${n}`], { stdio: 'ignore' })
      } catch {
        // free, but not for data
        piece /= 2
      }
  }
  return file
}
function empty(disk: Disk): void {
  execFileSync('sh', ['-c', 'rm -f "$0"*', join(disk.path, 'filler')])
}
const flush = (r: Running) => {
  const [program, ...args] = posternCommand()
  execFileSync(program!, [...args, 'queue', 'flush', '-c', r.mta.file])
}
const machine = testWith('mount', 'fuse', 'loop', 'ext4')
const withDisk = async (work: (disk: Disk) => Promise<void>) => {
  const disk = await Disk.make(64)
  try {
    await work(disk)
  } finally {
    await disk.remove()
  }
}

machine('a full disk: outcomes are recorded, new mail is 452, room is noticed', () =>
  withDisk((disk) =>
    running({ spool: join(disk.path, 'spool'), policy: LATER }, async (r) => {
      const count = times(200, 1000)
      await r.load({ sessions: 8, count: count / 8, size: () => 1500 }).ended
      assert.is(r.acks.all.size, count)
      // the first round of all of them is over
      await until('all to be deferred', () => r.sink.offers.size === count, 30_000)
      await sleep(500)
      fill(disk)
      await sleep(2500)
      const refused = r.load({ sessions: 2, count: 5 })
      await refused.ended
      assert.ok(refused.refused.size > 0, 'mail was taken on a full disk')
      for (const reply of refused.refused.keys()) assert.match(reply, /^452 4\.3\.1 /)
      r.sink.policy = OK
      flush(r)
      await until('all deliveries on a full disk', () => r.sink.ended.length >= count, 60_000)
      await until('the queue to be empty', async () => (await queueOf(r.mta)).length === 0, 30_000)
      // 250 ms: what was delivered is written by now, and a duplicate has no excuse
      await sleep(1000)
      r.endings.push({ kind: 'kill', at: Date.now() })
      await r.mta.kill()
      await r.mta.start()
      await sleep(1500)
      const { size } = r.acks.all
      empty(disk)
      await r.takesMail()
      assert.is(r.acks.all.size, size + 1)
      await r.judge('space: full disk, outcomes recorded', 1)
      assert.is(await r.mta.stop(), 0)
    }),
  ),
)
machine('a file system that turns read-only under load', () =>
  withDisk((disk) =>
    running({ spool: join(disk.path, 'spool') }, async (r) => {
      const rounds = FULL ? 10 : 1
      for (let n = 0; n < rounds; n++) {
        const load = r.load()
        await r.acknowledged(50)
        const since = Date.now()
        disk.turnReadOnly()
        await r.acknowledged(100, 1500)
        await load.stop()
        for (const reply of load.refused.keys()) assert.match(reply, /^4\d\d /)
        assert.ok(load.refused.size > 0, 'mail was taken on a read-only file system')
        process.kill(r.mta.pid, 0)
        r.endings.push({ kind: 'kill', at: Date.now(), since })
        await r.mta.kill()
        disk.unmount()
        disk.mount()
        await r.mta.start()
        await r.takesMail()
      }
      await r.judge('space: the file system turns read-only', rounds)
      assert.is(await r.mta.stop(), 0)
    }),
  ),
)
test.run()
