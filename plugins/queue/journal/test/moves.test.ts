/** What is read, checkpointed or recovered while segments go: one interleaving each, made by hand with gates. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { systemIo } from '@postern/queue-journal'
import { gated } from './gate.ts'
import { bodyOf, loaded, message, partOf, seed, segmentsOf, snapshot, started, store, temporary } from './helper.ts'
import type { Gate } from './gate.ts'
import type { Io, JournalStore } from '@postern/queue-journal'
import type { QueueStore } from '@postern/core'

const compact = { age: 0, rate: 1e9, patience: Infinity }
const told = (n: number, state: 'delivered' | 'deferred' = 'delivered') => ({ n, state, esc: '2.0.0', text: 'told' })
const settled = () => new Promise((resolve) => setTimeout(resolve, 100))
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(what())
}
async function put(queue: QueueStore, size = 1000, recipients = 1): Promise<string> {
  const seeds = Array.from({ length: recipients }, (_, i) => seed(`r${i}@example.net`))
  const made = await message(queue, '', seeds, { body: await bodyOf(queue, Buffer.alloc(size, 'x')) })
  await queue.commit(made)
  return made.id
}
/** Until the log is one segment longer. */
async function roll(path: string, queue: QueueStore, stay = false): Promise<void> {
  for (const before = segmentsOf(path).at(-1); segmentsOf(path).at(-1) === before;) {
    const id = await put(queue, 7000)
    if (!stay) await queue.outcome(id, [told(0)], { durable: true })
  }
}
async function idsIn(path: string, more = {}): Promise<string[]> {
  const queue = await started(path, more)
  const ids: string[] = []
  for await (const { id } of queue.list()) ids.push(id)
  await queue.stop()
  return ids.sort()
}
const states = async (queue: QueueStore, id: string) => (await loaded(queue, id)).recipients.map(({ state }) => state)

test('a message that was never tried has its children when it has been moved', async () => {
  const path = temporary()
  const queue = await started(path, { compact })
  const id = await put(queue)
  await queue.expand(id, 0, [seed('child@example.net')])
  const [first] = segmentsOf(path)
  await roll(path, queue)
  await queue.compact()
  assert.not(segmentsOf(path).includes(first!))
  assert.equal(await states(queue, id), ['expanded', 'pending'])
  const entries = []
  for await (const entry of queue.list({ ids: [id] })) entries.push(entry.recipients.length)
  assert.equal(entries, [2])
  await queue.stop()
})

/** A message in one segment whose expansion stands in the next; both can go. */
async function expanded(path: string, queue: JournalStore): Promise<string> {
  const id = await put(queue)
  await queue.outcome(id, [told(0, 'deferred')], { durable: true })
  await roll(path, queue)
  await queue.expand(id, 0, [seed('child@example.net')])
  await roll(path, queue)
  return id
}
test('a load that began before a move has the children whose segment went', () =>
  gated(async (gate) => {
    const path = temporary()
    const queue = await started(path, { compact, io: gate.io })
    const id = await expanded(path, queue)
    const [, second] = segmentsOf(path)
    gate.close('read', undefined, 1)
    const load = states(queue, id)
    await until(() => gate.waiting.length === 1)
    await queue.compact()
    assert.not(segmentsOf(path).includes(second!))
    gate.open()
    assert.equal(await load, ['expanded', 'pending'])
    assert.equal(queue.health().problems, [])
    await queue.stop()
  }))
test('no read begins in a segment that is about to go', () =>
  gated(async (gate) => {
    const path = temporary()
    const queue = await started(path, { compact, io: gate.io })
    const id = await expanded(path, queue)
    const [, second] = segmentsOf(path)
    gate.close('read', undefined, 1)
    const load = states(queue, id)
    await until(() => gate.waiting.length === 1)
    const [home] = gate.waiting.splice(0)
    gate.close('sync', 'folder')
    const compacted = queue.compact()
    await until(() => gate.waiting.length > 0 && !segmentsOf(path).includes(second!))
    const drop = gate.waiting.splice(0)
    gate.close('read')
    home!()
    await settled()
    // its descriptor is closed now; what was to be read there is asked for behind that
    for (const go of drop) go()
    await settled()
    gate.open()
    assert.equal(await load, ['expanded', 'pending'])
    await compacted
    assert.equal(queue.health().problems, [])
    await queue.stop()
  }))
/** A message with an outcome that is being loaded: where it stands is known, and `home` lets it be read. */
async function loading(gate: Gate) {
  const queue = await started(temporary(), { io: gate.io })
  const id = await put(queue)
  await queue.outcome(id, [told(0, 'deferred')], { durable: true })
  gate.close('read', undefined, 1)
  const load = states(queue, id)
  await until(() => gate.waiting.length === 1)
  const [home] = gate.waiting.splice(0)
  return { queue, id, load, home: home! }
}
test('a record that has its place and is not written yet is waited for', () =>
  gated(async (gate) => {
    const { queue, id, load, home } = await loading(gate)
    gate.close('write', 'records')
    void queue.outcome(id, [told(0, 'deferred')])
    await until(() => gate.waiting.length === 1)
    home()
    await settled()
    gate.open()
    assert.equal(await load, ['pending'])
    assert.equal(queue.health().problems, [])
    await queue.stop()
  }))

test('a load during which a message is expanded has all or none of it', () =>
  gated(async (gate) => {
    const { queue, id, load, home } = await loading(gate)
    // a batch is being written: what is recorded now has no place until it is
    gate.close('write', 'records')
    queue.attempt(id, [0], 1)
    await until(() => gate.waiting.length === 1)
    const expanded = queue.expand(id, 0, [seed('child@example.net')])
    home()
    await settled()
    gate.open()
    assert.equal(await load, ['expanded', 'pending'])
    await expanded
    await queue.stop()
  }))

test('nothing is dropped, compacted or checkpointed before the start has found everything', () =>
  gated(async (gate) => {
    const path = temporary()
    const before = await started(path)
    const ids: string[] = []
    for (let i = 0; i < 40; i++) ids.push(await put(before, 7000))
    await before.stop()
    fs.rmSync(join(partOf(path), 'ckpt'), { recursive: true })
    const queue = store(path, { compact })
    const { done } = await queue.start(() => undefined)
    gate.close('read')
    const asked = [queue.compact(), queue.checkpoint()]
    for (let i = 0; i < 30; i++) ids.push(await put(queue, 7000))
    await settled()
    gate.open()
    await done
    await Promise.all(asked)
    assert.is(queue.health().messages, ids.length)
    assert.equal(queue.health().problems, [])
    const copy = snapshot(path)
    await queue.stop()
    assert.equal(await idsIn(path), ids.sort())
    assert.equal(await idsIn(copy), ids)
  }))
test('a list that ends while a checkpoint is written does not spoil the start', () =>
  gated(async (gate) => {
    const path = temporary()
    const queue = await started(path, { io: gate.io })
    const [list, other] = [await put(queue, 100, 30), await put(queue, 100, 30)]
    await queue.outcome(list, [told(0)], { durable: true })
    gate.close('write', 'checkpoint')
    const checkpoint = queue.checkpoint()
    // the header, then the rows: they have been copied
    await until(() => gate.waiting.length === 1)
    gate.release()
    await until(() => gate.waiting.length === 1)
    const rest = Array.from({ length: 29 }, (_, i) => told(i + 1))
    await queue.outcome(list, rest, { durable: true })
    gate.open()
    await checkpoint
    const copy = snapshot(path)
    await queue.stop()
    assert.equal(await idsIn(copy), [other])
  }))

test('what tells of a failed segment stays as long as that one; what comes behind need not', async () => {
  const path = temporary()
  let fail = false
  const io: Io = {
    write: (...args) => systemIo.write(...args),
    sync: (fd, purpose, done) => {
      if (!fail || purpose !== 'records') return systemIo.sync(fd, purpose, done)
      fail = false
      done(new Error('EIO'))
    },
  }
  const queue = await started(path, { io, compact })
  const stays = await put(queue)
  fail = true
  const gone = await put(queue)
  await queue.outcome(gone, [told(0)], { durable: true })
  const [failed, teller] = segmentsOf(path)
  await roll(path, queue)
  const [, , behind] = segmentsOf(path)
  await roll(path, queue)
  await queue.compact()
  assert.ok(segmentsOf(path).includes(failed!))
  assert.ok(segmentsOf(path).includes(teller!), 'it tells that what stands behind the mark there is not to be read')
  assert.not(segmentsOf(path).includes(behind!))
  const copy = snapshot(path)
  await queue.stop()
  fs.rmSync(join(partOf(copy), 'ckpt'), { recursive: true, force: true })
  assert.equal(await idsIn(copy), [stays])
})
test('a sync that fails when the segment is full is one like any other', async () => {
  let hold = false
  let fail: (() => void) | undefined
  const io: Io = {
    write: (...args) => systemIo.write(...args),
    sync: (fd, purpose, done) => {
      if (hold && purpose === 'records') fail = () => done(new Error('EIO'))
      else systemIo.sync(fd, purpose, done)
    },
  }
  const queue = await started(temporary(), { io })
  await put(queue)
  hold = true
  const all = Promise.all(Array.from({ length: 20 }, () => put(queue, 7000)))
  await settled()
  hold = false
  fail!()
  const late = new Promise((resolve) => setTimeout(() => resolve('late'), 5000))
  assert.is(await Promise.race([all.then(() => 'committed'), late]), 'committed')
  await queue.stop()
})
test('a stop ends, however slow the disk is', async () => {
  const io: Io = {
    write: (...args) => systemIo.write(...args),
    sync: (fd, purpose, done) => void setTimeout(() => systemIo.sync(fd, purpose, done), 20),
  }
  const queue = await started(temporary(), { io })
  const id = await put(queue)
  void queue.outcome(id, [told(0, 'deferred')])
  const late = new Promise((resolve) => setTimeout(() => resolve('late'), 5000))
  assert.is(await Promise.race([queue.stop().then(() => 'stopped'), late]), 'stopped')
})
test.run()
