/** A pool of threads that is used up, and a disk that takes its time: commits go on, or are answered 4xx; nothing is lost. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep, tempFolder } from '@postern/testkit'
import { testWith } from './support/needs.ts'
import { FULL } from './support/report.ts'
import { running } from './support/running.ts'
import { inject } from './support/strace.ts'

const STARVE = fileURLToPath(new URL('plugins/starve.js', import.meta.url))

for (const opens of FULL ? [4, 32] : [4])
  test(`a plugin blocks ${opens} threads of the pool: commits go on`, async () => {
    const folder = await tempFolder('postern-starve')
    const fifo = join(folder.path, 'fifo')
    execFileSync('mkfifo', [fifo])
    try {
      await running({ plugins: [{ [STARVE]: { fifo, opens } }] }, async (r) => {
        await r.load({ sessions: 2, count: 5 }).ended
        const d = await r.mta.dialogue()
        for (const line of ['EHLO client.example', 'MAIL FROM:<a@b.example>', 'RCPT TO:<starve@far.example>'])
          await d.send(line)
        await d.close()
        const before = r.acks.all.size
        // what is above bodyThreshold waits for a file of its own, which the pool writes
        const load = r.load({ sessions: 4, timeout: 5000, size: () => 1500 })
        await r.acknowledged(50, 5000)
        // what goes out after the stop is not waited for
        await load.stop()
        const went = r.acks.all.size - before
        // a reader of the FIFO sees its end as soon as a writer has come and gone
        execFileSync('sh', ['-c', 'for i in $(seq 64); do timeout 1 sh -c ": > $0" "$0" || exit 0; done', fifo])
        assert.ok(went >= 50, `${went} commits while the pool was used up`)
        await r.judge(`slow: ${opens} threads of the pool blocked`, 1, `${went} commits meanwhile`)
        await r.mta.kill()
      })
    } finally {
      await folder.remove()
    }
  })

testWith('strace')('a disk that takes two seconds for a sync: slow, no storm, nothing lost', () =>
  running({}, async (r) => {
    await r.load({ sessions: 2, count: 5 }).ended
    const tracer = await inject(r.mta.pid, 'fdatasync:delay_enter=2s')
    const before = r.acks.all.size
    const load = r.load({ sessions: 6, timeout: 20_000 })
    await sleep(FULL ? 30_000 : 7000)
    const stopped = load.stop()
    await stopped
    await tracer.stop()
    assert.ok(r.acks.all.size > before, 'nothing was taken')
    for (const reply of load.refused.keys()) assert.match(reply, /^4\d\d /)
    assert.equal(
      r.mta.log.filter((e) => e.event === 'queue.writeFailed' || e.event === 'queue.down'),
      [],
    )
    await r.judge('slow: two seconds a sync', 1, `${r.acks.all.size - before} commits meanwhile`)
    assert.is(await r.mta.stop(), 0)
  }),
)
test.run()
