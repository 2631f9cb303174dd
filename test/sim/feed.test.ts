/** 1,000,000 deferred messages due at once, and new mail: both go on, memory is bounded, no site is stormed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NEW_PER_SECOND, SITES, feed } from './scenarios/feed.ts'
import { quantile } from './support/figures.ts'
import { SEED } from './support/simulation.ts'

console.log(`seed ${SEED}`)
const SECONDS = 20
const PROCESSES = 2000
const ACTIVE = 20_000
const MESSAGES = 1_000_000
const run = await feed({ messages: MESSAGES, seconds: SECONDS, processes: PROCESSES })

test('the old mail takes the places that there are', () => {
  assert.ok(run.oldDelivered >= 0.8 * PROCESSES * (SECONDS - 2), `${run.oldDelivered} of ${PROCESSES * SECONDS}`)
})
test('new mail does not stand behind all of it', () => {
  const late = quantile(run.newDelays, 0.99)
  assert.ok(run.newDelays.length >= 0.3 * NEW_PER_SECOND * SECONDS, `${run.newDelays.length} new messages delivered`)
  assert.ok(late <= (1.2 * ACTIVE * 1000) / PROCESSES, `p99 ${late} ms`)
})
test('what is in memory is bounded, and so is what is read ahead', () => {
  assert.ok(run.sim.activeMax <= ACTIVE, `${run.sim.activeMax} active`)
  assert.ok(run.sim.store.readingMax <= 200, `${run.sim.store.readingMax} readings at a time`)
})
test('oldest first: nothing is dialled that is younger than what could be in memory', () => {
  const ages = run.dials.filter((d) => d.sender === 'old@sim.test').map((d) => Math.round(d.age - d.at * 1000))
  // the message's number, from its age at the start
  const numbers = ages.map((age) => MESSAGES - Math.round(((age - 3_600_000) / (4 * 86_400_000)) * MESSAGES))
  const youngest = numbers.reduce((a, b) => Math.max(a, b), 0)
  assert.ok(youngest <= numbers.length + ACTIVE + 1, `number ${youngest} after ${numbers.length} deliveries`)
})
test('no site gets more than its window', () => {
  const first = new Map<string, number>()
  for (const d of run.dials) if (d.at < 0.9) first.set(d.site, (first.get(d.site) ?? 0) + 1)
  assert.ok(Math.max(...first.values()) <= 5, `${Math.max(...first.values())} connections to one site at the start`)
  const most = Math.max(...[...run.sim.network.sites.values()].map((s) => s.activeMax))
  assert.ok(run.sim.network.sites.size === SITES && most <= 20, `${most} at a time`)
})
test('nothing went wrong behind the scenes', () => assert.equal(run.sim.errors, []))
test.run()
