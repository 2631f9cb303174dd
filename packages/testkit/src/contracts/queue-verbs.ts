/** What an operator sees and does: hold, release, delete, requeue, listings. */
import type { QueueFilter } from '@postern/core'
import * as assert from 'uvu/assert'
import { listed } from './queue-bench.ts'
import type { Each } from './queue-bench.ts'
import { bytesOf, commit, content } from './queue-help.ts'

export function verbs(each: Each): void {
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
}
