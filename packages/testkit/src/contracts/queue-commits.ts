/** What was committed is there, whole, after a restart too. */
import * as assert from 'uvu/assert'
import { listed } from './queue-bench.ts'
import type { Each } from './queue-bench.ts'
import { bytesOf, commit, content, states } from './queue-help.ts'

export function commits(each: Each): void {
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
}
