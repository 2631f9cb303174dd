/** Buffers of batches: sizes, what is kept, and that a batch which gets a larger one keeps what stands in it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Batch } from '../src/batch.ts'
import type { Ledger } from '../src/batch.ts'
import { Buffers, NO_BUFFER } from '../src/buffers.ts'
import { FOLD } from '../src/frame.ts'

const KIB = 1024

for (const [bytes, size] of [
  [1, 64],
  [64, 64],
  [64.001, 256],
  [257, 1024],
  [1024, 1024],
] as const)
  test(`${bytes} KiB get ${size}`, () => assert.is(new Buffers().take(Math.ceil(bytes * KIB)).length, size * KIB))

test('larger ones are as large as they must be, and not kept', () => {
  const buffers = new Buffers()
  const large = buffers.take(1024 * KIB + 1)
  assert.is(large.length, 1024 * KIB + 1)
  buffers.give(large)
  assert.is.not(buffers.take(1024 * KIB + 1), large)
})
test('what was given back is used again, the last first, 8 MiB at most', () => {
  const buffers = new Buffers()
  const taken = Array.from({ length: 9 }, () => buffers.take(1024 * KIB))
  const small = buffers.take(1)
  for (const one of taken.slice(0, 8)) buffers.give(one)
  buffers.give(small)
  buffers.give(taken[8]!)
  const again = taken.map(() => buffers.take(1024 * KIB))
  assert.equal(
    again.slice(0, 8).map((one) => taken.indexOf(one)),
    [7, 6, 5, 4, 3, 2, 1, 0],
  )
  assert.is(taken.indexOf(again[8]!), -1)
  assert.is.not(buffers.take(1), small)
  buffers.give(small)
  assert.is(buffers.take(1), small)
  buffers.give(NO_BUFFER)
})
test('a batch keeps its records when its buffer becomes too small, and gives back what it had', () => {
  const buffers = new Buffers()
  const rows = { high: () => 1, low: () => 2, watched: -1 } as unknown as Ledger['rows']
  const batch = new Batch({ rows, segment: () => undefined, now: () => 3 }, buffers)
  assert.is(batch.buffer.length, 0)
  const texts = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(5000)}`)
  for (const text of texts) batch.json(FOLD, 0, text, false)
  assert.is(batch.buffer.length, 1024 * KIB)
  const [first, second] = [buffers.take(64 * KIB), buffers.take(256 * KIB)]
  const frames = [...batch.frames()]
  assert.is(frames.length, 100)
  for (const [n, { at }] of frames.entries()) {
    const length = batch.buffer.readUInt32LE(at + 8)
    const start = frames[n + 1] ? batch.buffer.indexOf(JSON.stringify(texts[n]), at) : -1
    if (start >= 0) assert.ok(start > at && start + length <= frames[n + 1]!.at, `record ${n} stands at ${start}`)
    else assert.is(n, 99)
  }
  // what it outgrew lies ready
  assert.ok(first.includes('"0 xxx') && second.includes('"10 xxx'))
  const own = batch.buffer
  batch.release()
  assert.is(batch.buffer, NO_BUFFER)
  assert.is(buffers.take(1024 * KIB), own)
})

test.run()
