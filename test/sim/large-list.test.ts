/** Small mail does not wait for a list; the list pays for that with at most a quarter of its time. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { largeList } from './scenarios/large-list.ts'
import { quantile } from './support/figures.ts'
import { SEED } from './support/simulation.ts'

console.log(`seed ${SEED}`)
const LISTS = [
  { name: '2,000 recipients, one a delivery', recipients: 2000, perDelivery: 1 },
  { name: '100,000 recipients, 50 a delivery', recipients: 100_000, perDelivery: 50 },
]
for (const { name, ...list } of LISTS) {
  const test = suite(name)
  const alone = await largeList({ ...list, list: 'one', small: 'none' })
  const beside = await largeList({ ...list, list: 'one', small: 'evenly' })
  const { waits: atRandom } = await largeList({ ...list, list: 'one', small: 'at random' })
  test('small mail waits for the next free place, not for the list', () => {
    const waits = beside.waits.map((w) => w.ms)
    const [median, late] = [quantile(waits, 0.5), quantile(waits, 0.99)]
    assert.ok(waits.length > 150, `${waits.length}`)
    assert.ok(median <= 100 && late <= 350, `median ${median}, p99 ${late} ms`)
  })
  test('so it does when it comes at random, several at a time', () => {
    const waits = atRandom.map((w) => w.ms)
    const late = quantile(waits, 0.99)
    assert.ok(waits.length > 150 && late <= 700, `p99 of ${waits.length}: ${late} ms`)
  })
  test('the list is slowed by a quarter at most', () => {
    assert.is(alone.listDelivered, list.recipients)
    assert.is(beside.listDelivered, list.recipients)
    const slowdown = beside.listDone / alone.listDone
    assert.ok(slowdown <= 1.25, `${alone.listDone} s alone, ${beside.listDone} s beside small mail: ${slowdown}`)
  })
  test('nothing went wrong behind the scenes', () => assert.equal([...alone.sim.errors, ...beside.sim.errors], []))
  test.run()
}
