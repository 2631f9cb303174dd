/** What is tried when a site asks: from the facts, from the queue at the start, and when the record is full. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Flush } from '../src/flush.ts'
import { WaitingRecord } from '../src/record.ts'

interface Waiting {
  readonly id: string
  readonly to: readonly string[]
  readonly state?: 'pending' | 'delivered'
}
function rig(queue: readonly Waiting[], limit = 100) {
  const flushed: string[] = []
  const running: Promise<void>[] = []
  let gate: Promise<void> | undefined
  let gated: string | undefined
  const record = new WaitingRecord(limit)
  const flush = new Flush(record, {
    log: { debug() {}, info() {}, warn() {}, error() {}, enabled: () => false },
    background: (fn) => void running.push(fn(new AbortController().signal)),
    recorded: (domain) => domain !== 'other.example',
    queue: {
      flush: (ids) => void flushed.push(...(ids ?? ['everything'])),
      async *list() {
        for (const { id, to, state = 'pending' } of queue) {
          if (gated === undefined || gated === id) await gate
          yield { id, recipients: to.map((address, n) => ({ n, address, original: address, state })) } as never
        }
      },
    },
  })
  return {
    record,
    flush,
    hold(until: Promise<void>, before?: string) {
      gate = until
      gated = before
    },
    async asked(site: string) {
      flushed.length = 0
      flush.site(site)
      while (running.length > 0) await running.shift()
      return [...flushed].sort()
    },
  }
}
const QUEUE: readonly Waiting[] = [
  { id: 'M1', to: ['x@a.example', 'y@A.example'] },
  { id: 'M2', to: ['x@b.example', 'x@a.example'] },
  { id: 'M3', to: ['x@a.example'], state: 'delivered' },
  { id: 'M4', to: ['x@other.example', 'postmaster'] },
]

test('the record is made from the queue; what has left it is forgotten', async () => {
  const r = rig(QUEUE)
  assert.equal(await r.asked('b.example'), ['M2'])
  assert.ok(r.record.complete)
  assert.equal(await r.asked('a.example'), ['M1', 'M2'])
  assert.equal(await r.asked('other.example'), [])
  r.record.remove('M2')
  assert.equal(await r.asked('a.example'), ['M1'])
  assert.equal(await r.asked('b.example'), [])
  assert.is(r.record.size, 1)
})
test('asked for while the queue is being read', async () => {
  const r = rig(QUEUE)
  let open = (): void => undefined
  r.hold(new Promise((done) => (open = done)))
  r.flush.compare()
  const asked = r.asked('b.example')
  open()
  assert.equal(await asked, ['M2'])
})
for (const limit of [0, 1, 2])
  test(`a record of ${limit}: the queue itself is read`, async () => {
    const r = rig(QUEUE, limit)
    assert.equal([...new Set(await r.asked('a.example'))], ['M1', 'M2'])
    assert.not(r.record.complete)
    assert.is(r.record.size, limit)
    assert.equal([...new Set(await r.asked('b.example'))], ['M2'])
    assert.equal([...new Set(await r.asked('a.example'))], ['M1', 'M2'])
  })
test('asked for behind what a full record has let pass: the queue is read once more', async () => {
  const r = rig(QUEUE, 1)
  let open = (): void => undefined
  r.hold(new Promise((done) => (open = done)), 'M3')
  r.flush.compare()
  await new Promise(setImmediate)
  const asked = r.asked('b.example')
  open()
  assert.equal(await asked, ['M2'])
})
test('what an operator has deleted goes with the next comparison', async () => {
  const queue = [...QUEUE]
  const r = rig(queue)
  await r.asked('a.example')
  queue.splice(0, 1)
  r.record.add('c.example', 'M9')
  r.flush.compare()
  assert.equal(await r.asked('a.example'), ['M1', 'M2'])
  assert.equal(await r.asked('a.example'), ['M2'])
  assert.equal(await r.asked('c.example'), [])
})

test.run()
