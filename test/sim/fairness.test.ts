/** Places go round: a site's share does not grow with the mail that waits for it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PLACES, WANTED, fairness } from './scenarios/fairness.ts'
import { mean } from './support/figures.ts'
import { SEED } from './support/simulation.ts'

console.log(`seed ${SEED}`)
const { sim, active } = await fairness()
const share = (site: string, from: number, to: number) =>
  mean(active.filter((a) => a.at > from && a.at < to).map((a) => a.value[site]!))

test('while all have mail, all have the same', () => {
  const shares = Object.keys(WANTED).map((site) => share(site, 3, 7))
  for (const s of shares) assert.ok(Math.abs(s - PLACES / 4) <= 1.5, `${shares}`)
})
test('what one does not use the others get', () => {
  for (const site of ['huge.test', 'large.test', 'medium.test'])
    assert.ok(Math.abs(share(site, 15, 28) - PLACES / 3) <= 1.5, `${site}: ${share(site, 15, 28)}`)
  assert.is(Math.round(share('huge.test', 100, 130)), 20)
})
test('all is delivered, and nothing went wrong behind the scenes', () => {
  for (const [site, count] of Object.entries(WANTED).slice(1)) assert.is(sim.network.site(site).delivered, count)
  assert.equal(sim.errors, [])
})
test.run()
