/** A site that does not answer costs a handful of connections, and nobody else anything. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DEAD, OUTAGE, TIMEOUT, deadSite } from './scenarios/dead-site.ts'
import { quantile } from './support/figures.ts'
import { SEED } from './support/simulation.ts'

console.log(`seed ${SEED}`)
const down = await deadSite(true)
const up = await deadSite(false)
const found = OUTAGE.from + TIMEOUT / 1000
const during = down.dials.filter((d) => d > found + 1 && d < OUTAGE.until)

test('no connection while it is dead, at most 5 in each 300 s', () => {
  assert.ok(during.length > 0 && during.length <= 5 * Math.ceil((OUTAGE.until - found) / 300), `${during.length}`)
  for (const d of during) {
    const burst = during.filter((x) => x >= d && x < d + 299)
    assert.ok(burst.length <= 5, `${burst.length} connections in the 300 s from ${d}`)
  }
})
test('its mail is deferred in bulk, with the reason why the site is dead', () => {
  const { reasons } = down.sim.store
  const tried = 'connect to dead.test[192.0.2.1]:25: Connection refused'
  assert.equal([...reasons.keys()].sort(), [tried, `delivery temporarily suspended: ${tried}`])
  assert.ok(reasons.get(`delivery temporarily suspended: ${tried}`)! > 100 * reasons.get(tried)!)
})
test('the others have the delay they would have without it', () => {
  assert.is(down.others.length, up.others.length)
  for (const p of [0.5, 0.99, 1]) assert.is(quantile(down.others, p), quantile(up.others, p), `p${p * 100}`)
})
test('when it is back its mail goes', () => {
  assert.ok(down.sim.network.site(DEAD).delivered > 0.9 * down.waiting.at(-1)!.at * 5 * 0.5)
  const peak = Math.max(...down.waiting.map((w) => w.value))
  assert.ok(peak > 4000, `waiting at the worst: ${peak}`)
  assert.ok(down.waiting.at(-1)!.value < peak / 2, `waiting at the end: ${down.waiting.at(-1)!.value}`)
})
test('nothing went wrong behind the scenes', () => assert.equal([...down.sim.errors, ...up.sim.errors], []))
test.run()
