/**
 * kill -9 while a sync takes seconds that was quick before: what was told long before the kill has been written meanwhile, and does
 * not come twice. Syncs are slow by strace, from the hundredth of each thread of a life on.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { posternCommand, random, sleep } from '@postern/testkit'
import { testWith } from './support/needs.ts'
import { progress, times } from './support/report.ts'
import { running } from './support/running.ts'
import { injecting } from './support/strace.ts'
import type { Running } from './support/running.ts'

const SEED = Number(process.env.SEED ?? 1)
/** a segment that is never full: a roll waits for its syncs, and what is told meanwhile with it */
const JOURNAL = { segmentSize: '64M' }
/** quick ones first: only behind one under 2 ms a write and its sync are one order, here in about a third of the lives */
const COMMAND = [...injecting('fdatasync:delay_enter=3s:when=100+'), ...posternCommand(), 'start', '--foreground', '-c']
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
  running({ journal: JOURNAL, command: COMMAND }, async (r) => {
    const kills = times(3, 40)
    const next = random(SEED)
    const stalls: [from: number, to: number][] = []
    for (let n = 0; n < kills; n++) {
      if (n > 0) await r.mta.start()
      const load = r.load()
      const from = await stalled(r)
      await sleep(RECENT + next() * 1500)
      r.endings.push({ kind: 'kill', at: Date.now() })
      stalls.push([from, Date.now()])
      await r.mta.kill()
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
