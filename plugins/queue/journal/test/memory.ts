/** Index of 1,000,000 deferred messages: bytes each, and the time of starts: `node --expose-gc --import tsx test/memory.ts [messages]`. */
import fs from 'node:fs'
import { bodyOf, message, partOf, started, store, temporary } from './helper.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const path = temporary()
const options = { segmentSize: 64 * 1024 * 1024, bodyThreshold: 256 * 1024 }
const queue = await started(path, options)
const body = Buffer.alloc(3400, 'x')
const writer = async (n: number) => {
  for (let i = n; i < count; i += 200) {
    const made = await message(queue, '', undefined, { body: await bodyOf(queue, body) })
    await queue.commit(made)
    queue.attempt(made.id, [0], 1)
    void queue.outcome(made.id, [{ n: 0, state: 'deferred', esc: '4.4.1', text: 'Connection refused' }], { nextTry: 1 })
  }
}
await Promise.all(Array.from({ length: 200 }, (_, n) => writer(n)))
await queue.stop()
for (const without of [false, true]) {
  if (without) fs.rmSync(`${partOf(path)}/ckpt`, { recursive: true })
  globalThis.gc?.()
  const before = process.memoryUsage()
  const again = store(path, options)
  let told = 0
  const began = performance.now()
  const { done } = await again.start(() => void told++)
  const open = performance.now() - began
  await done
  const took = performance.now() - began
  globalThis.gc?.()
  const after = process.memoryUsage()
  const used = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  console.log(
    `${without ? 'without' : 'with'} a checkpoint: open after ${(open / 1000).toFixed(2)} s, ${told} told after ` +
      `${(took / 1000).toFixed(2)} s, ${(used / told).toFixed(1)} bytes each, RSS ${(after.rss / 2 ** 20).toFixed(0)} MiB`,
  )
  await again.stop()
}
