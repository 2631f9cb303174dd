/** The contract, verb by verb; ids; the plugin. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import journal, { readQueue } from '@postern/queue-journal'
import { loaded, message, seed, started, store, temporary } from './helper.ts'
import type { AdminAction } from '@postern/core'

const by = { who: 'root', why: 'a reason' }
const delivered = (n: number) => ({ n, state: 'delivered' as const, esc: '2.0.0', text: 'ok' })

test('ids ascend, also when the clock runs back, more than 2,048 fall into a millisecond, and over a restart', async () => {
  const path = temporary()
  let now = Date.UTC(2026, 0, 1)
  let queue = await started(path, { now: () => now })
  let last = ''
  const next = () => {
    const id = queue.newId()
    assert.match(id, /^[0-9A-V]{13}$/)
    assert.ok(id > last, `${id} after ${last}`)
    last = id
  }
  for (let i = 0; i < 5000; i++) next()
  now -= 86_400_000
  for (let i = 0; i < 10; i++) next()
  await queue.commit(await message(queue))
  await queue.stop()
  queue = await started(path, { now: () => now })
  for (let i = 0; i < 10; i++) next()
  await queue.stop()
})
test('recipients: settled once, expanded, numbered for ever', async () => {
  const path = temporary()
  let queue = await started(path)
  const made = await message(queue, 'x', [seed('a@x'), seed('b@x')])
  await queue.commit(made)
  assert.equal(await queue.expand(made.id, 0, [seed('c@x'), seed('d@x')]), [2, 3])
  await queue.expand(made.id, 0, [seed('e@x')]).then(
    () => assert.unreachable(),
    () => undefined,
  )
  void queue.outcome(made.id, [delivered(2), { n: 1, state: 'failed', esc: '5.1.1', text: 'no such user' }])
  void queue.outcome(made.id, [{ n: 1, state: 'deferred', esc: '4.0.0', text: 'too late' }])
  queue.attempt(made.id, [3], 1)
  for (let round = 0; round < 2; round++) {
    const { recipients, attempts } = await loaded(queue, made.id)
    assert.equal(
      recipients.map((r) => `${r.address} ${r.state} ${r.parent ?? '-'} ${r.text ?? ''}`),
      ['a@x expanded - ', 'b@x failed - no such user', 'c@x delivered 0 ok', 'd@x pending 0 '],
    )
    assert.is(attempts, 1)
    await queue.stop()
    queue = await started(path)
  }
  await queue.outcome(made.id, [delivered(3)], { durable: true })
  assert.is(await queue.load(made.id), undefined)
  await queue.stop()
})
const ACTIONS: [AdminAction, { held: boolean; nextTry: number | undefined }][] = [
  ['hold', { held: true, nextTry: 50 }],
  ['release', { held: false, nextTry: 0 }],
  ['expire', { held: true, nextTry: 0 }],
  ['delete', { held: false, nextTry: undefined }],
]
for (const [action, expected] of ACTIONS)
  test(`admin: ${action}, live and after a restart`, async () => {
    const path = temporary()
    let queue = await started(path)
    const made = await message(queue, 'x', undefined, { held: { by: 'milter', reason: 'quarantine' } })
    await queue.commit(made)
    await queue.outcome(made.id, [], { nextTry: 50, durable: true })
    assert.is(await queue.admin(made.id, { action, ...by }), true)
    for (let round = 0; round < 2; round++) {
      const found = await queue.load(made.id)
      assert.is(found?.nextTry, expected.nextTry)
      assert.is(found?.held !== undefined, expected.held)
      if (action === 'hold') assert.is(found!.held!.by, 'root')
      await queue.stop()
      queue = await started(path)
    }
    await queue.stop()
  })
test('what is not there, and what cannot be', async () => {
  const queue = await started(temporary())
  const id = queue.newId()
  assert.is(await queue.admin(id, { action: 'hold', ...by }), false)
  assert.is(await queue.load(id), undefined)
  assert.is(queue.outcome(id, [delivered(0)]), undefined)
  queue.attempt(id, [0], 1)
  await queue.commit(await message(queue, 'x', [])).then(
    () => assert.unreachable(),
    (e: Error) => assert.match(e.message, 'no recipients'),
  )
  await queue.stop()
  await queue.commit(await message(queue)).then(
    () => assert.unreachable(),
    (e: Error) => assert.match(e.message, 'stopping'),
  )
  assert.throws(() => store(temporary()).newId(), /not been started/)
})
test('start tells each message; list and readQueue show the same', async () => {
  const path = temporary()
  let queue = await started(path)
  const made = await Promise.all([1, 2, 3].map((n) => message(queue, `body ${n}`)))
  await Promise.all(made.map((m) => queue.commit(m)))
  await queue.outcome(made[1]!.id, [delivered(0)], { durable: true })
  const listed: unknown[] = []
  for await (const entry of queue.list()) listed.push(entry)
  assert.is(listed.length, 2)
  assert.is(queue.health().messages, 2)
  await queue.stop()
  const offline: unknown[] = []
  for await (const entry of readQueue(path)) offline.push(entry)
  assert.equal(offline, listed)
  queue = store(path)
  const rows: string[] = []
  await (
    await queue.start((row) => void rows.push(row.id))
  ).done
  assert.equal(rows, [made[0]!.id, made[2]!.id])
  await queue.stop()
})
test('expire is told to the flow, over a restart too; requeue takes it back', async () => {
  const path = temporary()
  let queue = await started(path)
  const made = await message(queue, 'old\r\n')
  await queue.commit(made)
  assert.ok(await queue.admin(made.id, { action: 'expire', who: 'admin', why: 'enough' }))
  await queue.stop()
  queue = await started(path)
  assert.is((await loaded(queue, made.id)).expired, true)
  const again = await queue.requeue(made.id, { who: 'admin', why: 'no' })
  assert.is((await loaded(queue, again!)).expired, undefined)
  assert.is(await queue.load(made.id), undefined)
  await queue.stop()
})
test('a commit larger than a segment', async () => {
  const path = temporary()
  let queue = await started(path)
  const recipients = Array.from({ length: 5000 }, (_, i) => seed(`recipient-${i}@example.net`))
  const made = await message(queue, 'x', recipients)
  await queue.commit(made)
  await queue.commit(await message(queue))
  await queue.stop()
  queue = await started(path)
  assert.is((await loaded(queue, made.id)).recipients.length, 5000)
  await queue.stop()
})
test('outcomeSync always: each outcome is waited for', async () => {
  const queue = await started(temporary(), { outcomeSync: 'always' })
  const made = await message(queue)
  await queue.commit(made)
  await queue.outcome(made.id, [delivered(0)])!
  await queue.stop()
})
test('the plugin: defaults, bad options, one provider of the store', () => {
  const { options, provides, name } = journal.definition
  assert.is(name, 'queue-journal')
  assert.equal(
    provides.map((r) => r.id),
    ['queueStore'],
  )
  const { segmentSize, bodyThreshold, outcomeSync } = options.parse({})
  assert.equal(
    { segmentSize, bodyThreshold, outcomeSync },
    { segmentSize: 67108864, bodyThreshold: 262144, outcomeSync: 'lazy' },
  )
  assert.is(options.parse({ segmentSize: '1M' }).segmentSize, 1048576)
  for (const bad of [{ segmentSize: 10 }, { outcomeSync: 'never' }, { pth: 'x' }])
    assert.throws(() => options.parse(bad))
})
test.run()
