/** The journal's own threads: results and errors as fs gives them, in order; a thread that dies; a pool that is blocked. */
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ThreadIo, systemIo } from '@postern/queue-journal'
import { message, started, temporary, textOf, loaded, segmentsOf, store } from './helper.ts'
import type { Io, Purpose } from '@postern/queue-journal'
import type { LogEvent } from './helper.ts'

const MIB = 1024 * 1024
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const threadCount = () => fs.readdirSync('/proc/self/task').length

interface Outcome {
  error: NodeJS.ErrnoException | null
  result: number
}
const write = (
  io: Io,
  fd: number,
  bytes: Uint8Array,
  at: number,
  length = bytes.length,
  purpose: Purpose = 'records',
) =>
  new Promise<Outcome>((resolve) =>
    io.write(fd, bytes, length, at, purpose, (error, result) => resolve({ error, result })),
  )
const sync = (io: Io, fd: number, purpose: Purpose = 'records') =>
  new Promise<Outcome>((resolve) => io.sync(fd, purpose, (error) => resolve({ error, result: 0 })))

/** Runs `work` with threads and a file to write to. */
async function withThreads(
  work: (io: ThreadIo, fd: number, path: string, lost: Error[]) => Promise<void>,
  script?: URL,
): Promise<void> {
  const lost: Error[] = []
  const io = new ThreadIo((error) => lost.push(error), script)
  const path = join(temporary(), 'file')
  const fd = fs.openSync(path, 'w+')
  try {
    await io.ready()
    await work(io, fd, path, lost)
  } finally {
    await io.close()
    fs.closeSync(fd)
  }
}
/** A thread's script: `body` stands before what the real one does. */
function scriptWith(body: string): URL {
  const real = fileURLToPath(new URL('../dist/threads-worker.cjs', import.meta.url))
  const path = join(temporary(), 'script.cjs')
  fs.writeFileSync(path, `const fs = require('node:fs')\n${body}\nrequire(${JSON.stringify(real)})\n`)
  return new URL(`file://${path}`)
}

test('many writes at once, of all sizes: each in its place, answered in the order in which they were given', () =>
  withThreads(async (io, fd, path) => {
    const pieces = Array.from({ length: 500 }, (_, n) => Buffer.alloc(1 + ((n * 7919) % 40_000), 97 + (n % 26)))
    const order: number[] = []
    let at = 0
    const all = pieces.map(async (bytes, n) => {
      const place = at
      at += bytes.length
      const { error, result } = await write(io, fd, bytes, place)
      order.push(n)
      assert.is(error, null)
      assert.is(result, bytes.length)
    })
    // what was given may be written over at once: it has been copied, or waits
    await Promise.all(all)
    assert.equal(
      order,
      pieces.map((_, n) => n),
    )
    assert.ok(fs.readFileSync(path).equals(Buffer.concat(pieces)))
    assert.is((await sync(io, fd)).error, null)
  }))
test('more than the stage holds: a short count, as fs may give it; positions above 2 GiB; a part of a buffer; nothing', () =>
  withThreads(async (io, fd, path) => {
    const large = Buffer.alloc(3 * MIB, 'x')
    assert.equal(await write(io, fd, large, 0), { error: null, result: MIB })
    assert.equal(await write(io, fd, Buffer.from('abcdef').subarray(2), 2 ** 32 + 5, 3), { error: null, result: 3 })
    assert.is(fs.statSync(path).size, 2 ** 32 + 8)
    const found = Buffer.alloc(3)
    fs.readSync(fd, found, 0, 3, 2 ** 32 + 5)
    assert.is(found.toString(), 'cde')
    assert.equal(await write(io, fd, new Uint8Array(0), 0), { error: null, result: 0 })
  }))
test('errors are what fs gives', () =>
  withThreads(async (io, fd, path) => {
    const reading = fs.openSync(path, 'r')
    const facts = ({ error }: Outcome) => error && [error.code, error.errno, error.syscall, error.message]
    for (const wrong of [reading, 9999]) {
      const here = facts(await write(io, wrong, Buffer.from('x'), 0))
      assert.equal(here, facts(await write(systemIo, wrong, Buffer.from('x'), 0)))
      assert.is(here?.[0], 'EBADF')
    }
    for (const purpose of ['records', 'folder'] as const)
      assert.equal(facts(await sync(io, 9999, purpose)), facts(await sync(systemIo, 9999, purpose)))
    // one fails between two that do not: each gets its own
    const three = await Promise.all([fd, 9999, fd].map((to) => write(io, to, Buffer.from('y'), 0)))
    assert.equal(
      three.map(({ error }) => error?.code),
      [undefined, 'EBADF', undefined],
    )
    await Promise.all(Array.from({ length: 300 }, (_, n) => write(io, 20_000 + n, Buffer.from('y'), 0)))
    fs.closeSync(reading)
  }))
test('before the threads are up calls run in the pool: nothing waits for them', async () => {
  const late = scriptWith('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)')
  const io = new ThreadIo(() => undefined, late)
  let up = false
  const ready = io.ready().then(() => (up = true))
  const path = join(temporary(), 'file')
  const fd = fs.openSync(path, 'w')
  for (let n = 0; n < 10; n++) assert.equal(await write(io, fd, Buffer.from('x'), n), { error: null, result: 1 })
  assert.not.ok(up)
  await ready
  assert.equal(await write(io, fd, Buffer.from('x'), 10), { error: null, result: 1 })
  assert.is(fs.statSync(path).size, 11)
  fs.closeSync(fd)
  await io.close()
})
test('the calls beside: rename, unlink, size, create', () =>
  withThreads(async (io, _fd, path) => {
    const made = await io.files.create(`${path}.new`)
    fs.writeSync(made, 'four')
    fs.closeSync(made)
    assert.is(await io.files.size(`${path}.new`), 4)
    await io.files.rename(`${path}.new`, `${path}.there`)
    assert.is(await io.files.size(`${path}.new`), undefined)
    await io.files.unlink(`${path}.there`)
    const error = await io.files.unlink(`${path}.there`).catch((e: NodeJS.ErrnoException) => e)
    assert.is(error?.code, 'ENOENT')
    assert.is(error?.syscall, 'unlink')
  }))
test('a write goes on while a sync is under way', () => {
  const slow = scriptWith(`const real = fs.fdatasyncSync
    fs.fdatasyncSync = (fd) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); real(fd) }`)
  return withThreads(async (io, fd) => {
    await write(io, fd, Buffer.from('x'), 0)
    let synced = false
    const syncing = sync(io, fd).then(() => (synced = true))
    for (let n = 0; n < 10; n++) await write(io, fd, Buffer.from('x'), n)
    assert.not.ok(synced)
    await syncing
  }, slow)
})
test('a thread dies in a call: that call and those behind it fail with EIO, a new thread takes the next', () => {
  const script = scriptWith(`const real = fs.writeSync
    fs.writeSync = (fd, bytes, ...more) => bytes[more[0]] === 33 ? process.exit(7) : real(fd, bytes, ...more)`)
  return withThreads(async (io, fd, path, lost) => {
    assert.is((await write(io, fd, Buffer.from('abc'), 0)).error, null)
    for (let round = 1; round <= 3; round++) {
      const two = await Promise.all([write(io, fd, Buffer.from('!'), 0), write(io, fd, Buffer.from('d'), 3)])
      assert.equal(
        two.map(({ error }) => [error?.code, error?.errno]),
        [
          ['EIO', -5],
          ['EIO', -5],
        ],
      )
      assert.is(lost.length, round)
      assert.equal(await write(io, fd, Buffer.from(`${round}`), 3), { error: null, result: 1 })
    }
    assert.is(fs.readFileSync(path, 'latin1'), 'abc3')
  }, script)
})
test('a thread that cannot run: all is done in the pool, told once', () =>
  withThreads(async (io, fd, path, lost) => {
    const done = await Promise.all(Array.from({ length: 200 }, (_, n) => write(io, fd, Buffer.from('x'), n)))
    assert.ok(done.every(({ error, result }) => error === null && result === 1))
    assert.is((await sync(io, fd)).error, null)
    assert.is(await io.files.size(path), 200)
    fs.closeSync(await io.files.create(`${path}.new`))
    await io.files.rename(`${path}.new`, path)
    await io.files.unlink(path)
    assert.ok(lost.length >= 1 && lost.length <= 2, `${lost.length}`)
  }, new URL('file:///nowhere/at-all.cjs')))
test('the journal lives through the death of its threads: commits hold, a new segment is begun', async () => {
  const path = temporary()
  const marker = join(path, 'die')
  const script = scriptWith(`const real = fs.fdatasyncSync
    fs.fdatasyncSync = (fd) => {
      if (fs.existsSync(${JSON.stringify(marker)})) { fs.unlinkSync(${JSON.stringify(marker)}); process.exit(1) }
      real(fd)
    }`)
  const lost: Error[] = []
  const io = new ThreadIo((error) => lost.push(error), script)
  const events: LogEvent[] = []
  await io.ready()
  const queue = await started(join(path, 'q'), { io }, events)
  const made = await Promise.all(Array.from({ length: 10 }, (_, n) => message(queue, `body ${n}`)))
  await queue.commit(made[0]!)
  fs.writeFileSync(marker, '')
  await Promise.all(made.slice(1).map((m) => queue.commit(m)))
  assert.is(lost.length, 1)
  assert.is(segmentsOf(join(path, 'q')).length, 2)
  assert.ok(events.some(({ event }) => event === 'queue.writeFailed'))
  assert.is(queue.health().refusing, undefined)
  await queue.stop()
  await io.close()
  const again = await started(join(path, 'q'))
  for (const [n, m] of made.entries())
    assert.is((await textOf((await loaded(again, m.id)).body)).toString(), `body ${n}`)
  await again.stop()
})
test('the threads end with the store, and a store without them has none', async () => {
  const before = threadCount()
  const without = await started(temporary(), { threads: false })
  assert.is(threadCount(), before)
  await without.stop()
  const made = store(temporary())
  assert.is(threadCount(), before)
  await (
    await made.start(() => undefined)
  ).done
  assert.ok(threadCount() >= before + 2)
  await made.stop()
  for (let n = 0; n < 100 && threadCount() > before; n++) await wait(10)
  assert.is(threadCount(), before)
})
test('idle threads cost nothing, and do not keep a process alive', () => {
  const index = fileURLToPath(new URL('../dist/index.js', import.meta.url))
  const code = `import { ThreadIo } from ${JSON.stringify(index)}
    import fs from 'node:fs'
    const fd = fs.openSync(${JSON.stringify(join(temporary(), 'x'))}, 'w')
    const io = new ThreadIo((e) => { throw e })
    await io.ready()
    io.write(fd, Buffer.from('x'), 1, 0, 'records', (e, n) => console.log('written', n))`
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 20_000 })
  assert.is(run.stdout, 'written 1\n', run.stderr)
  assert.is(run.status, 0)
})
test('the whole pool is blocked: commits go on through more segments than there are spares', async () => {
  const folder = temporary()
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const queue = await started(join(folder, 'q'))
  const seg = () => fs.readdirSync(join(segmentsOf(join(folder, 'q'))[0]!, '..'))
  for (let n = 0; n < 200 && !seg().includes('spare2'); n++) await wait(10)
  const blocked = Array.from({ length: 4 }, () => fs.promises.open(fifo, 'r'))
  let pool = 'blocked'
  void fs.promises.stat(folder).then(() => (pool = 'free'))
  const made = await Promise.all(Array.from({ length: 60 }, (_, n) => message(queue, `${n}`.padEnd(6000))))
  for (const m of made) await queue.commit(m)
  const segments = segmentsOf(join(folder, 'q')).length
  assert.is(pool, 'blocked')
  assert.ok(segments >= 5, `${segments} segments`)
  // a reader sees its end as soon as a writer has come and gone
  const writer = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  for (const file of await Promise.all(blocked)) await file.close()
  fs.closeSync(writer)
  for (let n = 0; n < 500 && !(seg().includes('spare') && seg().includes('spare2')); n++) await wait(10)
  assert.ok(seg().includes('spare') && seg().includes('spare2'), 'the spares are made again')
  await queue.stop()
  const again = await started(join(folder, 'q'))
  assert.is(again.health().messages, 60)
  await again.stop()
})
test.run()
