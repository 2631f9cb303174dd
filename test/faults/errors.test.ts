/**
 * Calls that fail: EIO, ENOSPC, EROFS, EMFILE at the first, the third and every call, too few descriptors, writes that end short. The
 * process lives on, what cannot be kept is answered 4xx, what was acknowledged arrives.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, tempFolder } from '@postern/testkit'
import { testWith } from './support/needs.ts'
import { FULL, progress } from './support/report.ts'
import { running } from './support/running.ts'
import { inject, shortWrites, watch } from './support/strace.ts'
import type { Load } from './support/load.ts'
import type { Running } from './support/running.ts'

/** Nothing but temporary refusals: neither a lie nor a crash. */
function onlyDeferred(load: Load): void {
  for (const reply of load.refused.keys()) assert.match(reply, /^4\d\d /)
}
const alive = (r: Running) => process.kill(r.mta.pid, 0)

const CALLS = ['fdatasync', 'pwrite64', 'fsync', 'rename', 'unlink', 'openat']
const ERRORS = ['EIO', 'ENOSPC', 'EROFS']
const WHEN = ['1', '3', '1+']
const every = [
  ...CALLS.flatMap((call) => ERRORS.flatMap((error) => WHEN.map((when) => ({ call, error, when })))),
  // what RLIMIT_NOFILE does below, at each place where a file is opened
  ...WHEN.map((when) => ({ call: 'openat', error: 'EMFILE', when })),
]
const few = [
  { call: 'fdatasync', error: 'EIO', when: '1' },
  { call: 'pwrite64', error: 'EIO', when: '1+' },
  { call: 'openat', error: 'EMFILE', when: '1+' },
]
/** segments roll every fifty messages, and every tenth has a body in a file: calls that are rare come often */
const size = (i: number) => (i % 10 === 9 ? 100_000 : 15_000)

testWith('strace')('calls that fail, and work again', async () => {
  const folder = await tempFolder('postern-errors')
  const output = join(folder.path, 'trace')
  const struck = (): number => readFileSync(output, 'latin1').split('(INJECTED)').length - 1
  try {
    await running({}, async (r) => {
      const missed: string[] = []
      let hits = 0
      const cells = FULL ? every : few
      for (const { call, error, when } of cells) {
        const cell = `${call} ${error} ${when}`
        const load = r.load({ size })
        await r.acknowledged(20)
        const tracer = await inject(r.mta.pid, `${call}:error=${error}:when=${when}`, { output })
        await r.acknowledged(when === '1+' ? 200 : 60, 1500)
        // a cell in which nothing failed says nothing
        for (let i = 0; i < 30 && struck() === 0; i++) await sleep(200)
        await tracer.stop()
        await load.stop()
        alive(r)
        onlyDeferred(load)
        // a new segment is tried every five seconds
        await r.takesMail()
        const refused = [...load.refused.values()].reduce((a, b) => a + b, 0)
        progress(`${cell}: ${struck()} calls failed, ${refused} refused`)
        if (struck() === 0) missed.push(cell)
        hits += struck()
      }
      const note = `${hits} calls failed${missed.length ? `; none in: ${missed.join(', ')}` : ''}`
      await r.judge('errors: EIO, ENOSPC, EROFS, EMFILE', cells.length, note)
      assert.is(await r.mta.stop(), 0)
      assert.equal(missed, [], 'cells in which no call failed')
    })
  } finally {
    await folder.remove()
  }
})
testWith('prlimit')('no descriptors left', () =>
  running({}, async (r) => {
    const limit = (n: number) => execFileSync('prlimit', ['--pid', String(r.mta.pid), `--nofile=${n}:`])
    const open = Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${r.mta.pid}/limits`, 'latin1'))![1])
    const rounds = FULL ? 10 : 1
    for (let n = 0; n < rounds; n++) {
      limit(readdirSync(`/proc/${r.mta.pid}/fd`).length + 6 + n)
      const load = r.load({ sessions: 12, timeout: 2000, size: (i) => (i % 2 ? 100_000 : 1500) })
      await r.acknowledged(60, 1000)
      await load.stop()
      alive(r)
      onlyDeferred(load)
      limit(open)
      await r.takesMail()
    }
    await r.judge('errors: EMFILE', rounds)
    assert.is(await r.mta.stop(), 0)
  }),
)
/** The limit within a segment of 1 MiB, in no page's middle; or above it, where only body files reach it. */
const SHORT = [
  { what: 'records', path: /\/seg\/\d+$/, limit: (n: number) => 300_001 + n * 70_001, size: () => 8000 },
  {
    what: 'body files',
    path: /\/body\/[^/]+$/,
    limit: (n: number) => 1_100_001 + n * 7001,
    size: (i: number) => (i % 5 === 4 ? 1_300_000 : 1500),
  },
]
for (const { what, path, limit, size } of SHORT)
  testWith('prlimit', 'strace')(`writes of ${what} that end short (RLIMIT_FSIZE)`, async () => {
    const folder = await tempFolder('postern-errors')
    const output = join(folder.path, 'trace')
    const seen = () => shortWrites(readFileSync(output, 'latin1'), path)
    try {
      await running({}, async (r) => {
        const allow = (n: string) => execFileSync('prlimit', ['--pid', String(r.mta.pid), `--fsize=${n}:`])
        const rounds = FULL ? 10 : 1
        const missed: number[] = []
        let short = 0
        for (let n = 0; n < rounds; n++) {
          // without the spares that a start makes new mail is refused before it comes to the limit
          for (let tries = 0; tries < 3 && (tries === 0 || seen() === 0); tries++) {
            const tracer = await watch(r.mta.pid, 'pwrite64', { output })
            await r.takesMail()
            allow(String(limit(n)))
            const load = r.load({ size })
            // a segment has to be filled up to the limit
            for (let i = 0; i < 50 && seen() === 0; i++) await sleep(200)
            await r.acknowledged(50, 1500)
            await load.stop()
            await tracer.stop()
            alive(r)
            onlyDeferred(load)
            allow('unlimited')
            await r.takesMail()
            const refused = [...load.refused.values()].reduce((a, b) => a + b, 0)
            progress(`limit ${limit(n)}: ${seen()} short, ${refused} refused, ${r.acks.all.size} acknowledged so far`)
          }
          if (seen() === 0) missed.push(limit(n))
          short += seen()
        }
        await r.judge(`errors: short writes, ${what}`, rounds, `${short} writes ended short`)
        assert.is(await r.mta.stop(), 0)
        assert.equal(missed, [], 'limits at which no write ended short')
      })
    } finally {
      await folder.remove()
    }
  })
test.run()
