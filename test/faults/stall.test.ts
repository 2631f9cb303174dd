/**
 * kill -9 while a sync takes seconds that was quick before: what was told long before the kill has been written meanwhile, and does
 * not come twice. The disk of the machine is slow by strace, and only from some moment of each life on.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random, sleep } from '@postern/testkit'
import { testWith } from './support/needs.ts'
import { progress, times } from './support/report.ts'
import { running } from './support/running.ts'
import { inject } from './support/strace.ts'
import type { Running } from './support/running.ts'

const SEED = Number(process.env.SEED ?? 1)
/** a segment that is never full: a roll waits for its syncs, and what is told meanwhile with it */
const JOURNAL = { segmentSize: '64M' }
/** ms before a kill: what was told earlier must have been written */
const RECENT = 100
/** ms without an acknowledgement: a sync takes long */
const QUIET = 200

/** Resolves when nothing has been acknowledged for some time; gives that time's start. */
async function stalled(r: Running): Promise<number> {
  const limit = Date.now() + 20_000
  for (let [since, size] = [Date.now(), -1]; ;) {
    if (r.acks.all.size > size) [since, size] = [Date.now(), r.acks.all.size]
    else if (Date.now() - since > QUIET) return since
    if (Date.now() > limit) throw new Error('no sync takes long')
    await sleep(5)
  }
}

testWith('strace')('kill -9 while a sync takes long', () =>
  running({ journal: JOURNAL }, async (r) => {
    const kills = times(3, 40)
    const next = random(SEED)
    const stalls: [from: number, to: number][] = []
    for (let n = 0; n < kills; n++) {
      if (n > 0) await r.mta.start()
      const load = r.load()
      await r.acknowledged(50 + next() * 100)
      // quick ones first: only behind those a write and its sync are one order
      const tracer = await inject(r.mta.pid, 'fdatasync:delay_enter=5s:when=30+')
      const from = await stalled(r)
      await sleep(RECENT + next() * 1500)
      r.endings.push({ kind: 'kill', at: Date.now() })
      stalls.push([from, Date.now()])
      await r.mta.kill()
      await tracer.stop()
      await load.ended
      if (n % 10 === 9) progress(`${n + 1} of ${kills} kills, ${r.acks.all.size} acknowledged`)
    }
    await r.mta.start()
    const sent = r.mta.log.filter((e) => e.event === 'deliver.sent').map((e) => Date.parse(String(e.fields.time)))
    const told = sent.filter((at) => stalls.some(([from, to]) => at > from + 20 && at < to - RECENT)).length
    await r.judge(
      'stall: kill -9 while a sync takes long',
      kills,
      `${told} outcomes told during it, ${RECENT} ms or more before`,
    )
    assert.ok(told > kills, `${told} outcomes were told while a sync took long`)
    assert.is(await r.mta.stop(), 0)
  }),
)
test.run()
