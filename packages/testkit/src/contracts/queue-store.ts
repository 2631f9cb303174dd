/** What every queue store must promise (docs/architecture.md, "The queue"). */
import type { HistoryRecord, QueuedMessage, QueueEntry, QueueFilter, QueueStore } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { tempFolder } from '../temp.ts'
import { bytesOf, commit, content, states } from './queue-help.ts'

/** A store over `folder` that has not been started; called again with the same folder to see what a restart finds. */
export type MakeStore = (folder: string) => QueueStore | Promise<QueueStore>

/** The store under test, and what its start told. */
interface Bench {
  readonly store: QueueStore
  readonly rows: readonly string[]
  /** stops it and opens another one over the same folder; `false`: does not wait until all messages have been told */
  reopen(wait?: boolean): Promise<Bench>
}

/** Registers and runs the suite. */
export function queueStoreContract(name: string, make: MakeStore): void {
  const test = suite(`queue store contract: ${name}`)
  const running = new Set<QueueStore>()
  const opened = async (folder: string, wait = true): Promise<Bench> => {
    const store = await make(folder)
    const rows: string[] = []
    const recovery = await store.start((entry) => void rows.push(entry.id))
    if (wait) await recovery.done
    running.add(store)
    const reopen = async (waiting = true) => {
      running.delete(store)
      await store.stop()
      return opened(folder, waiting)
    }
    return { store, rows, reopen }
  }
  const each = (title: string, body: (bench: Bench) => Promise<void>) => {
    test(title, async () => {
      const folder = await tempFolder('queue-contract')
      try {
        await body(await opened(folder.path))
      } finally {
        for (const store of running) await store.stop()
        running.clear()
        await folder.remove()
      }
    })
  }
  const listed = async (store: QueueStore): Promise<QueueEntry[]> => {
    const entries: QueueEntry[] = []
    for await (const e of store.list()) entries.push(e)
    return entries
  }

  each('ids have 13 characters and ascend', async ({ store }) => {
    const ids = Array.from({ length: 1000 }, () => store.newId())
    assert.equal([...ids].sort(), ids)
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.every((id) => id.length === 13))
  })
  each('ids ascend over a restart', async (bench) => {
    const before = await commit(bench.store)
    assert.ok((await bench.reopen()).store.newId() > before)
  })
  each('what was committed is there after a restart, byte for byte', async (bench) => {
    const header = Buffer.from('Subject: caf\xe9\r\nX-Odd:  two  spaces\r\n', 'latin1')
    const body = Buffer.from([0, 13, 10, 46, 13, 10, 255, 254, 13, 10])
    const envelope = { sender: '', marks: { spam: { score: 4.5, tests: ['a'] } }, envid: 'e+1', ret: 'HDRS' as const }
    const recipients = [
      { address: 'a@site.example', original: 'A@Site.example', orcpt: 'rfc822;x', notify: ['FAILURE' as const] },
    ]
    const id = await commit(bench.store, { header, body, envelope, recipients })
    const { store, rows } = await bench.reopen()
    assert.equal(rows, [id])
    const m = await store.load(id)
    assert.ok(m, 'the message is gone')
    assert.equal(Buffer.from(m.header), header)
    assert.equal(await bytesOf(m.body), body)
    assert.equal({ ...m.envelope, ...envelope }, m.envelope)
    assert.equal({ ...m.recipients[0], ...recipients[0] }, m.recipients[0])
    assert.equal(states(m), ['pending'])
  })
  each('a large body comes back whole', async (bench) => {
    const body = content(3_000_000)
    const id = await commit(bench.store, { body })
    const m = await (await bench.reopen()).store.load(id)
    assert.equal(m?.body.size, body.length)
    assert.ok((await bytesOf(m!.body)).equals(body))
  })
  each('an empty body comes back', async (bench) => {
    const id = await commit(bench.store, { body: Buffer.alloc(0) })
    assert.equal((await (await bench.reopen()).store.load(id))?.body.size, 0)
  })
  each('many commits at once', async (bench) => {
    const ids = await Promise.all(
      Array.from({ length: 200 }, (_v, i) => commit(bench.store, { body: content(100 * i) })),
    )
    const { store, rows } = await bench.reopen()
    assert.equal([...rows].sort(), [...ids].sort())
    for (const [i, id] of ids.entries()) assert.equal((await store.load(id))?.body.size, 100 * i)
  })
  each('a body that was given up leaves nothing', async (bench) => {
    const sink = bench.store.body()
    await sink.write(content(400_000))
    sink.abort()
    assert.equal(await listed((await bench.reopen()).store), [])
  })
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
  each('hold, release and delete are remembered', async (bench) => {
    const [held, released, gone] = [await commit(bench.store), await commit(bench.store), await commit(bench.store)]
    const by = { who: 'operator', why: 'test' }
    for (const id of [held, released]) assert.ok(await bench.store.admin(id, { action: 'hold', ...by }))
    await bench.store.outcome(released, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], {
      nextTry: 1_900_000_000_000,
    })
    assert.ok(await bench.store.admin(released, { action: 'release', ...by }))
    assert.ok(await bench.store.admin(released, { action: 'release', ...by }))
    assert.ok(await bench.store.admin(gone, { action: 'delete', ...by }))
    const { store } = await bench.reopen()
    const entries = await listed(store)
    assert.equal(entries.map((e) => e.id).sort(), [held, released].sort())
    const now = entries.find((e) => e.id === held)!
    assert.equal([now.held?.by, now.held?.reason], ['operator', 'test'])
    const free = entries.find((e) => e.id === released)!
    assert.equal([free.held, free.nextTry], [undefined, 0])
  })
  each(
    'a requeued message is new: expansions, attempts and hold undone, delivered recipients gone, body kept',
    async (bench) => {
      for (const size of [20, 400_000]) {
        const { store } = bench
        const body = content(size)
        const id = await commit(store, { body, recipients: ['a@x.example', 'list@x.example', 'c@x.example'] })
        await store.expand(id, 1, [{ address: 'd@y.example', original: 'list@x.example' }])
        store.attempt(id, [0, 2, 3], 1)
        const sent = { state: 'delivered' as const, esc: '2.0.0', text: 'sent' }
        await store.outcome(
          id,
          [
            { n: 0, ...sent },
            { n: 3, ...sent },
          ],
          { nextTry: 1_900_000_000_000, durable: true, warned: true },
        )
        await store.admin(id, { action: 'hold', who: 'operator', why: 'test' })
        const now = await store.requeue(id, { who: 'operator', why: 'again' })
        assert.ok(now && now > id, `the new id is ${now}`)
        assert.equal(await store.load(id), undefined)
        bench = await bench.reopen()
        const m = (await bench.store.load(now))!
        assert.equal(
          m.recipients.map((r) => [r.n, r.address, r.state, r.text]),
          [
            [0, 'list@x.example', 'pending', undefined],
            [1, 'c@x.example', 'pending', undefined],
          ],
        )
        assert.equal([m.attempts, m.nextTry, m.held, m.expired, m.warned], [0, 0, undefined, undefined, undefined])
        assert.ok(m.envelope.reason.includes(id), `the old id is named: ${m.envelope.reason}`)
        assert.ok((await bytesOf(m.body)).equals(body))
        bench = await bench.reopen()
        assert.equal(await bench.store.load(id), undefined)
        assert.ok((await bytesOf((await bench.store.load(now))!.body)).equals(body))
      }
      assert.equal(await bench.store.requeue(bench.store.newId(), { who: 'operator', why: 'test' }), undefined)
    },
  )
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
  each('a listing is filtered', async ({ store }) => {
    const early = await commit(store, { envelope: { created: Date.UTC(2029, 0, 1) } })
    const late = await commit(store, { held: { by: 'policy', reason: 'looks odd' } })
    const middle = Date.UTC(2029, 6, 1)
    const cases: [QueueFilter, string[]][] = [
      [{}, [early, late]],
      [{ ids: [late, store.newId()] }, [late]],
      [{ before: middle }, [early]],
      [{ after: middle }, [late]],
      [{ held: true }, [late]],
      [{ held: false }, [early]],
      [{ ids: [early, late], held: true, before: middle }, []],
    ]
    for (const [filter, ids] of cases) {
      const found: string[] = []
      for await (const entry of store.list(filter)) found.push(entry.id)
      assert.equal(found.sort(), ids.sort(), JSON.stringify(filter))
    }
  })
  each('what is asked about a message before recovery is done waits for it', async (bench) => {
    const id = await commit(bench.store)
    const { store } = await bench.reopen(false)
    const asked = store.load(id)
    assert.ok(store.newId() > id)
    const late = await commit(store)
    assert.equal((await asked)?.id, id)
    assert.ok(await store.load(late))
  })
  each('a message may be committed on hold', async (bench) => {
    const id = await commit(bench.store, { held: { by: 'policy', reason: 'looks odd' } })
    const m = await (await bench.reopen()).store.load(id)
    assert.equal([m?.held?.by, m?.held?.reason], ['policy', 'looks odd'])
  })
  each('what is not there is undefined or false, not a throw', async ({ store }) => {
    const unknown = store.newId()
    assert.equal(await store.load(unknown), undefined)
    assert.equal(await store.admin(unknown, { action: 'delete', who: 'operator', why: 'test' }), false)
  })
  each('the listing has sizes and recipients, without bodies', async ({ store }) => {
    const id = await commit(store, { header: Buffer.from('A: b\r\n'), body: Buffer.from('12345\r\n') })
    const [entry] = await listed(store)
    assert.equal(entry?.id, id)
    assert.ok(entry!.size >= 13, `size ${entry?.size}`)
    assert.equal(entry!.recipients.length, 1)
    assert.equal(store.health().messages, 1)
  })
  test.run()
}
