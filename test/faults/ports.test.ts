/**
 * Ports while workers come and go: all workers killed five times under load, their number changed 2 -> 1 -> 4 -> 2. No client is ever
 * refused, and the queue is the same behind all that: nothing gone, nothing twice, and a worker for each part of it.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { posternCommand, until } from '@postern/testkit'
import { queueOf } from './support/accounting.ts'
import { childrenOf, isAlive } from './support/family.ts'
import { Probe } from './support/probe.ts'
import { FULL, progress, times } from './support/report.ts'
import { running } from './support/running.ts'
import type { Running } from './support/running.ts'

/** everything stays in the queue: its sum says what became of it */
const LATER = () => '450 4.2.0 later'
const OK = () => '250 2.0.0 Ok'
const STAY = {
  env: { POSTERN_WORKERS: '2' },
  policy: LATER,
  top: { minimalBackoffTime: '1h', maximalBackoffTime: '1h' },
}

async function postern(r: Running, ...args: string[]): Promise<void> {
  const [program, ...first] = posternCommand()
  await promisify(execFile)(program!, [...first, ...args, '-c', r.mta.file])
}
/** The queue's ids, each once; throws when one is told twice. */
async function ids(r: Running): Promise<Set<string>> {
  const all = (await queueOf(r.mta)).map((m) => m.id)
  const set = new Set(all)
  assert.is(set.size, all.length, 'a message in two parts of the queue')
  return set
}
/** Until everything that was acknowledged is in the listing, of the daemon or of its folder; parts of workers that are no more are looked for every 30 s. */
async function complete(r: Running, ms: number): Promise<number> {
  const from = performance.now()
  const missing = async () => {
    // while workers come and go the listing may be of none
    const there = await ids(r).catch((error: Error) => (error.name === 'Assertion' ? Promise.reject(error) : undefined))
    return there ? [...r.acks.all.values()].filter((a) => !there.has(a.id)) : undefined
  }
  await until('all to be in the queue', async () => (await missing())?.length === 0, ms)
  return Math.round(performance.now() - from)
}

test('all workers killed five times under load: nobody is refused, the queue stays whole', () =>
  running(STAY, async (r) => {
    const rounds = times(2, 5)
    const probe = new Probe(r.mta.ports[0]!).start()
    for (let n = 0; n < rounds; n++) {
      const load = r.load()
      await r.acknowledged(50)
      const workers = childrenOf(r.mta.pid)
      for (const pid of workers) process.kill(pid, 'SIGKILL')
      await load.ended
      await until(
        'two others',
        () => childrenOf(r.mta.pid).filter((pid) => !workers.includes(pid)).length === 2,
        40_000,
      )
      await r.takesMail(40_000)
    }
    await complete(r, 40_000)
    await probe.stop()
    assert.is(probe.refused, 0, probe.summary)
    assert.ok(probe.greeted > 10, probe.summary)
    r.sink.policy = OK
    await postern(r, 'queue', 'flush')
    await r.judge('ports: all workers killed', rounds, probe.summary)
    assert.is(await r.mta.stop(), 0)
  }))

test('2 -> 1 -> 4 -> 2 workers by reload under load: nobody is refused, every part has a worker', () =>
  running(STAY, async (r) => {
    const probe = new Probe(r.mta.ports[0]!).start()
    const waits: number[] = []
    for (const n of FULL ? [1, 4, 2] : [4]) {
      const load = r.load()
      await r.acknowledged(30)
      const before = childrenOf(r.mta.pid)
      await postern(r, 'reload', '--workers', String(n))
      await r.acknowledged(30)
      await load.stop()
      await until('the old ones to end', () => !before.some(isAlive), 40_000)
      assert.is(childrenOf(r.mta.pid).length, n)
      if (!FULL) continue
      waits.push(await complete(r, 120_000))
      progress(`${n} workers: all ${r.acks.all.size} in the listing after ${waits.at(-1)} ms`)
    }
    await probe.stop()
    assert.is(probe.refused, 0, probe.summary)
    if (!FULL) {
      // until the parts of the old workers are adopted a minute may pass; on disk everything is there at once
      assert.is(await r.mta.stop(), 0)
      await complete(r, 1000)
      return
    }
    r.sink.policy = OK
    await postern(r, 'queue', 'flush')
    await r.judge(
      'ports: 2 -> 1 -> 4 -> 2 workers',
      waits.length,
      `${probe.summary}; parts adopted after ${waits.join(', ')} ms`,
    )
    assert.is(await r.mta.stop(), 0)
  }))
test.run()
