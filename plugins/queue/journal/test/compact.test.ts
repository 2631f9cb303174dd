/** Compaction never brings back what is finished: orders of records that are rare, made by hand. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { systemIo } from '@postern/queue-journal'
import { bodyOf, message, partOf, seed, segmentsOf, snapshot, started, temporary } from './helper.ts'
import type { JournalStore, Io } from '@postern/queue-journal'
import type { QueueStore } from '@postern/core'

const compact = { age: 0, rate: 1e9, patience: Infinity }
const told = (n: number, state: 'delivered' | 'deferred' = 'delivered') => ({ n, state, esc: '2.0.0', text: 'told' })

/** A message whose body stands in the journal. */
async function put(queue: QueueStore, size: number, recipients = 1): Promise<string> {
  const seeds = Array.from({ length: recipients }, (_, i) => seed(`r${i}@example.net`))
  const made = await message(queue, '', seeds, { body: await bodyOf(queue, Buffer.alloc(size, 'x')) })
  await queue.commit(made)
  return made.id
}
/** Until the log is one segment longer: messages that stay, or are finished at once. */
async function fill(path: string, queue: QueueStore, stay: boolean): Promise<void> {
  for (const before = segmentsOf(path).at(-1); segmentsOf(path).at(-1) === before;) {
    const id = await put(queue, 7000)
    if (!stay) await queue.outcome(id, [told(0)], { durable: true })
  }
}
async function idsIn(path: string): Promise<string[]> {
  const queue = await started(path)
  const ids: string[] = []
  for await (const { id } of queue.list()) ids.push(id)
  await queue.stop()
  return ids
}
const withoutCheckpoints = (path: string) => fs.rmSync(join(partOf(path), 'ckpt'), { recursive: true, force: true })
/** Syncs of records wait while `closed`. */
function gate() {
  const state = { closed: false, waiting: [] as (() => void)[] }
  const io: Io = {
    write: (...args) => systemIo.write(...args),
    sync: (fd, purpose, done) => {
      const go = () => systemIo.sync(fd, purpose, done)
      if (state.closed && purpose === 'records') state.waiting.push(go)
      else go()
    },
  }
  const open = () => {
    state.closed = false
    for (const go of state.waiting.splice(0)) go()
  }
  return { state, io, open }
}
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(what())
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 100))
/** A sealed segment that is worth its compaction, and the one message that waits in it. */
async function survivor(path: string, queue: JournalStore): Promise<string> {
  const id = await put(queue, 1000)
  await fill(path, queue, false)
  return id
}

test('a message whose earlier outcome went with its segment stays finished', async () => {
  const path = temporary()
  const queue = await started(path, { compact })
  const id = await put(queue, 1000, 2)
  // its home is full of messages that wait: it stays
  await fill(path, queue, true)
  const [home, early] = segmentsOf(path)
  await queue.outcome(id, [told(0)], { durable: true })
  await fill(path, queue, false)
  await queue.outcome(id, [told(1)], { durable: true })
  await queue.compact()
  assert.ok(segmentsOf(path).includes(home!), 'the home stays')
  assert.not(segmentsOf(path).includes(early!), 'the first outcome is gone')
  await queue.stop()
  withoutCheckpoints(path)
  assert.not((await idsIn(path)).includes(id))
})

test('it runs by itself', async () => {
  const path = temporary()
  const queue = await started(path, { compact: { ...compact, every: 0 } })
  const id = await survivor(path, queue)
  const [first] = segmentsOf(path)
  await until(() => !segmentsOf(path).includes(first!))
  await queue.stop()
  assert.equal(await idsIn(path), [id])
})

test('a message is not moved behind the requeue that ends it', async () => {
  const path = temporary()
  const { state, io, open } = gate()
  const queue = await started(path, { compact, io })
  const id = await survivor(path, queue)
  state.closed = true
  const requeued = queue.requeue(id, { who: 'test', why: 'again' })
  await until(() => state.waiting.length > 0)
  const compacted = queue.compact()
  await settled()
  open()
  const now = (await requeued)!
  await compacted
  await queue.stop()
  withoutCheckpoints(path)
  assert.equal(await idsIn(path), [now])
})

test('a checkpoint that is begun while a commit is synced does not lose it', async () => {
  const path = temporary()
  const { state, io, open } = gate()
  const queue = await started(path, { io })
  const kept = await put(queue, 100)
  state.closed = true
  const requeued = queue.requeue(kept, { who: 'test', why: 'again' })
  const commit = put(queue, 100)
  await until(() => state.waiting.length > 0)
  const checkpoint = queue.checkpoint()
  // its rows are copied; it waits for the log
  await settled()
  open()
  const ids = [(await requeued)!, await commit].sort()
  await checkpoint
  // as a crash leaves it: no checkpoint of a stop
  const copy = snapshot(path)
  await queue.stop()
  assert.equal((await idsIn(copy)).sort(), ids)
})

test('two requeues of a message make one, and a message that ended meanwhile none', async () => {
  const path = temporary()
  const queue = await started(path)
  const id = await put(queue, 100)
  const made = await Promise.all([1, 2].map(() => queue.requeue(id, { who: 'test', why: 'again' })))
  const [now, ...more] = made.filter((one) => one !== undefined)
  assert.equal(more, [])
  const again = queue.requeue(now!, { who: 'test', why: 'again' })
  void queue.outcome(now!, [told(0)])
  assert.is(await again, undefined)
  await queue.stop()
  assert.equal(await idsIn(path), [])
})
test.run()
