/** Windows per destination: 5 to begin with, wider by success, narrower by connections that fail, none to the dead. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BACK_OFF, PHASES, windows } from './scenarios/windows.ts'
import { SEED } from './support/simulation.ts'

console.log(`seed ${SEED}`)
const { site, window, dials, sim } = await windows()
const at = (second: number) => window.find((w) => w.at >= second - 1e-9)!.value
const between = (from: number, to: number) => window.filter((w) => w.at > from && w.at < to).map((w) => w.value)

test('a site that nothing is known of gets 5 at a time', () => {
  assert.equal(dials.filter((d) => d < 0.9).length, 5)
  assert.is(at(0.5), 5)
})
test('success widens the window to 20 in a few round trips, and no further', () => {
  assert.ok(at(1.5) > 5 && at(1.5) < 20, `after one round trip: ${at(1.5)}`)
  assert.is(at(6.5), 20)
  assert.is(site.activeMax, 20)
})
test('connections that fail narrow it by degrees, and it recovers', () => {
  const narrow = Math.min(...between(PHASES.good - 1, PHASES.good + 2))
  assert.ok(narrow >= 2 && narrow <= 12, `three of five fail for 5 s: ${narrow}`)
  assert.is(at(PHASES.good + 15), 20)
})
test('a cohort of failures is a dead site: no connection until the back-off is over', () => {
  const dead = dials.filter((d) => d >= PHASES.down && d < PHASES.down + BACK_OFF - 5)
  assert.ok(dead.length > 5 && dead.length <= 25, `connections to a site that is down: ${dead.length}`)
  const last = Math.max(...dead)
  assert.ok(last < PHASES.down + 5, `the last at ${last}`)
  const again = dials.find((d) => d > last)!
  assert.ok(again - last >= BACK_OFF - 1 && again - last < BACK_OFF + 5, `tried again after ${again - last} s`)
  assert.is(dials.filter((d) => d >= again && d < again + 0.9).length, 5)
  assert.is(at(again + 8), 20)
})
test('nothing went wrong behind the scenes', () => assert.equal(sim.errors, []))
test('the same seed is the same course of events', async () => {
  assert.equal((await windows()).dials, dials)
})
test.run()
