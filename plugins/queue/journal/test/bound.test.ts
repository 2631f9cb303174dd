/** What compaction keeps the disk at, and what it leaves to commits: on a disk and a clock of the test's own. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { World } from './world.ts'
import { bodyOf, loaded, message, partOf, seed, segmentsOf, started, temporary, textOf } from './helper.ts'
import type { LogEvent } from './helper.ts'
import type { Io, JournalStore, JournalOptions } from '@postern/queue-journal'

const SEGMENT = 64 * 1024
/** a COMMIT or STATE of these messages, at most */
const RECORD = 1600
const body = (n: number) => Buffer.alloc(800, 65 + (n % 26))
const told = (state: 'delivered' | 'deferred') => [{ n: 0, state, esc: '2.0.0', text: 'told' }]
const compact = { age: 0, rate: 1e9, patience: Infinity, every: Infinity }

async function within<T>(what: (world: World) => Promise<T>): Promise<T> {
  const world = new World(1)
  world.begin()
  try {
    return await what(world)
  } finally {
    world.end()
  }
}
const open = (
  world: World,
  path: string,
  more: Partial<JournalOptions> = {},
  events?: LogEvent[],
): Promise<JournalStore> => started(path, { io: world.io, now: () => world.now, compact, ...more }, events)
async function put(queue: JournalStore, n: number): Promise<string> {
  const made = await message(queue, '', [seed('r@example.net')], { body: await bodyOf(queue, body(n)) })
  await queue.commit(made)
  return made.id
}
function diskOf(path: string): number {
  const folder = join(partOf(path), 'seg')
  return fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(join(folder, name)).size, 0)
}
/** Of so many messages one in a hundred stays for ever and is tried now and then. The most that the disk had over the bound. */
async function over(messages: number, on: boolean): Promise<number> {
  return within(async (world) => {
    const path = temporary()
    const queue = await open(world, path)
    const stay = new Map<string, number>()
    let most = -Infinity
    for (let n = 0; n < messages; n += 20) {
      const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => put(queue, n + i)))
      for (const [i, id] of ids.entries())
        if ((n + i) % 100 === 37) stay.set(id, n + i)
        else (queue.attempt(id, [0], 1), void queue.outcome(id, told('delivered')))
      if (n % 1000 === 0)
        for (const id of stay.keys()) {
          queue.attempt(id, [0], n / 1000 + 1)
          void queue.outcome(id, told('deferred'), { nextTry: n })
        }
      if (n % 200 !== 0) continue
      if (on) await queue.compact()
      most = Math.max(most, diskOf(path) - (2 * stay.size * RECORD + 5 * SEGMENT))
    }
    assert.is(queue.health().messages, stay.size)
    for (const [id, n] of stay) assert.ok((await textOf((await loaded(queue, id)).body)).equals(body(n)))
    await queue.stop()
    return most
  })
}
test('disk <= 2 x live + 5 segments, one message in a hundred stays', async () => {
  const most = await over(12_000, true)
  assert.ok(most <= 0, `${most} bytes over`)
})
test('without compaction it is not', async () => {
  const most = await over(6_000, false)
  assert.ok(most > 10 * SEGMENT, `${most} bytes over`)
})

/** A disk that takes as long as it is told to. Every call on it is this clock's: what takes real time would be as late as the machine is busy. */
const steady = (world: World, ms: () => number): Io => ({
  files: world.io.files,
  write: (fd, buffer, length, at, _purpose, done) =>
    world.after(1, () => done(null, fs.writeSync(fd, buffer, 0, length, at))),
  sync: (_fd, _purpose, done) => world.after(ms(), () => done(null)),
})
/** Segments that are worth it. */
async function sparse(queue: JournalStore): Promise<void> {
  for (let n = 0; n < 200; n++) {
    const id = await put(queue, n)
    if (n % 20 !== 0) void queue.outcome(id, told('delivered'))
  }
}
test('it waits for its age', () =>
  within(async (world) => {
    const path = temporary()
    const queue = await open(world, path, { compact: { ...compact, age: 60_000 } })
    await sparse(queue)
    const before = segmentsOf(path)
    await queue.compact()
    assert.equal(segmentsOf(path), before)
    await new Promise((resolve) => setTimeout(resolve, 60_000))
    await queue.compact()
    assert.ok(segmentsOf(path).length < before.length / 2)
    await queue.stop()
  }))
test('it runs by itself when nothing is said, and not when it is off', () =>
  within(async (world) => {
    // commits that are slow by chance would put it off
    const io = steady(world, () => 1)
    for (const off of [false, true]) {
      const path = temporary()
      const queue = await open(world, path, { io, compact: off ? false : undefined })
      await sparse(queue)
      await put(queue, 0)
      const before = segmentsOf(path)
      await new Promise((resolve) => setTimeout(resolve, 9 * 60_000))
      assert.ok(segmentsOf(path).includes(before.at(-2)!), 'nothing is old enough')
      await new Promise((resolve) => setTimeout(resolve, 3 * 60_000))
      assert.is(segmentsOf(path).includes(before.at(-2)!), off)
      await queue.stop()
    }
  }))
test('it reads and writes no more than its rate', () =>
  within(async (world) => {
    const path = temporary()
    const rate = 256 * 1024
    const events: LogEvent[] = []
    const queue = await open(world, path, { compact: { ...compact, rate } }, events)
    await sparse(queue)
    const began = world.turn
    await queue.compact()
    const gone = Number(events.find(({ event }) => event === 'queue.compacted')?.fields['segments'])
    assert.ok(gone > 3)
    assert.ok(world.turn - began >= ((gone * SEGMENT) / rate) * 1000 * 0.9, `${world.turn - began} ms for ${gone}`)
    await queue.stop()
  }))
test('it does not begin, and stops where it is, while commits are slow', () =>
  within(async (world) => {
    const path = temporary()
    let slow = false
    const io = steady(world, () => (slow ? 40 : 1))
    // a segment's reading takes four seconds
    const queue = await open(world, path, { io, compact: { ...compact, patience: 20, rate: 16 * 1024 } })
    await sparse(queue)
    const before = segmentsOf(path)
    const going = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    slow = true
    await put(queue, 0)
    await queue.compact()
    const left = () => before.filter((segment) => segmentsOf(path).includes(segment))
    assert.equal(left(), before, 'not begun')
    slow = false
    for (let n = 0; n < 100; n++) await queue.admin(await put(queue, n), { action: 'delete', who: 'test', why: 'test' })
    const compacted = queue.compact()
    for (let n = 0; n < 100 && left().length === before.length; n++) await going(200)
    assert.is(left().length, before.length - 1, 'begun')
    await going(1000)
    // in the midst of the second
    slow = true
    const then = left()
    for (let n = 0; n < 150; n++) {
      await going(200)
      await put(queue, n)
    }
    assert.equal(left(), then, 'waits')
    slow = false
    // slow commits are remembered for ten seconds; then it finishes what it had begun
    await compacted
    assert.not(left().includes(then[0]!), 'goes on')
    await queue.stop()
  }))
test.run()
