/** A process that has been busy gives its memory back; one that is busy does not stop for it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { getHeapStatistics } from 'node:v8'
import { setTimeout as sleep } from 'node:timers/promises'
import { IdleMemory } from '../dist/daemon/memory.js'

const MIB = 1024 * 1024
const heap = () => getHeapStatistics().total_heap_size / MIB
let bursts: unknown[] = []
const fill = () => bursts.push(Array.from({ length: 400_000 }, (_, n) => ({ n, text: `${n}` })))

test('what a burst took goes when nothing happens', async () => {
  fill()
  const full = heap()
  bursts = []
  const memory = new IdleMemory({ every: 200, looks: 1 })
  for (let n = 0; n < 50 && heap() > full - 20; n++) await sleep(100)
  memory.stop()
  assert.ok(heap() < full - 20, `${full} MiB, then ${heap()}`)
})
test('once: not again before there is more', async () => {
  let collected = 0
  const memory = new IdleMemory({ every: 250, looks: 1, collect: async () => void collected++ })
  fill()
  await sleep(1500)
  assert.is(collected, 1)
  fill()
  await sleep(1500)
  memory.stop()
  assert.is(collected, 2)
})
test('not in a pause between two bursts', async () => {
  let collected = 0
  const memory = new IdleMemory({ every: 100, looks: 8, collect: async () => void collected++ })
  for (let burst = 0; burst < 3; burst++) {
    for (const end = performance.now() + 300; performance.now() < end; await sleep(0)) void ((bursts = []), fill())
    await sleep(400)
  }
  const meanwhile = collected
  await sleep(1500)
  memory.stop()
  assert.equal([meanwhile, collected], [0, 1])
})
test('not while there is work', async () => {
  let collected = 0
  const memory = new IdleMemory({ every: 250, looks: 1, collect: async () => void collected++ })
  for (const end = performance.now() + 1500; performance.now() < end; await sleep(0)) void ((bursts = []), fill())
  memory.stop()
  assert.is(collected, 0)
})
test.run()
