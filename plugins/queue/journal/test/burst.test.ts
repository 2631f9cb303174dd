/**
 * Outcomes told in one burst that is larger than the two spare segments, on a full disk: the segments of what has ended take the
 * rest. What the disk holds is looked at in between, as the end of the process would leave it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { systemIo, verifyQueue } from '@postern/queue-journal'
import { fill, message, partOf, run, segmentsOf, snapshot, started, temporary } from './helper.ts'
import type { Io, JournalStore } from '@postern/queue-journal'

const SEGMENT = 64 * 1024
const MESSAGES = 3000
const ok = { n: 0, state: 'delivered' as const, esc: '2.0.0', text: 'x'.repeat(60) }
const later = { ...ok, state: 'deferred' as const, esc: '4.2.0' }
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
}
async function idsIn(path: string): Promise<string[]> {
  const again = await started(path, { segmentSize: SEGMENT })
  const ids: string[] = []
  for await (const { id } of again.list()) ids.push(id)
  await again.stop()
  return ids
}
/** A queue with so many messages on a disk without room but for two spares. */
async function onFullDisk(
  io: Io,
  checkpoint: boolean,
  what: (path: string, queue: JournalStore, ids: string[]) => Promise<void>,
) {
  const disk = temporary()
  if (!run('mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk)) {
    console.log('SKIP: only root can mount a small file system')
    return
  }
  // the store's own timers keep no process alive
  const alive = setInterval(() => undefined, 100)
  try {
    const path = join(disk, 'journal')
    const queue = await started(path, { segmentSize: SEGMENT, probe: 50, io, compact: false })
    const made = await Promise.all(Array.from({ length: MESSAGES }, () => message(queue)))
    await Promise.all(made.map((m) => queue.commit(m)))
    await until(() => fs.existsSync(join(partOf(path), 'seg', 'spare2')))
    if (checkpoint) await queue.checkpoint()
    for (const name of ['filler', 'filler2']) fill(join(disk, name))
    await what(
      path,
      queue,
      made.map((m) => m.id),
    )
  } finally {
    clearInterval(alive)
    run('umount', '-l', disk)
  }
}
/** So that no segment's last message ends before the burst does, nearly. */
const across = (ids: readonly string[]): string[] =>
  Array.from({ length: 100 }, (_, from) => ids.filter((_, n) => n % 100 === from)).flat()

for (const { what, order } of [
  { what: 'in the order in which they came', order: (ids: string[]) => ids },
  { what: 'across all segments', order: across },
])
  test(`a burst that is larger than the spares, ${what}`, () =>
    onFullDisk(systemIo, false, async (path, queue, ids) => {
      let told = 0
      const before = segmentsOf(path).length
      for (const id of order(ids)) void queue.outcome(id, [ok], { durable: true })!.then(() => told++)
      await until(() => told === MESSAGES && segmentsOf(path).length < before / 2)
      assert.is(told, MESSAGES)
      assert.ok(segmentsOf(path).length < before / 2)
      await queue.stop()
      assert.equal(await idsIn(path), [])
    }))
/** Writes of records find no room from some moment on: what has ended is let go, and none of it can be recorded. */
function refusing(): { io: Io; on: boolean } {
  const full = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const state: { io: Io; on: boolean } = {
    on: false,
    io: {
      ...systemIo,
      write: (fd, buffer, length, at, purpose, done) =>
        state.on && purpose === 'records'
          ? setImmediate(() => done(full(), 0))
          : systemIo.write(fd, buffer, length, at, purpose, done),
    },
  }
  return state
}
for (const checkpoint of [false, true])
  test(`the process ends when segments went and nothing was recorded${checkpoint ? ', with a checkpoint' : ''}`, () => {
    const disk = refusing()
    return onFullDisk(disk.io, checkpoint, async (path, queue, ids) => {
      for (const [n, id] of ids.entries()) if (n % 20 === 0) void queue.outcome(id, [later], { nextTry: 1 })
      await queue.admin(ids[0]!, { action: 'hold', who: 'test', why: 'test' })
      const before = segmentsOf(path)
      disk.on = true
      // half of the segments have nobody else's, of the others one in two stays
      const stay = ids.filter((_, n) => n >= MESSAGES / 2 && n % 2 === 0)
      const kept = new Set(stay)
      for (const id of across(ids)) if (!kept.has(id)) void queue.outcome(id, [ok])
      await until(() => segmentsOf(path).length < before.length * 0.7)
      const left = snapshot(path)
      assert.ok(segmentsOf(path).length < before.length * 0.7, 'segments went')
      const { problems } = await verifyQueue(left)
      assert.equal(problems, [])
      const found = await idsIn(left)
      assert.equal(
        found.filter((id) => kept.has(id)),
        stay,
        'what has not ended is there',
      )
      assert.ok(found.length < MESSAGES * 0.8, 'what was let go is gone')
      disk.on = false
      await until(() => queue.health().refusing === undefined)
      await queue.stop()
      assert.equal(await idsIn(path), stay)
    })
  })
test.run()
