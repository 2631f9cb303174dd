/** Mail that kills its process: counted, held, released. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loaded, message, snapshot, started, temporary } from './helper.ts'
import type { QueueStore } from '@postern/core'

const deferred = [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }] as const
/** Begins an attempt and dies. */
async function dieTrying(queue: QueueStore, path: string, id: string): Promise<string> {
  queue.attempt(id, [0], 1)
  await queue.commit(await message(queue))
  const copy = snapshot(path)
  await queue.stop()
  return copy
}
test('three crashes hold it, an outcome or a release begins anew, a stop in order is no crash', async () => {
  let path = temporary()
  let queue = await started(path)
  const { id, ...made } = await message(queue, 'poison\r\n')
  await queue.commit({ id, ...made })
  const again = async () => {
    path = await dieTrying(queue, path, id)
    queue = await started(path)
  }
  for (const _ of [1, 2]) await again()
  assert.is((await loaded(queue, id)).held, undefined)
  await queue.outcome(id, deferred, { durable: true })
  for (const _ of [1, 2]) await again()
  assert.is((await loaded(queue, id)).held, undefined)
  queue.attempt(id, [0], 2)
  await queue.stop()
  queue = await started(path)
  assert.is((await loaded(queue, id)).held, undefined)
  await again()
  const { held } = await loaded(queue, id)
  assert.equal([held?.by, held?.reason], ['queue', 'crashed 3 times during delivery'])
  await queue.admin(id, { action: 'release', who: 'root', why: 'fixed' })
  await again()
  assert.is((await loaded(queue, id)).held, undefined)
  await queue.stop()
})
test('crashLimit 1', async () => {
  let path = temporary()
  let queue = await started(path)
  const made = await message(queue, 'poison\r\n')
  await queue.commit(made)
  path = await dieTrying(queue, path, made.id)
  queue = await started(path, { crashLimit: 1 })
  assert.is((await loaded(queue, made.id)).held?.reason, 'crashed 1 time during delivery')
  await queue.stop()
})
test.run()
