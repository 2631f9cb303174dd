/** What became of each recipient: outcomes, expansions, attempts; in parts, and told as a history. */
import type { HistoryRecord, QueuedMessage } from '@postern/core'
import * as assert from 'uvu/assert'
import { listed } from './queue-bench.ts'
import type { Each } from './queue-bench.ts'
import { commit, states } from './queue-help.ts'

export function outcomes(each: Each): void {
  each('each recipient has its outcome after a restart', async (bench) => {
    const id = await commit(bench.store, { recipients: ['a@x.example', 'b@x.example', 'c@x.example'] })
    await bench.store.outcome(
      id,
      [
        { n: 0, state: 'delivered', esc: '2.0.0', text: 'sent' },
        { n: 2, state: 'deferred', esc: '4.4.1', text: 'connection refused' },
      ],
      { nextTry: 1_900_000_000_000, durable: true },
    )
    const m = await (await bench.reopen()).store.load(id)
    assert.equal(states(m!), ['delivered', 'pending', 'pending'])
    assert.equal(m!.nextTry, 1_900_000_000_000)
    assert.equal([m!.recipients[2]!.esc, m!.recipients[2]!.text], ['4.4.1', 'connection refused'])
  })
  each('a message leaves when no recipient is pending', async (bench) => {
    const id = await commit(bench.store, { recipients: ['a@x.example', 'b@x.example'] })
    const stays = await commit(bench.store)
    await bench.store.outcome(
      id,
      [
        { n: 0, state: 'delivered', esc: '2.0.0', text: 'sent' },
        { n: 1, state: 'failed', esc: '5.1.1', text: 'unknown' },
      ],
      { durable: true },
    )
    assert.equal(await bench.store.load(id), undefined)
    const { store, rows } = await bench.reopen()
    assert.equal(rows, [stays])
    assert.equal(await store.load(id), undefined)
    assert.equal(
      (await listed(store)).map((e) => e.id),
      [stays],
    )
  })
  each('an expanded recipient becomes others, once', async (bench) => {
    const id = await commit(bench.store, { recipients: ['list@x.example', 'b@x.example'] })
    const numbers = await bench.store.expand(id, 0, [
      { address: 'c@y.example', original: 'list@x.example' },
      { address: 'd@y.example', original: 'list@x.example', final: true },
    ])
    assert.equal(numbers, [2, 3])
    const m = await (await bench.reopen()).store.load(id)
    assert.equal(states(m!), ['expanded', 'pending', 'pending', 'pending'])
    assert.equal([m!.recipients[3]!.parent, m!.recipients[3]!.final], [0, true])
  })
  each('attempts are counted', async (bench) => {
    const id = await commit(bench.store)
    bench.store.attempt(id, [0], 1)
    await bench.store.outcome(id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], { durable: true })
    bench.store.attempt(id, [0], 2)
    await bench.store.outcome(id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], { durable: true })
    assert.equal((await (await bench.reopen()).store.load(id))?.attempts, 2)
  })
  each('that the sender was warned is remembered', async (bench) => {
    const id = await commit(bench.store)
    const later = { n: 0, state: 'deferred' as const, esc: '4.0.0', text: 'later' }
    await bench.store.outcome(id, [later], { warned: true, durable: true })
    await bench.store.outcome(id, [later], { durable: true })
    assert.equal((await (await bench.reopen()).store.load(id))?.warned, true)
  })
  each('recipients come in parts, with their ancestors', async (bench) => {
    const recipients = Array.from({ length: 1000 }, (_v, i) => `r${i}@x.example`)
    const id = await commit(bench.store, { recipients })
    await bench.store.expand(id, 0, [
      { address: 'child@y.example', original: 'r0@x.example' },
      { address: 'other@y.example', original: 'r0@x.example' },
    ])
    const failed = { n: 2, state: 'failed' as const, esc: '5.1.1', text: 'unknown' }
    const deferred = { n: 3, state: 'deferred' as const, esc: '4.2.0', text: 'full' }
    await bench.store.outcome(id, [failed, deferred], { durable: true })
    for (let round = 0; round < 2; round++) {
      const first = (await bench.store.load(id, { limit: 3 }))!
      const pending = (m: QueuedMessage) => m.recipients.filter((r) => r.state === 'pending').map((r) => r.n)
      assert.equal([pending(first), first.more], [[1, 3, 4], 5])
      const last = (await bench.store.load(id, { from: 998, limit: 100 }))!
      assert.equal([pending(last), last.more], [[998, 999, 1000, 1001], undefined])
      const parent = last.recipients.find((r) => r.n === 0)
      assert.equal([parent?.state, parent?.address], ['expanded', 'r0@x.example'])
      assert.equal(last.recipients.find((r) => r.n === 1001)?.parent, 0)
      const whole = (await bench.store.load(id))!
      assert.equal([whole.recipients.length, whole.recipients[3]?.text], [1002, 'full'])
      // nobody's mailbox twice: who is settled is known where all fit
      assert.equal((await bench.store.load(id, { limit: 2000 }))?.recipients.length, 1002)
      bench = await bench.reopen()
    }
  })
  each('the history of a message, oldest first, over a restart', async (bench) => {
    const id = await commit(bench.store, { recipients: ['a@x.example', 'b@x.example'] })
    bench.store.attempt(id, [0, 1], 1)
    const later = { n: 0, state: 'deferred' as const, esc: '4.0.0', text: 'later' }
    await bench.store.outcome(id, [later], { nextTry: 1_900_000_000_000, durable: true })
    await bench.store.expand(id, 1, [{ address: 'c@x.example', original: 'b@x.example' }])
    await bench.store.admin(id, { action: 'hold', who: 'operator', why: 'test' })
    for (let round = 0; round < 2; round++) {
      const records: HistoryRecord[] = []
      for await (const record of bench.store.history(id)) records.push(record)
      const kinds = records.map((r) => r.kind)
      assert.equal(kinds, ['received', 'attempt', 'outcome', 'expanded', 'hold'], 'kinds of records')
      assert.equal(records[1]!.recipients, [0, 1])
      assert.equal([records[2]!.outcomes, records[2]!.nextTry], [[later], 1_900_000_000_000])
      assert.equal([records[4]!.who, records[4]!.why], ['operator', 'test'])
      assert.ok(records.every((r, i) => r.at >= (records[i - 1]?.at ?? 1)))
      bench = await bench.reopen()
    }
    for await (const _ of bench.store.history(bench.store.newId())) assert.unreachable()
  })
}
