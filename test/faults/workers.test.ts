/**
 * A primary and two workers under load: kill -9 of a worker, of the primary, of all, in turn and at random moments, also while
 * the dead one's successor starts. Nothing accepted is lost. A duplicate needs a cause, and another worker's death is none.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random, sleep, until } from '@postern/testkit'
import { childrenOf, isAlive, mailOf } from './support/family.ts'
import { progress, times } from './support/report.ts'
import { running } from './support/running.ts'
import type { Running } from './support/running.ts'

const SEED = Number(process.env.SEED ?? 1)
const TWO = { env: { POSTERN_WORKERS: '2' } }
/** what dies in one turn; workers end with their primary, so that a turn begins with new ones */
const TURN = ['a worker', 'a worker', 'the primary', 'a worker', 'a worker', 'all'] as const

/** kill -9 of one of the workers, written down with the mail that it had. */
function killWorker(r: Running, next: () => number): void {
  const all = childrenOf(r.mta.pid)
  const pid = all[Math.floor(next() * all.length)]
  // between two lives there may be none for a moment
  if (pid === undefined) return
  r.endings.push({ kind: 'kill', at: Date.now(), concerns: mailOf(pid) })
  process.kill(pid, 'SIGKILL')
}
/** Workers without a primary finish what they have in hand, and go: that is no excuse for a duplicate. */
async function killPrimary(r: Running): Promise<void> {
  const workers = childrenOf(r.mta.pid)
  process.kill(r.mta.pid, 'SIGKILL')
  await until('the workers to end', () => !workers.some(isAlive), 40_000)
  await r.mta.kill()
}

test('two workers: kill -9 of a worker, the primary, all, under load', () =>
  running(TWO, async (r) => {
    const kills = times(TURN.length, 102)
    const next = random(SEED)
    const died = new Map<string, number>()
    let load = r.load()
    for (let n = 0; n < kills; n++) {
      const who = TURN[n % TURN.length]!
      died.set(who, (died.get(who) ?? 0) + 1)
      await r.acknowledged(next() * 100, 2000)
      if (who === 'a worker') {
        killWorker(r, next)
        // sometimes the next death comes while the successor starts
        await sleep(next() * 1500)
        void load.stop()
        load = r.load()
        continue
      }
      if (who === 'the primary') await killPrimary(r)
      else {
        r.endings.push({ kind: 'kill', at: Date.now() })
        await r.mta.kill()
      }
      await load.ended
      await r.mta.start()
      await r.takesMail()
      load = r.load()
      progress(`${n + 1} of ${kills} kills, ${r.acks.all.size} acknowledged`)
    }
    await load.stop()
    await r.takesMail()
    await r.judge('workers: kill -9 under load', kills, [...died].map(([who, count]) => `${who} ${count}`).join(', '))
    assert.is(await r.mta.stop(), 0)
  }))

test('two workers: SIGTERM up to three seconds after a worker was killed', () =>
  running(TWO, async (r) => {
    const rounds = times(1, 30)
    const next = random(SEED + 1)
    let longest = 0
    for (let n = 0; n < rounds; n++) {
      if (n > 0) await r.mta.start()
      const load = r.load()
      await r.acknowledged(next() * 100, 2000)
      killWorker(r, next)
      await sleep(next() * 3000)
      const from = performance.now()
      // under load still, sometimes
      if (next() < 0.5) await load.stop()
      assert.is(await r.mta.stop(), 0, r.mta.output.slice(-2000))
      longest = Math.max(longest, performance.now() - from)
      await load.ended
    }
    await r.mta.start()
    await r.judge('workers: SIGTERM after a kill', rounds, `the longest end took ${Math.round(longest)} ms`)
    assert.is(await r.mta.stop(), 0)
  }))
test.run()
