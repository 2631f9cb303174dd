/** The limits as a next hop sees them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import limits from '@postern/policy-limits'
import { fakeClock, nextHop, startMta } from '@postern/testkit'
import type { NextHop, TestMta } from '@postern/testkit'

const MINUTE = 60_000
interface Rig {
  readonly mta: TestMta
  readonly hop: NextHop
  readonly clock: ReturnType<typeof fakeClock>
  /** `n` messages to different recipients, one to each of `to` */
  submit(n: number, to?: readonly string[]): Promise<void>
}
async function withMta(limit: string, replies: Record<string, string>, run: (rig: Rig) => Promise<void>) {
  const clock = fakeClock()
  const hop = await nextHop({ replies })
  const mta = await startMta(
    {
      plugins: [
        'queue-journal',
        'lookup-dns',
        { 'route-classes': { relayhost: `[127.0.0.1]:${hop.port}`, localTransport: 'smtp' } },
        'deliver-smtp',
        limits({ destinations: { '127.0.0.1': limit } }),
      ],
    },
    { clock },
  )
  const submit = async (n: number, to = ['x@far.example']) => {
    for (let i = 0; i < n; i++)
      await mta.submit({ sender: 'a@b.example', recipients: to, content: `Subject: ${i}\n\nbody\n` })
  }
  try {
    await run({ mta, hop, clock, submit })
  } finally {
    await mta.stop()
    await hop.stop()
  }
}
const quiet = () => new Promise((done) => setTimeout(done, 100))

test('two a minute', () =>
  withMta('rate=2 per minute', {}, async ({ hop, clock, submit }) => {
    await submit(5)
    await hop.waitFor(2)
    await quiet()
    assert.is(hop.transactions.length, 2)
    clock.advance(MINUTE - 1000)
    await quiet()
    assert.is(hop.transactions.length, 2)
    clock.advance(1000)
    await hop.waitFor(4)
    await quiet()
    assert.is(hop.transactions.length, 4)
    clock.advance(MINUTE)
    await hop.waitFor(5)
  }))

test('a pause between deliveries', () =>
  withMta('delay=10s', {}, async ({ hop, clock, submit }) => {
    await submit(2)
    await hop.waitFor(1)
    await quiet()
    assert.is(hop.transactions.length, 1)
    clock.advance(10_000)
    await hop.waitFor(2)
  }))

test('one recipient a delivery', () =>
  withMta('recipients=1', {}, async ({ mta, hop, submit }) => {
    await submit(1, ['x@far.example', 'y@far.example', 'z@far.example'])
    await mta.idle()
    assert.equal(
      hop.transactions.map((t) => t.recipients.length),
      [1, 1, 1],
    )
  }))

test('when it is tried again', () =>
  withMta('retry=1m,10m,1h', { RCPT: '450 4.3.0 wait' }, async ({ mta, hop, clock, submit }) => {
    const tries = () => hop.commands.filter((line) => line.includes('RCPT')).length
    await submit(1)
    await mta.idle()
    let before = tries()
    assert.is(before, 1)
    for (const minutes of [1, 10, 60, 60]) {
      clock.advance(minutes * MINUTE * 0.9)
      await mta.idle()
      await quiet()
      assert.is(tries(), before, `not before ${minutes} minutes`)
      clock.advance(minutes * MINUTE * 0.25)
      await quiet()
      await mta.idle()
      assert.is(tries(), ++before, `after ${minutes} minutes`)
    }
  }))

test.run()
