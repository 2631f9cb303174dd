/** Several processes over one queue: a part for each, parts of those that are no more handed on, nothing lost. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { readQueue } from '@postern/queue-journal'
import { loaded, message, snapshot, started, store, temporary, textOf } from './helper.ts'
import type { QueueStore } from '@postern/core'

const parts = (path: string) => fs.readdirSync(join(path, 'parts')).sort()
const delivered = [{ n: 0, state: 'delivered', esc: '2.0.0', text: 'ok' }] as const
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(what())
}
async function put(to: QueueStore, text: string): Promise<string> {
  const made = await message(to, text)
  await to.commit(made)
  return made.id
}

test('each worker has a part of its own and finds it again; ids tell the parts apart', async () => {
  const path = temporary()
  const worker = (index: number) => ({ worker: { index, count: 3 } })
  const stores = await Promise.all([0, 1, 2].map((index) => started(path, worker(index))))
  assert.is(parts(path).length, 3)
  const ids = await Promise.all(stores.map((one, i) => put(one, `of ${i}\r\n`)))
  await store(path, worker(1))
    .start(() => undefined)
    .then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, 'another process owns this queue'),
    )
  for (const one of stores) await one.stop()
  const all: string[] = []
  for await (const { id } of readQueue(path)) all.push(id)
  assert.equal(all.sort(), [...ids].sort())
  for (const index of [2, 0, 1]) {
    const rows: string[] = []
    const one = store(path, worker(index))
    await (
      await one.start(({ id }) => void rows.push(id))
    ).done
    assert.equal(rows, [ids[index]])
    await one.stop()
  }
  assert.is(parts(path).length, 3)
})
test('fewer workers: the first one takes over what the others left, empties it, and removes it', async () => {
  const path = temporary()
  const two = [await started(path, { worker: { index: 0, count: 2 } })]
  two.push(await started(path, { worker: { index: 1, count: 2 } }))
  const ids = [await put(two[0]!, 'first\r\n'), await put(two[1]!, 'second\r\n')]
  const gone = await put(two[1]!, 'gone\r\n')
  for (const one of two) await one.stop()
  const rows: string[] = []
  const one = store(path, { worker: { index: 0, count: 1 }, adoptEvery: 50 })
  await (
    await one.start(({ id }) => void rows.push(id))
  ).done
  assert.equal(rows.sort(), [...ids, gone].sort())
  assert.is(one.health().messages, 3)
  assert.is((await textOf((await loaded(one, ids[1]!)).body)).toString(), 'second\r\n')
  const again = (await one.requeue(ids[1]!, { who: 'root', why: 'test' }))!
  assert.ok(await one.admin(gone, { action: 'delete', who: 'root', why: 'test' }))
  await one.outcome(again, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], { nextTry: 7, durable: true })
  assert.is((await loaded(one, again)).nextTry, 7)
  // as a crash would leave it: adopted once more
  const copy = snapshot(path)
  await one.outcome(again, delivered, { durable: true })
  await until(() => parts(path).length === 1)
  const last = await put(one, 'last\r\n')
  await one.stop()
  const next = await started(copy)
  assert.is(next.health().messages, 2)
  assert.is((await loaded(next, again)).nextTry, 7)
  await next.stop()
  const found: string[] = []
  for await (const { id } of readQueue(path)) found.push(id)
  assert.equal(found, [ids[0], last])
})
test('a worker that dies while the others run: its part is adopted when it does not come back', async () => {
  const path = temporary()
  const second = await started(path, { worker: { index: 1, count: 2 } })
  const id = await put(second, 'left behind\r\n')
  const rows: string[] = []
  const first = store(path, { worker: { index: 0, count: 2 }, adoptEvery: 100 })
  await (
    await first.start((row) => void rows.push(row.id))
  ).done
  await new Promise((resolve) => setTimeout(resolve, 350))
  assert.equal(rows, [], 'it is locked')
  await second.stop()
  await until(() => rows.length === 1)
  assert.equal(rows, [id])
  const back = await started(path, { worker: { index: 1, count: 2 } })
  assert.is(back.health().messages, 0, 'a part of its own')
  await put(back, 'new\r\n')
  await back.stop()
  await first.stop()
})
test.run()
