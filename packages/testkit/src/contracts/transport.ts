/** What every transport must do: an outcome for each recipient, none lost, nothing sent twice. */
import type { Outcome, Transport } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fakeCall } from '../call.ts'
import type { FakeCall } from '../call.ts'
import { job } from '../plugin/job.ts'
import type { FakeJob, JobSpec } from '../plugin/job.ts'
import { deliverWith } from '../plugin/tap.ts'
import { within } from '../wait.ts'

export interface TransportFixture {
  readonly transport: Transport
  /** next hop, envelope and what else its jobs need */
  readonly job?: Omit<JobSpec, 'recipients' | 'message' | 'damagedAt'>
  /** recipients by what becomes of them; leave out what cannot happen */
  readonly delivered: readonly string[]
  readonly deferred?: readonly string[]
  readonly failed?: readonly string[]
  /** contents that have arrived for a recipient; leave out for a transport that keeps nothing */
  arrived?(address: string): Promise<readonly string[]>
  /** makes the other side die in the middle of the next delivery, after at least one recipient where there are several */
  breakHalfWay?(): Promise<void> | void
  /** makes the other side accept the connection and never answer */
  hang?(): Promise<void> | void
  close?(): Promise<void> | void
}

const TEXT = 'Subject: contract\n\nfirst line\n.\n..two dots\n\nlast line\n'
const MARK = 'last line'

/** Registers and runs the suite; `make` is called once for each test. */
export function transportContract(name: string, make: () => TransportFixture | Promise<TransportFixture>): void {
  const test = suite(`transport contract: ${name}`)
  const each = (title: string, body: (fixture: TransportFixture) => Promise<void>) => {
    test(title, async () => {
      const fixture = await make()
      try {
        await body(fixture)
      } finally {
        await fixture.close?.()
      }
    })
  }
  each('delivered', async (f) => {
    assert.equal(kinds(await run(f, f.delivered)), f.delivered.map((a) => [a, 'delivered']).sort())
    for (const address of f.delivered) {
      const arrived = await f.arrived?.(address)
      if (arrived) assert.equal(arrived.filter((m) => m.includes(MARK)).length, 1, `copies for ${address}`)
    }
  })
  each('deferred', async (f) => {
    const outcomes = f.deferred ? await run(f, f.deferred) : new Map<string, Outcome>()
    for (const [address, o] of outcomes) assert.match(`${o.kind} ${o.esc}`, /^deferred 4\./, address)
  })
  each('failed', async (f) => {
    const outcomes = f.failed ? await run(f, f.failed) : new Map<string, Outcome>()
    for (const [address, o] of outcomes) assert.match(`${o.kind} ${o.esc}`, /^failed 5\./, address)
  })
  each('one job with all kinds: each recipient gets its own outcome', async (f) => {
    const { deferred = [], failed = [] } = f
    const outcomes = await run(f, [...f.delivered, ...deferred, ...failed])
    const expected = [
      ...f.delivered.map((a) => [a, 'delivered']),
      ...deferred.map((a) => [a, 'deferred']),
      ...failed.map((a) => [a, 'failed']),
    ]
    assert.equal(kinds(outcomes), expected.sort())
  })
  each('half way: what is not known to be delivered is deferred, nobody is lost', async (f) => {
    if (!f.breakHalfWay) return
    await f.breakHalfWay()
    const all = [...f.delivered, ...(f.deferred ?? [])]
    const outcomes = await run(f, all)
    assert.equal([...outcomes.keys()].sort(), [...all].sort())
    assert.not.ok(
      [...outcomes.values()].some((o) => o.kind === 'failed'),
      'a lost connection is never permanent',
    )
    assert.ok(
      [...outcomes.values()].some((o) => o.kind === 'deferred'),
      'the break was not noticed',
    )
    for (const [address, o] of outcomes) {
      if (o.kind === 'delivered') assert.not.equal((await f.arrived?.(address))?.length, 0, `${address} never arrived`)
    }
  })
  each('a damaged body is not sent to its end', async (f) => {
    const outcomes = await run(f, f.delivered, { damagedAt: 15 })
    const arrivals = await Promise.all(f.delivered.map(async (a) => f.arrived?.(a)))
    if (arrivals.some((a) => a === undefined)) return
    assert.ok(
      [...outcomes.values()].every((o) => o.kind === 'deferred'),
      JSON.stringify(kinds(outcomes)),
    )
    assert.equal(arrivals.flat(), [])
  })
  each('an aborted delivery ends, deferred', async (f) => {
    if (!f.hang) return
    await f.hang()
    const call = fakeCall()
    setTimeout(() => call.abort(new Error('the node stops')), 100)
    const outcomes = await within('the aborted delivery', run(f, f.delivered, {}, call), 10_000)
    assert.equal(kinds(outcomes), f.delivered.map((a) => [a, 'deferred']).sort())
  })
  test.run()
}

async function run(
  f: TransportFixture,
  recipients: readonly string[],
  more: Partial<JobSpec> = {},
  call: FakeCall = fakeCall(),
) {
  const j: FakeJob = job({ message: TEXT, ...f.job, ...more, recipients })
  await deliverWith(f.transport, j, call)
  const missing = recipients.filter((r) => !j.outcomes().has(r))
  assert.equal(missing, [], 'recipients without an outcome')
  return j.outcomes()
}
const kinds = (outcomes: ReadonlyMap<string, Outcome>) => [...outcomes].map(([a, o]) => [a, o.kind]).sort()
