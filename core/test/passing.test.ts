import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PassingMap, PassingSet } from '@postern/core'
import { Fifo } from '../src/flow/fifo.ts'

test('a map that forgets: what any map does', () => {
  const map = new PassingMap<string, number | undefined>()
  map.set('a', 1)
  map.set('b', undefined)
  map.set('c', 3)
  map.set('a', 4)
  assert.equal(
    [...map],
    [
      ['a', 4],
      ['b', undefined],
      ['c', 3],
    ],
  )
  assert.equal([map.get('a'), map.get('b'), map.get('d')], [4, undefined, undefined])
  assert.equal([map.has('b'), map.has('d'), map.size], [true, false, 3])
  assert.equal([map.delete('b'), map.delete('b'), map.size], [true, false, 2])
  assert.equal(
    [[...map.keys()], [...map.values()]],
    [
      ['a', 'c'],
      [4, 3],
    ],
  )
  map.clear()
  assert.equal([map.size, map.get('a')], [0, undefined])
})
test('what is deleted while a map is walked through is left out, what comes is met', () => {
  const map = new PassingMap<number, string>()
  for (const n of [1, 2, 3]) map.set(n, `v${n}`)
  const seen: string[] = []
  for (const value of map.values()) {
    seen.push(value)
    if (value === 'v1') map.delete(2)
    if (value === 'v3') map.set(4, 'v4')
  }
  assert.equal(seen, ['v1', 'v3', 'v4'])
})
test('a set: who adds gets what takes it away, once', () => {
  const set = new PassingSet<string>()
  const [a, again, b] = [set.add('a'), set.add('a'), set.add('b')]
  assert.equal([...set], ['a', 'a', 'b'])
  assert.equal([a(), a(), set.size], [true, false, 2])
  assert.equal([...set], ['a', 'b'])
  const seen: string[] = []
  for (const it of set) {
    seen.push(it)
    b()
  }
  assert.equal(seen, ['a'])
  assert.equal([again(), set.size], [true, 0])
})
test('first in, first out: round the ring, over its end, grown in the middle', () => {
  const fifo = new Fifo<number>()
  const model: number[] = []
  let next = 0
  // a fixed walk: more pushes than shifts, then fewer, several times
  for (let step = 0; step < 5000; step++) {
    const pushes = Math.floor(step / 500) % 2 === 0 ? 3 : 1
    for (let n = 0; n < pushes; n++) model.push((fifo.push(next), next++))
    for (let n = 0; n < 2; n++) assert.is(fifo.shift(), model.shift())
    assert.is(fifo.size, model.length)
    if (step === 2700) assert.equal(fifo.drain(), model.splice(0))
  }
  assert.equal(fifo.drain(), model)
  assert.equal([fifo.size, fifo.shift()], [0, undefined])
})

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as (options?: { type: 'minor' }) => void

/**
 * Blocks of 4 KiB pass through a collection that lies among the old objects, 40 at a time. Answers how many are in memory when
 * only young objects have been collected since.
 */
function heldBy(put: (block: Uint8Array) => void, take: () => void): number {
  gc()
  const before = process.memoryUsage().arrayBuffers
  for (let n = 0; n < 4000; n++) {
    put(new Uint8Array(4096))
    if (n >= 40) take()
    if (n % 200 === 0) gc({ type: 'minor' })
  }
  for (let n = 0; n < 3; n++) gc({ type: 'minor' })
  return Math.round((process.memoryUsage().arrayBuffers - before) / 4096)
}
/** The most of five: a plain map holds up to 1,900 of them, now and then none. */
const most = (collection: () => [put: (block: Uint8Array) => void, take: () => void]): number =>
  Math.max(...[1, 2, 3, 4, 5].map(() => heldBy(...collection())))

test('what has left is not held until the next full collection', () => {
  const inMap = most(() => {
    const map = new PassingMap<number, Uint8Array>()
    let [last, first] = [0, 0]
    return [(block) => map.set(last++, block), () => void map.delete(first++)]
  })
  const inSet = most(() => {
    const set = new PassingSet<Uint8Array>()
    const leave = new Fifo<() => boolean>()
    return [(block) => leave.push(set.add(block)), () => void leave.shift()!()]
  })
  const inFifo = most(() => {
    const fifo = new Fifo<Uint8Array>()
    return [(block) => fifo.push(block), () => void fifo.shift()]
  })
  // each has 40 in it
  for (const held of [inMap, inSet, inFifo]) assert.ok(held < 200, `map ${inMap}, set ${inSet}, fifo ${inFifo}`)
})

test.run()
