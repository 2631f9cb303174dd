/** What plugins keep over a reload, the queue's store above all. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { claim, createNode, definePlugin, delivered, loadConfig, queueStore, routeTo } from '@postern/core'
import type { Mta, QueueStore } from '@postern/core'
import { z } from 'zod'
import { settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { LogBook, plugin, rejection, world } from '../support/world.ts'

/** A store behind `keep`, as one with open files is: each call asks for what is kept. */
async function keptWorld() {
  const seen: string[] = []
  const log = new LogBook()
  const store = new MemoryStore()
  const delivering: string[] = []
  let generation = 0
  const queue = definePlugin({
    name: 'kept-queue',
    options: z.strictObject({}),
    provides: [queueStore],
    apply(mta) {
      const mine = ++generation
      const kept = mta.keep(
        'files',
        () => (seen.push('made'), store),
        () => void seen.push('disposed'),
      )
      const ask = (_: object, key: keyof MemoryStore) => {
        const value = kept()[key] as unknown
        return typeof value === 'function' ? (value.bind(store) as unknown) : value
      }
      mta.provide(queueStore, new Proxy({}, { get: ask as never }) as QueueStore)
      mta.lifecycle({ start: () => void kept(), stop: () => void seen.push(`stop ${mine}`) })
    },
  })
  const load = (mine: (m: Mta) => void = () => undefined) =>
    loadConfig({
      config: {
        myhostname: 'mx.example.org',
        plugins: [
          queue,
          plugin('mine', mine),
          plugin('base', (m) => {
            m.relay.tap({ phase: 'late' }, () => claim('test'))
            m.resolve.tap({ phase: 'late' }, (v) => routeTo('box', v.recipient.domain))
            m.deliver('box', {
              deliver: async (job) => {
                delivering.push(job.messageId)
                return job.all(delivered('2.0.0', 'ok'))
              },
            })
          }),
        ],
      },
    })
  const node = await createNode(await load(), { log })
  await node.start()
  const send = () => node.submit({ sender: 'a@b.example', recipients: ['u@d.example'], content: 'A: b\n\nc' })
  return { node, load, send, seen, log, delivering }
}

for (const reloads of [0, 1, 2, 3])
  test(`the store works after ${reloads} reloads, and is let go at the end`, async () => {
    const w = await keptWorld()
    await w.send()
    await w.node.idle()
    for (let i = 0; i < reloads; i++) {
      await w.node.reload(await w.load())
      await settle()
      await w.send()
      await w.node.idle()
      assert.not.ok(w.seen.includes('disposed'), `after reload ${i + 1}`)
    }
    assert.is(w.delivering.length, reloads + 1)
    assert.is(w.node.status().queue.messages, 0)
    assert.equal(w.log.of('queue.fault'), [])
    await w.node.stop()
    assert.equal(
      w.seen.filter((s) => !s.startsWith('stop')),
      ['made', 'disposed'],
    )
    const stops = Array.from({ length: reloads + 1 }, (_, i) => `stop ${i + 1}`)
    assert.equal(w.seen.filter((s) => s.startsWith('stop')).sort(), stops, 'each generation of the store has stopped')
  })
test('beside the store, what nobody keeps any more is disposed at the reload', async () => {
  const w = await keptWorld()
  const keeping = (m: Mta) => {
    const pool = m.keep(
      'pool',
      () => (w.seen.push('pool made'), {}),
      () => void w.seen.push('pool disposed'),
    )
    m.lifecycle({ start: () => void pool() })
  }
  const pools = () => w.seen.filter((s) => s.startsWith('pool'))
  for (const mine of [keeping, keeping, undefined]) {
    await w.node.reload(await w.load(mine))
    await settle()
    assert.equal(pools(), mine ? ['pool made'] : ['pool made', 'pool disposed'])
  }
  await w.send()
  await w.node.idle()
  assert.is(w.delivering.length, 1)
  await w.node.stop()
})
test('what the new graph keeps lives over the reload, also when it has not asked for it yet', async () => {
  const seen: string[] = []
  const keeping = (m: Mta) => {
    const pool = m.keep(
      'pool',
      () => (seen.push('made'), {}),
      () => void seen.push('disposed'),
    )
    m.rcpt.tap(() => void pool())
  }
  const w = await world(keeping)
  await w.send()
  w.session.end()
  await w.node.reload(await w.load({}, keeping))
  await settle()
  assert.equal(seen, ['made'])
  await w.send(undefined, undefined, w.open())
  assert.equal(seen, ['made'])
})

const cannot = (m: Mta) => {
  const pool = m.keep(
    'pool',
    () => ({}),
    () => {
      throw new Error('cannot be let go')
    },
  )
  m.lifecycle({ start: () => void pool() })
}
test('a dispose that throws at a reload is logged', async () => {
  const w = await world(cannot)
  await w.node.reload(await w.load({}, () => undefined))
  await settle()
  assert.is(w.log.of('plugin.disposeFailed').length, 1)
  await w.stop()
  assert.is(w.node.status().state, 'stopped')
})
test('a dispose that throws at stop keeps nobody else from stopping', async () => {
  const store = new MemoryStore()
  let stopped = false
  store.stop = async () => void (stopped = true)
  const w = await world(cannot, { store })
  await w.stop()
  assert.is(stopped, true)
  assert.is(w.node.status().state, 'stopped')
})
test('two uses cannot keep under one key', async () => {
  const keeps = (name: string) =>
    plugin(name, (m) => {
      m.keep(
        'pool',
        () => ({}),
        () => undefined,
      )
    })
  const e = await rejection(() => world(undefined, { uses: [keeps('one'), keeps('two')] }))
  assert.match(e.message + e.problems.map((p) => p.message).join(), /"one" has "pool" already/)
})

test.run()
