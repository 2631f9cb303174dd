/** What a transport may do wrong: only recipients without an outcome are put off. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defer, delivered, failedWith, routeTo, silent } from '@postern/core'
import type { Call, Job, Outcomes } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { rejection, told, world } from '../support/world.ts'

const ok = delivered('2.0.0', 'ok')
const proof = {} as Outcomes
const escaped: unknown[] = []
process.on('unhandledRejection', (e) => escaped.push(e))

const CASES: [name: string, deliver: (job: Job, call: Call) => unknown, states: string[]][] = [
  [
    'throws at once',
    () => {
      throw new Error('no')
    },
    ['pending', 'pending'],
  ],
  ['rejects', () => Promise.reject(new Error('no')), ['pending', 'pending']],
  ['answers nothing', () => undefined, ['pending', 'pending']],
  ['claims to be done', async () => proof, ['pending', 'pending']],
  ['settles one and ends', async (j) => (j.settle(j.recipients[0]!, ok), proof), ['delivered', 'pending']],
  [
    'settles one and throws',
    async (j) => {
      j.settle(j.recipients[0]!, ok)
      throw new Error('no')
    },
    ['delivered', 'pending'],
  ],
  [
    'settles one twice',
    async (j) => {
      j.settle(j.recipients[0]!, ok)
      j.settle(j.recipients[0]!, failedWith('5.0.0', 'x'))
      return proof
    },
    ['delivered', 'pending'],
  ],
  [
    'settles a stranger',
    async (j) => {
      j.settle({ ...j.recipients[0]!, n: 77 }, ok)
      return proof
    },
    ['pending', 'pending'],
  ],
  [
    'settles with a verdict',
    async (j) => {
      j.settle(j.recipients[0]!, defer('4.7.1', 'x') as never)
      return proof
    },
    ['pending', 'pending'],
  ],
  [
    'settles with null',
    async (j) => {
      j.settle(j.recipients[0]!, null as never)
      return proof
    },
    ['pending', 'pending'],
  ],
  ['delivers with a 5.x.x code', async (j) => j.all({ ...ok, esc: '5.0.0' } as never), ['pending', 'pending']],
  [
    'fails with a 2.x.x code',
    async (j) => j.all({ ...failedWith('5.0.0', 'x'), esc: '2.0.0' } as never),
    ['pending', 'pending'],
  ],
  [
    'throws for one of two',
    (j) =>
      j.each((r) => {
        if (r.n === 0) throw new Error('no')
        return ok
      }),
    ['pending', 'delivered'],
  ],
  [
    'answers nothing for one of two',
    (j) => j.each((r) => (r.n === 0 ? (undefined as never) : ok)),
    ['pending', 'delivered'],
  ],
  ['fails one of two', (j) => j.each((r) => (r.n === 0 ? failedWith('5.1.1', 'no') : ok)), []],
  ['settles one, then all', async (j) => (j.settle(j.recipients[1]!, ok), j.all(failedWith('5.1.1', 'no'))), []],
]
for (const [name, deliver, states] of CASES)
  test(`a transport that ${name}`, async () => {
    const w = await world((m) => m.report.tap(() => silent('test')), {
      deliver: (m) => m.deliver('box', { deliver: deliver as never }),
    })
    await w.send(['a@d.example', 'b@d.example'])
    await settle()
    const m = [...w.store.messages.values()][0]
    assert.equal(m?.recipients.map((r) => r.state) ?? [], states)
    if (states.includes('pending')) {
      const open = m!.recipients.find((r) => r.state === 'pending')!
      assert.equal([open.esc, open.text], ['4.3.0', 'temporary fault of the delivery'])
    }
    assert.equal(escaped, [])
    await w.stop()
  })

test('a transport that hangs is given up at its deadline; what it says later is nothing', async () => {
  const clock = new FakeClock()
  let go!: () => void
  let call!: Call
  const w = await world(undefined, {
    clock,
    deliver: (m) =>
      m.deliver('box', {
        limits: { deadline: 5000 },
        deliver: async (job, c) => {
          call = c
          void c.signal
          job.settle(job.recipients[0]!, ok)
          await new Promise<void>((r) => (go = r))
          return job.all(ok)
        },
      }),
  })
  await w.send(['a@d.example', 'b@d.example'])
  await clock.advance(4999)
  assert.is(w.node.status().queue.active, 1)
  assert.is(call.signal.aborted, false)
  await clock.advance(1)
  assert.is(call.signal.aborted, true)
  // it has a moment to say what it knows
  await clock.advance(1500)
  assert.is(w.node.status().queue.active, 0)
  const states = () => [...w.store.messages.values()][0]!.recipients.map((r) => r.state)
  assert.equal(states(), ['delivered', 'pending'])
  go()
  await settle()
  assert.equal(states(), ['delivered', 'pending'])
  assert.equal(escaped, [])
  await w.stop()
})
test('a job that is settled twice says so to the transport', async () => {
  let thrown: unknown
  const w = await world(undefined, {
    deliver: (m) =>
      m.deliver('box', {
        deliver: async (job) => {
          job.settle(job.recipients[0]!, ok)
          try {
            job.settle(job.recipients[0]!, ok)
          } catch (error) {
            thrown = error
          }
          return proof
        },
      }),
  })
  await w.send()
  await settle()
  assert.instance(thrown, TypeError)
  assert.is(w.store.log.filter((l) => l.includes('delivered')).length, 1)
  await w.stop()
})
test('a route to a transport that nobody provides keeps the mail', async () => {
  const w = await world((m) => m.resolve.tap(() => routeTo('bx')))
  await w.send()
  await settle()
  const r = [...w.store.messages.values()][0]!.recipients[0]!
  assert.equal([r.state, r.esc, r.text], ['pending', '4.3.0', 'mail transport unavailable'])
  await w.stop()
})
test('one that the configuration names stops the start, with a suggestion', async () => {
  const e = await rejection(() => world((m) => void m.transport('bxo:[relay]:25')))
  assert.match(
    told(e).join(),
    /^plugins\[1\].*: no plugin in use provides the transport "bxo"; there are: box \(box\)$/,
  )
  assert.is(e.problems[0]!.code, 'PN_TRANSPORT_UNKNOWN')
})

test.run()
