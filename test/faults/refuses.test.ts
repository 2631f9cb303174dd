/** A disk that refuses writes: ext4 turns read-only, the process lives on, and after a new mount nothing is missing. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '@postern/testkit'
import { Disk } from './disk/disk.ts'
import { testWith } from './support/needs.ts'
import { FULL } from './support/report.ts'
import { running } from './support/running.ts'

const ROUNDS = FULL ? 10 : 1
testWith(
  'mount',
  'fuse',
  'loop',
  'ext4',
)('a disk that refuses writes: read-only in the end, healed by a new mount', async () => {
  const disk = await Disk.make(64)
  try {
    await running({ spool: join(disk.path, 'spool') }, async (r) => {
      for (let n = 0; n < ROUNDS; n++) {
        const load = r.load()
        await r.acknowledged(50)
        const since = Date.now()
        disk.failing = true
        await r.acknowledged(100, 1500)
        await load.stop()
        for (const reply of load.refused.keys()) assert.match(reply, /^4\d\d /)
        process.kill(r.mta.pid, 0)
        await sleep(200)
        r.endings.push({ kind: 'kill', at: Date.now(), since })
        await r.mta.kill()
        disk.failing = false
        disk.unmount()
        disk.mount()
        await r.mta.start()
        await r.takesMail()
      }
      await r.judge('errors: the disk refuses writes', ROUNDS)
      assert.is(await r.mta.stop(), 0)
    })
  } finally {
    await disk.remove()
  }
})
test.run()
