/** What every queue store must promise (docs/architecture.md, "The queue"). */
import type { QueueEntry, QueueStore } from '@postern/core'
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
  /** stops it and opens another one over the same folder */
  reopen(): Promise<Bench>
}

/** Registers and runs the suite. */
export function queueStoreContract(name: string, make: MakeStore): void {
  const test = suite(`queue store contract: ${name}`)
  const running = new Set<QueueStore>()
  const opened = async (folder: string): Promise<Bench> => {
    const store = await make(folder)
    const rows: string[] = []
    await store.start((entry) => void rows.push(entry.id))
    running.add(store)
    const reopen = async () => {
      running.delete(store)
      await store.stop()
      return opened(folder)
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
    bench.store.attempt(id, [0])
    await bench.store.outcome(id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], { durable: true })
    bench.store.attempt(id, [0])
    await bench.store.outcome(id, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], { durable: true })
    assert.equal((await (await bench.reopen()).store.load(id))?.attempts, 2)
  })
  each('hold, release, requeue and delete are remembered', async (bench) => {
    const [held, released, gone] = [await commit(bench.store), await commit(bench.store), await commit(bench.store)]
    const by = { who: 'operator', why: 'test' }
    for (const id of [held, released]) assert.ok(await bench.store.admin(id, { action: 'hold', ...by }))
    await bench.store.outcome(released, [{ n: 0, state: 'deferred', esc: '4.0.0', text: 'later' }], {
      nextTry: 1_900_000_000_000,
    })
    assert.ok(await bench.store.admin(released, { action: 'release', ...by }))
    assert.ok(await bench.store.admin(released, { action: 'requeue', ...by }))
    assert.ok(await bench.store.admin(gone, { action: 'delete', ...by }))
    const { store } = await bench.reopen()
    const entries = await listed(store)
    assert.equal(entries.map((e) => e.id).sort(), [held, released].sort())
    const now = entries.find((e) => e.id === held)!
    assert.equal([now.held?.by, now.held?.reason], ['operator', 'test'])
    const free = entries.find((e) => e.id === released)!
    assert.equal([free.held, free.nextTry], [undefined, 0])
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
