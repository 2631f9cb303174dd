/** The worker's side and the primary's side over a channel in memory. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalShared, systemClock } from '@postern/core'
import type { Json } from '@postern/core'
import { Asked, ROWS_AHEAD } from '../src/asked.ts'
import { Exchange } from '../src/exchange.ts'
import type { FromWorker, ToWorker } from '../src/protocol.ts'
import { pauseAfter } from '../src/slot.ts'
import { Answering } from '../src/worker/answering.ts'
import type { Channel } from '../src/worker/channel.ts'
import { RemoteShared } from '../src/worker/shared.ts'

class Wire implements Channel {
  open = true
  sent: FromWorker[] = []
  readonly #listeners: ((message: ToWorker, handle: unknown) => void)[] = []
  #gone: () => void = () => undefined
  heard: (message: FromWorker) => void = () => undefined

  send(message: FromWorker): void {
    this.sent.push(message)
    this.heard(message)
  }
  on(listener: (message: ToWorker, handle: unknown) => void): void {
    this.#listeners.push(listener)
  }
  onGone(listener: () => void): void {
    this.#gone = listener
  }
  deliver(message: ToWorker): void {
    for (const listener of this.#listeners) listener(message, undefined)
  }
  cut(): void {
    this.open = false
    this.#gone()
  }
}
function sharedBy(exchange: Exchange): { wire: Wire; shared: RemoteShared } {
  const wire = new Wire()
  const member = { send: (message: ToWorker) => setImmediate(() => wire.deliver(message)) }
  wire.heard = (message) => {
    if (message.kind === 'shared') exchange.serve(member, message.wishes)
  }
  return { wire, shared: new RemoteShared(wire, new LocalShared(systemClock)) }
}
const turn = () => new Promise((done) => setTimeout(done, 5))

test('two workers count together, and what one turn asks goes in one message', async () => {
  const exchange = new Exchange()
  const [a, b] = [sharedBy(exchange), sharedBy(exchange)]
  assert.equal(await Promise.all([1, 2, 3].map(async () => a.shared.count('k', 1, 60_000))), [1, 2, 3])
  assert.is(a.wire.sent.length, 1)
  assert.is(await b.shared.count('k', 2, 60_000), 5)
})

test('places are shared, released once, and a message is heard by all subscribers once', async () => {
  const exchange = new Exchange()
  const [a, b] = [sharedBy(exchange), sharedBy(exchange)]
  const first = await a.shared.lease('k', 2, 2)
  assert.is((await b.shared.lease('k', 1, 2)).granted, 0)
  first.release()
  first.release()
  await turn()
  assert.is((await b.shared.lease('k', 5, 2)).granted, 2)

  const heard: string[] = []
  const end = a.shared.subscribe('t', (m) => void heard.push(`a1 ${m}`))
  a.shared.subscribe('t', (m) => void heard.push(`a2 ${m}`))
  b.shared.subscribe('t', (m) => void heard.push(`b ${m}`))
  await turn()
  a.shared.publish('t', 1)
  await turn()
  assert.equal(heard.sort(), ['a1 1', 'a2 1', 'b 1'])
  end()
  end()
  await turn()
  heard.length = 0
  b.shared.publish('t', 2)
  await turn()
  assert.equal(heard.sort(), ['a2 2', 'b 2'])
})

test('a primary that is lost or does not answer leaves each worker its own memory', async () => {
  const mute = new Wire()
  const shared = new RemoteShared(mute, new LocalShared(systemClock))
  const pending = shared.count('k', 1, 60_000)
  mute.cut()
  assert.is(await pending, 1)
  assert.is(shared.count('k', 1, 60_000), 2)
  assert.is((await shared.lease('p', 3, 2)).granted, 2)

  const slow = new Wire()
  const waiting = new RemoteShared(slow, new LocalShared(systemClock))
  const alive = setTimeout(() => undefined, 10_000)
  assert.is((await waiting.lease('p', 1, 1)).granted, 1)
  clearTimeout(alive)
  // the answer comes after all: the places go back
  slow.deliver({ kind: 'shared', answers: [[1, 1]] })
  await turn()
  assert.equal(slow.sent.at(-1), { kind: 'shared', wishes: [['free', 1]] })
})

test('rows wait while nobody reads them, and end when the reader has gone', async () => {
  const wire = new Wire()
  const asked = new Asked((message) => setImmediate(() => wire.deliver(message)))
  wire.heard = (message) => setImmediate(() => asked.take(message as Parameters<Asked['take']>[0]))
  let made = 0
  let ended: string | undefined
  const rows = async (n: number, row: (value: Json) => Promise<void>): Promise<Json> => {
    try {
      for (let i = 0; i < n; i++) {
        await row(i)
        made++
      }
      ended = 'all'
    } catch {
      ended = 'gone'
    }
    return made
  }
  new Answering(
    wire,
    (_verb, args, row) => rows(args as number, row),
    (error) => ({ text: String(error), exit: 1 }),
  )
  const answering = asked.ask('list', 1000)
  await turn()
  assert.is(made, ROWS_AHEAD)
  const read: Json[] = []
  for await (const row of answering) read.push(row)
  assert.equal([read.length, read[999], await answering.result], [1000, 999, 1000])

  made = 0
  for await (const row of asked.ask('list', 1_000_000)) if (row === 10) break
  await turn()
  assert.ok(made <= 2 * ROWS_AHEAD, String(made))
  assert.is(ended, 'gone')
})

test('a question to a worker that dies is answered by its end', async () => {
  const asked = new Asked(() => undefined)
  const answering = asked.ask('status', {})
  asked.gone('killed')
  for await (const row of answering) assert.unreachable(String(row))
  await answering.result.then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'killed'),
  )
})

test('a question to a worker that has ended is answered at once', async () => {
  const asked = new Asked(() => undefined)
  asked.gone('worker 0 has ended: exit code 1')
  const answer = asked.ask('v', null)
  for await (const row of answer) assert.unreachable(String(row))
  const said = await Promise.race([
    answer.result.catch((e: Error) => e.message),
    turn()
      .then(turn)
      .then(() => 'nothing'),
  ])
  assert.is(said, 'worker 0 has ended: exit code 1')
})
test('the first death is forgiven, then ever longer, to 30 s', () => {
  assert.equal(
    [1, 2, 3, 4, 5, 6, 7, 8, 100].map(pauseAfter),
    [0, 1, 2, 4, 8, 16, 30, 30, 30].map((s) => s * 1000),
  )
})

test.run()
