/** What a message that waits costs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'

interface Rows {
  messages: number
  memory: number
  make(row: { high: number; low: number; created: number; size: number; recipients: number }): number
  insert(slot: number): void
  free(slot: number): void
  find(high: number, low: number): number
}
/** ms since 1970 of an id: what is older or younger by weeks would stand in the side table */
const idTime = (high: number, rest: number) => high * 512 + rest + Date.UTC(2020, 0, 1)

test('1,000,000 messages: bytes each', async () => {
  const { Rows } = (await import(new URL('../dist/rows.js', import.meta.url).href)) as { Rows: new () => Rows }
  const rows = new Rows()
  const count = 1_000_000
  const make = (i: number) => {
    const slot = rows.make({
      high: 400_000_000 + (i >>> 9),
      low: (i % 512) * 0x800000,
      created: idTime(400_000_000 + (i >>> 9), i % 512),
      size: i,
      recipients: 1,
    })
    rows.insert(slot)
    return slot
  }
  for (let i = 0; i < count; i++) make(i)
  console.log(`     ${(rows.memory / count).toFixed(1)} bytes each`)
  assert.is(rows.messages, count)
  assert.ok(rows.memory / count < 64, `${rows.memory / count} bytes`)
  for (const i of [0, 1, 511, 512, 777_777, count - 1])
    assert.is(rows.find(400_000_000 + (i >>> 9), (i % 512) * 0x800000), i)
  for (let i = 0; i < count; i += 2) rows.free(i)
  assert.is(rows.messages, count / 2)
  assert.is(rows.find(400_000_000, 0), -1)
  for (let i = 1; i < count; i += 99_998) assert.is(rows.find(400_000_000 + (i >>> 9), (i % 512) * 0x800000), i)
  for (let i = 0; i < count; i += 2) make(i)
  assert.ok(rows.memory / count < 64, 'what is free is used again')
})
test.run()
