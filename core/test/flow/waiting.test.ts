/** The rows of what waits: order, times, lists, against a plain model. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Waiting } from '../../dist/flow/waiting.js'
import { Rate } from '../../dist/flow/rate.js'
import { FakeClock } from '../support/clock.ts'

const id = (n: number): string => `M${String(n).padStart(12, '0')}`
const HOUR = 3_600_000
function made() {
  const clock = new FakeClock()
  let woken = 0
  const waiting = new Waiting(clock, () => void woken++)
  waiting.open()
  return { clock, waiting, woken: () => woken }
}
const all = (w: Waiting): string[] => {
  const out: string[] = []
  for (let next = w.next(); next; next = w.next()) out.push(next.id)
  return out
}

for (const ms of [1, 127, 128, 129, 5000, 3 * HOUR, 30 * HOUR, 12 * 24 * HOUR])
  test(`a wait of ${ms} ms ends to the ms, and wakes`, async () => {
    const { clock, waiting, woken } = made()
    waiting.wait(id(1), clock.now() + ms)
    await clock.advance(ms - 1)
    assert.is(waiting.isDue, false)
    await clock.advance(1)
    assert.ok(woken() > 0)
    assert.equal(all(waiting), [id(1)])
    assert.is(waiting.size, 0)
  })
test('the later word about a message overtakes', async () => {
  const { clock, waiting } = made()
  waiting.wait(id(1), clock.now() + 1000)
  waiting.wait(id(1), clock.now() + 9000)
  await clock.advance(5000)
  assert.equal(all(waiting), [])
  await clock.advance(5000)
  assert.equal(all(waiting), [id(1)])
})
test('new and deferred mail in turn', () => {
  const { clock, waiting } = made()
  for (let n = 0; n < 3; n++) waiting.wait(id(n), clock.now())
  for (let n = 10; n < 15; n++) waiting.arrive(id(n))
  assert.equal(all(waiting), [10, 0, 11, 1, 12, 2, 13, 14].map(id))
})
test('what is held comes only when it is released; what is flushed says so', () => {
  const { clock, waiting } = made()
  waiting.wait(id(1), clock.now() + HOUR)
  waiting.wait(id(2), clock.now() + HOUR)
  waiting.hold(id(2))
  assert.equal([waiting.size, waiting.held], [1, 1])
  assert.is(waiting.flush(id(2)), false)
  assert.is(waiting.flush('nonsense'), false)
  waiting.flushAll()
  assert.equal(waiting.next(), { id: id(1), flushed: 'all' })
  assert.is(waiting.next(), undefined)
  waiting.wait(id(2), 0)
  assert.equal(waiting.next(), { id: id(2), flushed: undefined })
})
test('flushing everything keeps the order of the times', async () => {
  const { clock, waiting } = made()
  const waits = [700, 300, 5 * HOUR, 90_000, 3, 2_000_000]
  waits.forEach((ms, n) => waiting.wait(id(n), clock.now() + ms))
  waiting.flushAll()
  assert.equal(all(waiting), [4, 1, 0, 3, 5, 2].map(id))
})
test('a pause gives nothing, and ends by itself', async () => {
  const { clock, waiting, woken } = made()
  waiting.pause(5000)
  waiting.arrive(id(1))
  assert.is(waiting.next(), undefined)
  await clock.advance(4999)
  assert.is(woken(), 0)
  await clock.advance(1)
  assert.is(woken(), 1)
  assert.is(waiting.next()?.id, id(1))
})
test('a wheel that was empty for hours takes nothing for long past', async () => {
  const { clock, waiting } = made()
  await clock.advance(5 * HOUR)
  waiting.wait(id(1), clock.now() + 5000)
  assert.is(waiting.isDue, false)
  await clock.advance(5000)
  assert.equal(all(waiting), [id(1)])
})
test('a far one is not late because a nearer one wakes first, and nobody spins', async () => {
  const { clock, waiting, woken } = made()
  waiting.wait(id(1), clock.now() + 3 * HOUR)
  await clock.advance(HOUR)
  waiting.wait(id(2), clock.now() + 2.2 * HOUR)
  await clock.advance(2 * HOUR)
  assert.equal(all(waiting), [id(1)])
  await clock.advance(0.2 * HOUR)
  assert.equal(all(waiting), [id(2)])
  assert.ok(woken() < 20, `woken ${woken()} times`)
})
for (const messages of [2, 20, 500])
  test(`20,000 random steps with ${messages} messages agree with a model`, async () => {
    const { clock, waiting } = made()
    const model = new Map<string, number | 'held'>()
    let seed = 7
    const random = (n: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % n
    for (let i = 0; i < 20_000; i++) {
      const one = id(random(messages))
      const what = random(10)
      if (what < 5) {
        const at = clock.now() + [0, random(300), random(20_000), random(10 * HOUR)][random(4)]!
        waiting.wait(one, at)
        model.set(one, at)
      } else if (what < 6) {
        waiting.forget(one)
        model.delete(one)
      } else if (what < 7) {
        waiting.hold(one)
        model.set(one, 'held')
      } else if (what < 8 && typeof model.get(one) === 'number') {
        assert.is(waiting.flush(one), true)
        model.set(one, 0)
      } else {
        await clock.advance([1, 50, 10_000, HOUR][random(i % 50 === 0 ? 4 : 2)]!)
        const due = [...model].filter(([, at]) => at !== 'held' && at <= clock.now()).map(([m]) => m)
        assert.equal(all(waiting).sort(), due.sort())
        for (const m of due) model.delete(m)
      }
      assert.is(waiting.held, [...model.values()].filter((at) => at === 'held').length)
      assert.is(waiting.size + waiting.held, model.size)
      assert.is(waiting.has(one), model.has(one) && model.get(one) !== 'held')
    }
  })
test('a million rows cost less than 64 bytes each', () => {
  const { clock, waiting } = made()
  const before = process.memoryUsage()
  for (let n = 0; n < 1_000_000; n++) waiting.wait(id(n), clock.now() + 1000 + n)
  const after = process.memoryUsage()
  assert.ok(
    (after.arrayBuffers - before.arrayBuffers) / 1e6 < 64,
    `${(after.arrayBuffers - before.arrayBuffers) / 1e6}`,
  )
})

for (const [count, starts, expected] of [
  [1, [0, 0, 0], [0, 60, 120]],
  [3, [0, 10, 20, 20, 20, 90], [0, 10, 20, 60, 70, 90]],
] as const)
  test(`no span of 60 s has more than ${count} starts`, () => {
    const rate = new Rate(count, 60)
    let now = 0
    const got = starts.map((wanted) => {
      now = Math.max(now, wanted, rate.opensAt(now))
      rate.took(now)
      return now
    })
    assert.equal(got, [...expected])
  })
test.run()
