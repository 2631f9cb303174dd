/** An outcome that comes while a commit's sync takes long is written meanwhile: it survives the end of the process. */
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ThreadIo, systemIo } from '@postern/queue-journal'
import { message, snapshot, started, store, temporary } from './helper.ts'
import type { Io } from '@postern/queue-journal'

/** Syncs are quick until they are held. */
function held(oneOrder: boolean): { io: Io; hold: boolean; release(): void } {
  const waiting: (() => void)[] = []
  const sync = (done: () => void) => {
    if (state.hold) waiting.push(done)
    else setImmediate(done)
  }
  const commit: Io['commit'] = (fd, buffer, length, position, done) => {
    let put = false
    systemIo.write(fd, buffer, length, position, 'records', (error, written) => {
      put = !error && written === length
      if (put) sync(() => done(null, written))
      else done(error, written)
    })
    return () => put
  }
  const state = {
    hold: false,
    release() {
      state.hold = false
      for (const go of waiting.splice(0)) go()
    },
    io: { ...systemIo, sync: (_fd, _purpose, done) => sync(() => done(null)), ...(oneOrder && { commit }) } as Io,
  }
  return state
}
async function idsIn(path: string): Promise<string[]> {
  const again = store(snapshot(path), { segmentSize: 1024 * 1024 })
  const ids: string[] = []
  await (
    await again.start((row) => void ids.push(row.id))
  ).done
  await again.stop()
  return ids
}

for (const oneOrder of [true, false])
  test(`an outcome during a long sync is in the file; a write and its sync as ${oneOrder ? 'one order' : 'two'}`, async () => {
    const path = temporary()
    const disk = held(oneOrder)
    const queue = await started(path, { io: disk.io, segmentSize: 1024 * 1024 })
    const one = await message(queue)
    await queue.commit(one)
    // the order of syncs is quick now, as far as the journal knows
    for (let i = 0; i < 20; i++) await queue.commit(await message(queue))
    disk.hold = true
    const last = await message(queue)
    const other = queue.commit(last)
    await sleep(30)
    queue.attempt(one.id, [0], 1)
    const told = queue.outcome(one.id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }], { durable: true })
    await sleep(300)
    assert.not(queue.health().refusing)
    assert.not((await idsIn(path)).includes(one.id), 'as a kill would leave it')
    disk.release()
    await Promise.all([other, told])
    const there = await idsIn(path)
    assert.ok(there.includes(last.id))
    assert.is(there.length, 21)
    await queue.stop()
  })
test('an outcome while the sync of a folder takes long is in the file', async () => {
  const path = temporary()
  const script = new URL('./slow-folder.cjs', import.meta.url)
  const io = new ThreadIo((error) => assert.unreachable(error.message), script)
  await io.ready()
  const queue = await started(path, { io, segmentSize: 256 * 1024 })
  const one = await message(queue)
  await queue.commit(one)
  for (let i = 0; i < 20; i++) await queue.commit(await message(queue))
  // as the drop of a segment and a checkpoint do
  const fd = fs.openSync(path, 'r')
  io.sync(fd, 'folder', () => undefined)
  const commit = queue.commit(await message(queue))
  await sleep(30)
  queue.attempt(one.id, [0], 1)
  const told = queue.outcome(one.id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }], { durable: true })
  await sleep(300)
  assert.not((await idsIn(path)).includes(one.id), 'as a kill would leave it')
  await Promise.all([commit, told])
  await queue.stop()
  await io.close()
  fs.closeSync(fd)
})
test('a thread tells when the bytes of a commit stand in the file, and of a part it says nothing', async () => {
  const io = new ThreadIo((error) => assert.unreachable(error.message))
  await io.ready()
  const fd = fs.openSync(join(temporary(), 'file'), 'w')
  for (const [length, whole] of [
    [5000, true],
    [2 * 1024 * 1024, false],
  ] as const) {
    let isPut: (() => boolean) | undefined
    await new Promise<void>((resolve) => {
      isPut = io.commit(fd, Buffer.alloc(length, 'x'), length, 0, () => resolve())
    })
    assert.is(isPut!(), whole)
  }
  fs.closeSync(fd)
  await io.close()
})
test.run()
