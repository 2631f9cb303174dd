/** A checkpoint is a cache: removed, cut or damaged it costs time, nothing else. What is damaged is found by verifyQueue. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { readQueue, verifyQueue } from '@postern/queue-journal'
import { bodyOf, message, partOf, seed, segmentsOf, started, temporary } from './helper.ts'
import type { QueueEntry } from '@postern/core'

async function listing(path: string): Promise<QueueEntry[]> {
  const all: QueueEntry[] = []
  for await (const entry of readQueue(path)) all.push(entry)
  return all.sort((a, b) => (a.id < b.id ? -1 : 1))
}
const checkpoints = (path: string) => {
  const folder = join(partOf(path), 'ckpt')
  return fs
    .readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
}
/** A queue with something of everything, two checkpoints, and records behind each. */
async function sample(): Promise<string> {
  const path = temporary()
  const queue = await started(path)
  const put = async (n: number, more = {}, size = 100) => {
    const recipients = Array.from({ length: n }, (_, i) => seed(`r${i}@example.net`))
    const made = await message(queue, '', recipients, { body: await bodyOf(queue, Buffer.alloc(size, 'x')), ...more })
    await queue.commit(made)
    return made.id
  }
  const later = (n: number) => ({ n, state: 'deferred' as const, esc: '4.0.0', text: `later ${n}` })
  const small = await put(2)
  const large = await put(30, {}, 9000)
  await put(1, { held: { by: 'test', reason: 'odd' } })
  await queue.checkpoint()
  queue.attempt(small, [0, 1], 1)
  void queue.outcome(small, [later(0)], { nextTry: 77, warned: true })
  await queue.expand(large, 3, [seed('child@example.net')])
  await queue.requeue(await put(1), { who: 'root', why: 'test' })
  await queue.checkpoint()
  await queue.outcome(large, [later(5), { n: 6, state: 'delivered', esc: '2.0.0', text: 'ok' }], { durable: true })
  await queue.stop()
  return path
}
test('a checkpoint has a hold of the same moment as the log', async () => {
  const path = temporary()
  let ms = Date.now()
  const queue = await started(path, { now: () => ++ms })
  const made = await message(queue)
  await queue.commit(made)
  await queue.admin(made.id, { action: 'hold', who: 'test', why: 'odd' })
  await queue.stop()
  assert.equal((await verifyQueue(path)).problems, [])
})
test('two are kept; without one, and with an older one, the queue is the same', async () => {
  const path = await sample()
  const before = await listing(path)
  assert.is(checkpoints(path).length, 2)
  assert.is(before.length, 4)
  assert.equal((await verifyQueue(path)).problems, [])
  while (checkpoints(path).length > 0) {
    fs.rmSync(checkpoints(path).at(-1)!)
    assert.equal(await listing(path), before)
  }
  const queue = await started(path)
  assert.is(queue.health().messages, 4)
  await queue.stop()
  assert.equal(await listing(path), before)
})
test('one flipped bit, or a cut, anywhere in a checkpoint', async () => {
  const path = await sample()
  const before = await listing(path)
  const file = checkpoints(path).at(-1)!
  fs.rmSync(checkpoints(path)[0]!)
  const whole = fs.readFileSync(file)
  for (let at = 0; at < whole.length; at++) {
    if (at > 100 && at < 4088 && at % 64 !== 0) continue
    const spoilt = Buffer.from(at % 7 === 0 ? whole.subarray(0, at) : whole)
    if (spoilt.length === whole.length) spoilt[at] = spoilt[at]! ^ (1 << (at % 8))
    fs.writeFileSync(file, spoilt)
    assert.equal(await listing(path), before, `byte ${at}`)
  }
})
test('verifyQueue: body files, payloads, orphans; repair keeps what is damaged', async () => {
  const path = await sample()
  const found = await verifyQueue(path)
  assert.is(found.messages, 4)
  assert.ok(found.bytes > 60_000 && found.segments >= 1)
  const folder = partOf(path)
  const [body] = fs.readdirSync(join(folder, 'body'))
  const whole = fs.readFileSync(join(folder, 'body', body!))
  for (let at = 0; at < whole.length; at += 487) {
    const spoilt = Buffer.from(whole)
    spoilt[at] = spoilt[at]! ^ 4
    fs.writeFileSync(join(folder, 'body', body!), spoilt)
    assert.equal(
      (await verifyQueue(path)).problems.map((p) => p.kind),
      ['body'],
      `byte ${at}`,
    )
  }
  fs.writeFileSync(join(folder, 'body', body!), whole)
  fs.writeFileSync(join(folder, 'body', 'nobody'), 'x')
  assert.equal(
    (await verifyQueue(path)).problems.map((p) => p.kind),
    ['orphan'],
  )
  fs.rmSync(join(folder, 'body', 'nobody'))
  const [segment] = segmentsOf(path)
  const bytes = fs.readFileSync(segment!)
  const at = bytes.indexOf('x'.repeat(100))
  bytes[at] = bytes[at]! ^ 1
  fs.writeFileSync(segment!, bytes)
  assert.equal(
    (await verifyQueue(path, { repair: true })).problems.map((p) => p.kind),
    ['message'],
  )
  assert.is(fs.readdirSync(join(folder, 'corrupt')).length, 1)
})
test.run()
