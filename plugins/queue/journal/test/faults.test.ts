/** Failing writes and syncs: what was acknowledged is there, what was refused is not, the failed file is left alone. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { systemIo } from '@postern/queue-journal'
import { message, partOf, seed, segmentsOf, snapshot, started, temporary, textOf, loaded } from './helper.ts'
import { join } from 'node:path'
import type { Io } from '@postern/queue-journal'

/** An Io whose calls fail while `failing` says so. */
function faulty() {
  const state = { sync: 0, write: 0, short: 0, touched: [] as string[] }
  const down = (n: 'sync' | 'write') => state[n] > 0 && state[n]-- > 0
  const io: Io = {
    write: (fd, buffer, length, position, purpose, done) => {
      if (purpose === 'records') state.touched.push(`write ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`)
      if (down('write')) return done(Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' }), 0)
      if (state.short > 0 && purpose === 'records' && length > 100) {
        state.short--
        return systemIo.write(fd, buffer, 100, position, purpose, done)
      }
      systemIo.write(fd, buffer, length, position, purpose, done)
    },
    sync: (fd, purpose, done) => {
      if (purpose === 'records') state.touched.push(`sync ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`)
      if (purpose !== 'folder' && down('sync'))
        return done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
      systemIo.sync(fd, purpose, done)
    },
  }
  return { io, state }
}
const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await settle(5)
  assert.ok(what())
}
const ids = async (path: string) => {
  const queue = await started(path)
  const found: string[] = []
  for await (const entry of queue.list()) found.push(entry.id)
  await queue.stop()
  return found.sort()
}

for (const call of ['sync', 'write'] as const)
  test(`a failed ${call}: all goes to a new segment, the commits hold, the old file is left alone`, async () => {
    const { io, state } = faulty()
    const path = temporary()
    const queue = await started(path, { io })
    const first = await message(queue, 'first')
    await queue.commit(first)
    await queue.outcome(first.id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], {
      nextTry: 5,
      durable: true,
    })
    // the spare is made: the next call is for records
    await settle(100)
    state.touched = []
    state[call] = 1
    const made = await Promise.all([1, 2, 3].map((n) => message(queue, `body ${n}`)))
    await Promise.all(made.map((m) => queue.commit(m)))
    const [old, next] = segmentsOf(path)
    const since = state.touched.lastIndexOf(`${call} ${old}`)
    assert.ok(since >= 0, 'it failed there')
    assert.not.ok(
      state.touched.slice(since + 1).some((t) => t.endsWith(old!)),
      'never touched again',
    )
    assert.ok(state.touched.some((t) => t === `sync ${next}`))
    // what the failed file holds above its last good sync is ignored: spoil it
    for (const m of made) assert.is((await textOf((await loaded(queue, m.id)).body)).length, 6)
    const copy = snapshot(path)
    await queue.stop()
    assert.equal(await ids(copy), [first.id, ...made.map((m) => m.id)].sort())
  })

// when only syncs fail, the refused message stands in the file
for (const writes of [0, 1e9])
  test(`nothing can be ${writes ? 'written' : 'synced'}: commits are refused, outcomes wait, all is well when the disk is back`, async () => {
    const { io, state } = faulty()
    const path = temporary()
    const queue = await started(path, { io, probe: 50 })
    const first = await message(queue, 'first', [seed('a@x'), seed('b@x')])
    const gone = await message(queue, 'gone')
    await queue.commit(first)
    await queue.commit(gone)
    await settle(100)
    state.sync = 1e9
    state.write = writes
    const refused = await message(queue, 'refused')
    let error: unknown
    await queue.commit(refused).catch((e: unknown) => (error = e))
    assert.match((error as Error).message, 'EIO')
    assert.match(queue.health().refusing ?? '', 'EIO')
    await queue.commit(await message(queue, 'refused at once')).then(
      () => assert.unreachable(),
      () => undefined,
    )
    await queue.load(first.id).then(
      () => assert.unreachable(),
      () => undefined,
    )
    void queue.outcome(gone.id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }])
    const waiting = queue.outcome(first.id, [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }], { durable: true })
    await settle(120)
    state.sync = state.write = 0
    await waiting
    await until(() => queue.health().refusing === undefined)
    assert.equal(queue.health().problems, [])
    const later = await message(queue, 'later')
    await queue.commit(later)
    assert.is(await queue.load(refused.id), undefined)
    const copy = snapshot(path)
    await queue.stop()
    assert.equal(await ids(copy), [first.id, later.id].sort(), 'refused mail does not come back')
    const again = await started(copy)
    assert.equal(
      (await loaded(again, first.id)).recipients.map((r) => r.state),
      ['delivered', 'pending'],
    )
    await again.stop()
  })
test('a requeue that is refused leaves the message its body file', async () => {
  const path = temporary()
  const { io, state } = faulty()
  const queue = await started(path, { io, probe: 50 })
  const large = await message(queue, 'x'.repeat(20_000))
  await queue.commit(large)
  const requeued = queue.requeue(large.id, { who: 'test', why: 'again' })
  state.sync = state.write = 1e9
  await requeued.then(
    () => assert.unreachable(),
    () => undefined,
  )
  state.sync = state.write = 0
  await until(() => queue.health().refusing === undefined)
  await settle(50)
  assert.is((await textOf((await loaded(queue, large.id)).body)).length, 20_000)
  await queue.stop()
  assert.equal(await ids(path), [large.id])
})
test('a commit resolves after its sync, not before; what comes meanwhile shares the next', async () => {
  const held: (() => void)[] = []
  let syncs = 0
  const io: Io = {
    ...systemIo,
    sync: (fd, purpose, done) => {
      if (purpose !== 'records') return systemIo.sync(fd, purpose, done)
      syncs++
      held.push(() => systemIo.sync(fd, purpose, done))
    },
  }
  const queue = await started(temporary(), { io })
  let resolved = 0
  const commit = async () => queue.commit(await message(queue)).then(() => void resolved++)
  const all = [commit()]
  await until(() => held.length === 1)
  for (let i = 0; i < 10; i++) all.push(commit())
  await settle(50)
  assert.is(resolved, 0)
  assert.is(syncs, 1)
  held.shift()!()
  await until(() => held.length === 1)
  assert.is(resolved, 1)
  held.shift()!()
  await Promise.all(all)
  assert.is(syncs, 2)
  const stopping = queue.stop()
  let stopped = false
  void stopping.then(() => (stopped = true))
  await until(() => {
    held.shift()?.()
    return stopped
  })
})
test('an outcome that nobody waits for is synced within 200 ms', async () => {
  let syncs = 0
  const io: Io = {
    ...systemIo,
    sync: (fd, purpose, done) => systemIo.sync(fd, purpose, (e) => (purpose === 'records' && syncs++, done(e))),
  }
  const queue = await started(temporary(), { io })
  const made = await message(queue)
  await queue.commit(made)
  const before = syncs
  assert.is(queue.outcome(made.id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'x' }]), undefined)
  await until(() => syncs > before)
  await queue.stop()
})
test('short writes are gone on with', async () => {
  const { io, state } = faulty()
  const path = temporary()
  const queue = await started(path, { io })
  state.short = 20
  const made = await message(queue, 'x'.repeat(3000))
  await queue.commit(made)
  await queue.stop()
  assert.is(state.short < 20, true)
  const again = await started(path)
  assert.is((await textOf((await loaded(again, made.id)).body)).toString(), 'x'.repeat(3000))
  await again.stop()
})
test('a body file that cannot be synced fails the sink and leaves nothing', async () => {
  const { io, state } = faulty()
  const path = temporary()
  const queue = await started(path, { io })
  await settle(100)
  const sink = queue.body()
  await sink.write(Buffer.alloc(20_000, 'x'))
  await until(() => fs.readdirSync(join(partOf(path), 'body')).length === 1)
  state.sync = 1
  await Promise.resolve(sink.end()).then(
    () => assert.unreachable(),
    (e: Error) => assert.match(e.message, 'EIO'),
  )
  assert.equal(fs.readdirSync(join(partOf(path), 'body')), [])
  await queue.stop()
})
test('too little free space refuses new mail and says why', async () => {
  const queue = await started(temporary(), { minFree: Number.MAX_SAFE_INTEGER })
  assert.match(queue.health().refusing ?? '', /bytes free/)
  await queue.stop()
})
test.run()
