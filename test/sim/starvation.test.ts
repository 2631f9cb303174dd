/** A slow site with more mail than fits into memory does not keep mail for quick ones waiting. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { QUICK_LATENCY, QUICK_MESSAGES, starvation } from './scenarios/starvation.ts'
import { quantile } from './support/figures.ts'
import { SEED } from './support/simulation.ts'

console.log(`seed ${SEED}`)
const { sim, delays } = await starvation()

test('messages in memory stay within qmgrMessageActiveLimit', () => {
  assert.ok(sim.activeMax <= 20_000, `${sim.activeMax}`)
  assert.ok(sim.activeMax > 1000, `${sim.activeMax}: the slow site is meant to fill it`)
})
test('mail for quick sites passes', () => {
  assert.is(delays.length, QUICK_MESSAGES)
  const late = quantile(delays, 0.99)
  assert.ok(late <= 4 * QUICK_LATENCY, `p50 ${quantile(delays, 0.5)}, p99 ${late} ms`)
})
test('the slow site has its window full all the time', () => {
  assert.is(sim.network.site('slow.test').activeMax, 20)
  assert.ok(sim.network.site('slow.test').delivered >= 200, `${sim.network.site('slow.test').delivered}`)
})
test('nothing went wrong behind the scenes', () => assert.equal(sim.errors, []))
test.run()
