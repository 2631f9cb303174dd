/** When mail is tried again, and how fast a site may be given mail. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { attempts, limited } from './scenarios/back-off.ts'
import { SEED } from './support/simulation.ts'

console.log(`seed ${SEED}`)
const DAY = 86_400
const gaps = (ages: readonly number[]) => ages.slice(1).map((age, i) => age - ages[i]!)
const within = (value: number, low: number, high: number) =>
  assert.ok(value >= low && value <= high, `${value} is not within ${low} and ${high}`)

test('the wait is the age, at least 300 s, at most 4000 s, and up to a tenth more', async () => {
  const { ages, sim } = await attempts({}, undefined, DAY)
  assert.is(ages[0], 0)
  gaps(ages).forEach((gap, i) => {
    const wait = Math.min(Math.max(ages[i]!, 300), 4000)
    within(gap, wait, 1.1 * wait + 1)
  })
  assert.ok(ages.length > 20)
  assert.equal(sim.errors, [])
})
test('chance differs from message to message, not from run to run', async () => {
  const ages = (seed: number) => attempts({}, undefined, DAY, seed).then((r) => r.ages)
  const [a, b, c] = [await ages(SEED), await ages(SEED), await ages(SEED + 100)]
  assert.equal(a, b)
  assert.not.equal(a, c)
})
test('an attempt behind the lifetime ends it', async () => {
  const { ages, sim } = await attempts({}, undefined, 6 * DAY)
  within(ages.at(-1)!, 5 * DAY, 5 * DAY + 4401)
  assert.is(ages.filter((a) => a >= 5 * DAY).length, 1)
  assert.is(sim.store.size, 0)
})
test('a schedule of its own, the last wait repeated', async () => {
  const { ages } = await attempts({}, { retry: [60_000, 120_000, 600_000] }, 3600)
  const expected = [60, 120, 600, 600, 600, 600]
  gaps(ages)
    .slice(0, expected.length)
    .forEach((gap, i) => within(gap, expected[i]!, 1.1 * expected[i]! + 1))
  assert.ok(gaps(ages).length >= 5, `${ages}`)
})
test('10 a minute are 10 in each minute', async () => {
  const { starts } = await limited({ rate: { count: 10, per: 60_000 } }, 100, 599)
  assert.is(starts.length, 100)
  for (let minute = 0; minute < 10; minute++)
    assert.is(starts.filter((s) => s >= minute * 60 && s < (minute + 1) * 60).length, 10, `minute ${minute}`)
})
test('a rate delay: one at a time, and the wait counts from the end of the one before', async () => {
  const { starts, sim } = await limited({ rateDelay: 5000 }, 20, 120)
  assert.is(starts.length, 20)
  for (const gap of gaps(starts)) within(gap, 5.099, 5.301)
  assert.is(sim.network.site('limited.test').activeMax, 1)
})
test.run()
