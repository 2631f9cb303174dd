/** Bodies: in memory, in files, spilled early; in the journal's folder nothing is left of what ended. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { BodyDamaged } from '@postern/core'
import { bodyOf, loaded, message, partOf, started, temporary, textOf } from './helper.ts'
import type { BodySource } from '@postern/core'

const large = Buffer.alloc(3_000_000, 'The quick brown fox jumps over the lazy dog.\r\n')
const files = (path: string, folder = 'body') => fs.readdirSync(join(partOf(path), folder))
const until = async (what: () => boolean) => {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(what())
}
const delivered = [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }] as const

test('a small body is in memory until its first outcome, then on disk', async () => {
  const queue = await started(temporary())
  const made = await message(queue, 'small\r\n')
  await queue.commit(made)
  assert.is(Buffer.concat([...(await loaded(queue, made.id)).body.bytes!]).toString(), 'small\r\n')
  await queue.outcome(made.id, [{ n: 0, state: 'deferred', esc: '4.4.1', text: 'later' }], {
    durable: true,
    nextTry: 9,
  })
  const again = await loaded(queue, made.id)
  assert.is((await textOf(again.body)).toString(), 'small\r\n')
  assert.is(again.nextTry, 9)
  assert.is(Buffer.from(again.header).toString(), Buffer.from(made.header).toString())
  assert.equal(again.envelope, made.envelope)
  assert.equal(again.recipients, [{ ...made.recipients[0]!, n: 0, state: 'pending', esc: '4.4.1', text: 'later' }])
  await queue.stop()
})
test('a large body has a file, survives a restart, and goes with its message', async () => {
  const path = temporary()
  let queue = await started(path)
  const made = await message(queue, '', undefined, { body: await bodyOf(queue, large, 65_536) })
  await queue.commit(made)
  assert.is(files(path).length, 1)
  await queue.stop()
  queue = await started(path)
  const found = await loaded(queue, made.id)
  assert.is(found.body.size, large.length)
  assert.ok((await textOf(found.body)).equals(large))
  await queue.outcome(made.id, delivered, { durable: true })
  await until(() => files(path).length === 0)
  await queue.stop()
})
test('a writer is told to wait while the file is behind', async () => {
  const queue = await started(temporary())
  const sink = queue.body(large.length)
  const waits = [1, 2, 3].map(() => sink.write(large)).filter((wait) => wait !== undefined)
  assert.ok(waits.length > 0)
  await Promise.all(waits)
  assert.is((await sink.end()).size, 9_000_000)
  sink.abort()
  await queue.stop()
})
test('bodies spill early when too much is in memory', async () => {
  const path = temporary()
  const queue = await started(path, { bodyThreshold: 2 ** 31 })
  const sinks = [queue.body(), queue.body()]
  const chunk = Buffer.alloc(20 * 1024 * 1024, 'x')
  for (let i = 0; i < 4; i++) await sinks[i % 2]!.write(chunk)
  assert.is(files(path).length, 1, 'one of them has made room')
  for (const sink of sinks) sink.abort()
  await until(() => files(path).length === 0)
  await queue.stop()
})
test('what was aborted or never committed leaves nothing', async () => {
  const path = temporary()
  let queue = await started(path)
  const aborted = queue.body()
  await aborted.write(large)
  aborted.abort()
  await until(() => files(path).length === 0)
  const ended = queue.body()
  await ended.write(large)
  await ended.end()
  await queue.stop()
  assert.is(files(path).length, 1)
  queue = await started(path)
  assert.is(files(path).length, 0, 'an orphan goes at the next start')
  await queue.stop()
})
test('a body that was ended and then refused leaves nothing', async () => {
  const path = temporary()
  const queue = await started(path)
  const refused = await bodyOf(queue, large, 65_536)
  assert.is(files(path).length, 1)
  refused.abort!()
  await until(() => files(path).length === 0)
  const made = await message(queue, '', undefined, { body: await bodyOf(queue, large, 65_536) })
  await queue.commit(made)
  made.body.abort!()
  assert.is((await textOf((await loaded(queue, made.id)).body)).length, large.length)
  await queue.stop()
})
test('a damaged file: all is read, then BodyDamaged; it is kept', async () => {
  const path = temporary()
  const queue = await started(path)
  const made = await message(queue, '', undefined, { body: await bodyOf(queue, large) })
  await queue.commit(made)
  const [file] = files(path)
  const fd = fs.openSync(join(partOf(path), 'body', file!), 'r+')
  fs.writeSync(fd, '!', 1_000_000)
  fs.closeSync(fd)
  await queue.outcome(made.id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'x' }], { durable: true })
  await textOf((await loaded(queue, made.id)).body).then(
    () => assert.unreachable(),
    (e: unknown) => assert.instance(e, BodyDamaged),
  )
  assert.equal(files(path, 'corrupt'), [file])
  assert.match(queue.health().problems.join(), made.id)
  await queue.stop()
})
test('a missing file: the message is held and reported, not lost', async () => {
  const path = temporary()
  let queue = await started(path)
  const made = await message(queue, '', undefined, { body: await bodyOf(queue, large) })
  await queue.commit(made)
  await queue.stop()
  fs.unlinkSync(join(partOf(path), 'body', files(path)[0]!))
  queue = await started(path)
  const found = await loaded(queue, made.id)
  assert.is(found.held?.reason, 'body file is missing')
  assert.match(queue.health().problems.join(), 'is missing')
  await textOf(found.body).then(
    () => assert.unreachable(),
    (e: unknown) => assert.instance(e, BodyDamaged),
  )
  await queue.stop()
})
test("a body that is not the store's own is copied", async () => {
  const path = temporary()
  let queue = await started(path)
  const foreign = (bytes: Buffer): BodySource => ({
    size: bytes.length,
    async *stream() {
      for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000)
    },
  })
  const small = await message(queue, '', undefined, { body: foreign(Buffer.from('foreign\r\n')) })
  const big = await message(queue, '', undefined, { body: foreign(large) })
  await queue.commit(small)
  await queue.commit(big)
  const copy = await message(queue, '', undefined, { body: (await loaded(queue, big.id)).body })
  await queue.commit(copy)
  await queue.outcome(big.id, delivered, { durable: true })
  await queue.stop()
  queue = await started(path)
  assert.is((await textOf((await loaded(queue, small.id)).body)).toString(), 'foreign\r\n')
  assert.ok((await textOf((await loaded(queue, copy.id)).body)).equals(large))
  await queue.stop()
})
test.run()
