/** An operator's word while the message is on its way. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deferred, delivered, failedWith, silent } from '@postern/core'
import type { Clock, Mta, Node, Outcome, PosternError, Transport } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { world } from '../support/world.ts'
import type { WorldOptions } from '../support/world.ts'
import { gate, orHangs } from './gate.ts'

/** A store that remembers `expire`. */
class Store extends MemoryStore {
  override async admin(id: string, record: Parameters<MemoryStore['admin']>[1]) {
    const m = this.messages.get(id)
    if (m && record.action === 'expire') m.expired = true
    return super.admin(id, record)
  }
}
const word = { who: 'op', why: 'test' }
/** A transport with one place; each delivery waits until the test says what becomes of it. */
async function slowWorld(mine: (m: Mta) => void = () => undefined, options: WorldOptions = {}) {
  const clock = new FakeClock()
  const asked: { id: string; answer: (o: Outcome) => Promise<void> }[] = []
  const box: Transport = {
    limits: { concurrency: 1 },
    deliver: async (job) => {
      const door = gate<Outcome>()
      const answer = async (o: Outcome) => {
        door.open(o)
        await settle()
      }
      asked.push({ id: job.messageId, answer })
      return job.all(await door.passed)
    },
  }
  const w = await world(mine, { clock, store: new Store(), deliver: (m) => m.deliver('box', box), ...options })
  const send = async (n: number) => {
    for (let i = 0; i < n; i++) await w.send()
    await settle()
    return [...w.store.messages.keys()]
  }
  return { w, clock, asked, send }
}
const ok = delivered('2.0.0', 'ok')
const ids = (asked: readonly { id: string }[]) => asked.map((a) => a.id)
const queue = (w: Awaited<ReturnType<typeof world>>) => {
  const { active, waiting, held } = w.node.status().queue
  return { active, waiting, held }
}

test('what is deleted or held while it waits for its turn is not delivered', async () => {
  const { w, asked, send } = await slowWorld()
  const [one, two, three, four] = await send(4)
  assert.equal(ids(asked), [one])
  await w.node.administer(two!, { action: 'delete', ...word })
  await w.node.administer(three!, { action: 'hold', ...word })
  await asked[0]!.answer(ok)
  assert.equal(ids(asked), [one, four])
  await asked[1]!.answer(ok)
  assert.equal(ids(asked), [one, four])
  assert.equal([...w.store.messages.keys()], [three])
  assert.equal(queue(w), { active: 0, waiting: 0, held: 1 })
  await w.node.administer(three!, { action: 'release', ...word })
  await settle()
  assert.equal(ids(asked), [one, four, three])
  await asked[2]!.answer(ok)
  assert.is(w.store.messages.size, 0)
  assert.equal(queue(w), { active: 0, waiting: 0, held: 0 })
  await w.stop()
})
for (const [name, act] of [
  [
    'held and released',
    async (node: Node, id: string) => {
      await node.administer(id, { action: 'hold', ...word })
      await node.administer(id, { action: 'release', ...word })
      return id
    },
  ],
  ['requeued', async (node: Node, id: string) => (await node.requeue(id, word))!],
] as const)
  test(`what is ${name} while it waits for its turn is delivered once`, async () => {
    const { w, asked, send } = await slowWorld()
    const [one, waits] = await send(2)
    const two = await act(w.node, waits!)
    await asked[0]!.answer(ok)
    assert.equal(ids(asked), [one, two])
    await asked[1]!.answer(ok)
    assert.equal(ids(asked), [one, two])
    assert.not.match(w.store.log.join(), 'deferred')
    assert.equal(queue(w), { active: 0, waiting: 0, held: 0 })
    await w.stop()
  })
test('what is requeued while it is delivered waits for that, and is not delivered again when it went well', async () => {
  const { w, asked, send } = await slowWorld()
  const [one] = await send(1)
  const requeued = w.node.requeue(one!, word)
  await settle()
  assert.equal([...w.store.messages.keys()], [one], 'not before the delivery has ended')
  await asked[0]!.answer(ok)
  assert.is(await requeued, undefined)
  assert.equal([asked.length, w.store.messages.size], [1, 0])
  assert.equal(queue(w), { active: 0, waiting: 0, held: 0 })
  await w.stop()
})
test('what is requeued while it is delivered goes out under its new id when it could not be', async () => {
  const { w, asked, send } = await slowWorld()
  const [one] = await send(1)
  const requeued = w.node.requeue(one!, word)
  await asked[0]!.answer(deferred('4.4.1', 'later'))
  const two = await requeued
  await settle()
  assert.equal(ids(asked), [one, two])
  await asked[1]!.answer(ok)
  assert.equal([asked.length, w.store.messages.size], [2, 0])
  await w.stop()
})
test('a delivery that does not end keeps its message from being requeued', async () => {
  const { w, clock, asked, send } = await slowWorld()
  const [one] = await send(1)
  const requeued = w.node.requeue(one!, word).then(String, (error: PosternError) => error.code)
  await clock.advance(20_000)
  assert.is(await requeued, 'PN_BUSY')
  await asked[0]!.answer(deferred('4.4.1', 'later'))
  assert.equal(queue(w), { active: 0, waiting: 1, held: 0 })
  await w.stop()
})
test('what is held while it is delivered stays held when it could not be, and goes out when released', async () => {
  const { w, clock, asked, send } = await slowWorld()
  const [one] = await send(1)
  await w.node.administer(one!, { action: 'hold', ...word })
  await asked[0]!.answer(deferred('4.4.1', 'later'))
  assert.equal(queue(w), { active: 0, waiting: 0, held: 1 })
  await clock.advance(864e5)
  assert.is(asked.length, 1)
  await w.node.administer(one!, { action: 'release', ...word })
  await settle()
  assert.is(asked.length, 2)
  await asked[1]!.answer(ok)
  assert.is(w.store.messages.size, 0)
  await w.stop()
})
for (const outcome of [failedWith('5.1.1', 'no such user'), deferred('4.4.1', 'later')])
  test(`what is deleted while it is delivered makes no report and no further try: ${outcome.kind}`, async () => {
    const reports: string[] = []
    const { w, clock, asked, send } = await slowWorld((m) =>
      m.report.tap((v) => (reports.push(v.messageId), silent('test'))),
    )
    const [one] = await send(1)
    await w.node.administer(one!, { action: 'delete', ...word })
    await asked[0]!.answer(outcome)
    await clock.advance(864e5)
    assert.equal([reports, asked.length], [[], 1])
    assert.equal(queue(w), { active: 0, waiting: 0, held: 0 })
    await w.stop()
  })
test('what is expired while it is delivered comes back when that delivery fails', async () => {
  const reports: string[] = []
  const { w, asked, send } = await slowWorld((m) => m.report.tap((v) => (reports.push(v.messageId), silent('test'))))
  const [one] = await send(1)
  await w.node.administer(one!, { action: 'expire', ...word })
  assert.equal(reports, [], 'not before the attempt has ended')
  await asked[0]!.answer(deferred('4.4.1', 'later'))
  assert.equal([reports, asked.length], [[one], 1])
  assert.is(w.store.messages.size, 0)
  assert.equal(queue(w), { active: 0, waiting: 0, held: 0 })
  await w.stop()
})
for (const action of ['delete', 'hold'] as const)
  test(`idle ends when the last message that is due is gone by an operator's ${action}`, async () => {
    // a clock whose timers never fire: what is due stays due
    let now = 1_700_000_000_000
    const clock: Clock = { now: () => now, after: () => ({ cancel: () => undefined }) }
    const w = await world(undefined, { clock, outcome: () => deferred('4.4.1', 'later') })
    await w.send()
    await settle()
    now += 864e5
    const idle = w.node.idle().then(() => 'idle')
    await w.node.administer([...w.store.messages.keys()][0]!, { action, ...word })
    assert.is(await orHangs(idle), 'idle')
    await w.node.stop(0)
  })

test.run()
