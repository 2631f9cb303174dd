import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import {
  claim,
  createNode,
  defer,
  definePlugin,
  delivered,
  deferred,
  expand,
  failedWith,
  header,
  edits,
  loadConfig,
  parseAddress,
  refuse,
  report,
  routeTo,
  silentSink,
} from '@postern/core'
import type { Listener, Mta, Outcome, Session } from '@postern/core'
import { MemoryStore, memoryQueue } from './support/memory-store.ts'

const plugin = (name: string, apply: (mta: Mta) => void) =>
  definePlugin({ name, options: z.strictObject({}), apply: (mta) => apply(mta as Mta) })

interface World {
  store: MemoryStore
  session: Session
  deliveries: { to: string[]; header: string }[]
  node: Awaited<ReturnType<typeof createNode>>
}
/** A node with a listener, a claim for all, a route for all and a transport that writes down. */
async function world(
  apply: (mta: Mta) => void,
  outcome: (address: string) => Outcome = () => delivered('2.0.0', 'ok'),
): Promise<World> {
  const store = new MemoryStore()
  const deliveries: World['deliveries'] = []
  let door!: () => Listener
  const base = plugin('base', (mta) => {
    door = mta.listen('mx')
    mta.relay.tap({ phase: 'late' }, () => claim('test'))
    mta.resolve.tap({ phase: 'late' }, (v) => routeTo('box', v.recipient.domain))
    mta.deliver('box', {
      deliver: (job) => {
        deliveries.push({ to: job.recipients.map((r) => r.address), header: Buffer.from(job.header).toString() })
        return job.each((r) => outcome(r.address))
      },
    })
  })
  const loaded = await loadConfig({
    config: { myhostname: 'mx.example.org', plugins: [memoryQueue(store), plugin('mine', apply), base] },
  })
  const node = await createNode(loaded, { log: silentSink })
  await node.start()
  const client = { address: '192.0.2.1', port: 1, name: 'unknown', reverseName: 'unknown' }
  const session = door().open({ protocol: 'smtp', client, server: { address: '127.0.0.1', port: 25 } })
  return { store, session, deliveries, node }
}
async function finish(w: World): Promise<void> {
  w.session.end()
  await w.node.stop()
}
const address = (text: string) => parseAddress(text)!

async function send(w: World, recipients: string[], content = 'Subject: hi\r\n\r\nbody\r\n') {
  await w.session.connect()
  await w.session.helo('EHLO', 'client.example')
  await w.session.mail(address('a@b.example'), {})
  const replies = []
  for (const r of recipients) replies.push(await w.session.rcpt(address(r), {}))
  const data = await w.session.data()
  if (data) return { replies, end: data }
  const sink = w.session.content()
  await sink.write(Buffer.from(content))
  const end = await sink.end()
  await w.node.idle()
  return { replies, end }
}

test('a message goes through, and no promise is made where nobody waits', async () => {
  const w = await world(() => undefined)
  assert.is(w.session.connect(), undefined)
  assert.is(w.session.helo('EHLO', 'x'), undefined)
  const { end } = await send(w, ['u@d.example'])
  assert.is(end.code, 250)
  assert.is(w.deliveries.length, 1)
  assert.match(
    w.deliveries[0]!.header,
    /^Received: from client\.example \(unknown \[192\.0\.2\.1\]\)\r\n\tby mx\.example\.org \(Postern\) with ESMTP id ID\d+\r\n\tfor <u@d\.example>; .*\r\nSubject: hi\r\n$/,
  )
  assert.is(w.store.messages.size, 0)
  await finish(w)
})

test('recipients are batched per next hop, and each mailbox is delivered once', async () => {
  const w = await world(() => undefined)
  await send(w, ['a@one.example', 'b@two.example', 'c@one.example', 'a@ONE.example'])
  assert.equal(w.deliveries.map((d) => d.to).sort(), [['a@one.example', 'c@one.example'], ['b@two.example']])
  await finish(w)
})

test('what nobody claims is refused', async () => {
  const store = new MemoryStore()
  let door!: () => Listener
  const base = plugin('base', (mta) => {
    door = mta.listen('mx')
  })
  const node = await createNode(await loadConfig({ config: { plugins: [memoryQueue(store), base] } }), {
    log: silentSink,
  })
  await node.start()
  const s = door().open({
    protocol: 'smtp',
    client: { address: '127.0.0.1', port: 1, name: 'localhost', reverseName: 'localhost' },
    server: { address: '127.0.0.1', port: 25 },
  })
  await s.mail(address('a@b.example'), {})
  assert.equal(await s.rcpt(address('u@d.example'), {}), {
    code: 554,
    esc: '5.7.1',
    text: '<u@d.example>: Relay access denied',
  })
  s.end()
  await node.stop()
})

test('a permit at rcpt opens no relay; an early refusal waits for RCPT', async () => {
  const w = await world((mta) => {
    mta.helo.tap(() => refuse('5.7.1', '<client.example>: Helo command rejected: no'))
  })
  const { replies, end } = await send(w, ['u@d.example'])
  assert.is(replies[0]!.text, '<client.example>: Helo command rejected: no')
  assert.is(end.code, 554)
  await finish(w)
})

const FAULTS: [string, (mta: Mta) => void][] = [
  [
    'throws',
    (mta) =>
      mta.rcpt.tap(() => {
        throw new Error('no')
      }),
  ],
  [
    'rejects',
    (mta) =>
      mta.rcpt.tap(async () => {
        throw new Error('no')
      }),
  ],
  ['answers null', (mta) => mta.rcpt.tap((() => null) as never)],
  ['answers a wrong verdict', (mta) => mta.rcpt.tap((() => ({ kind: 'claim' })) as never)],
  ['answers a code that is none', (mta) => mta.rcpt.tap(() => ({ ...defer('4.7.1', 'x'), code: 250 }))],
  [
    'answers an edit of another stage',
    (mta) => mta.rcpt.tap((() => ({ kind: 'edits', edits: [{ kind: 'body.replace', content: '' }] })) as never),
  ],
]
for (const [name, apply] of FAULTS)
  test(`a tap that ${name} defers`, async () => {
    const w = await world(apply)
    const { replies } = await send(w, ['u@d.example'])
    assert.is(replies[0]!.code, 451)
    assert.is(w.store.messages.size, 0)
    await finish(w)
  })

test('edits of cleanup are in what is delivered', async () => {
  const w = await world((mta) => {
    mta.cleanup.tap({ body: 'headers' }, (d) =>
      edits([header.insert('X-Size', String(d.header.fields.length)), header.replace('Subject', 'changed')]),
    )
  })
  await send(w, ['u@d.example'])
  assert.match(w.deliveries[0]!.header, /^X-Size: 2\r\nReceived: [^]*Subject: changed\r\n$/)
  await finish(w)
})

test('a store that fails answers 451 and keeps nothing', async () => {
  const w = await world(() => undefined)
  w.store.failCommit = true
  const { end } = await send(w, ['u@d.example'])
  assert.equal(end, { code: 451, esc: '4.3.0', text: 'Error: queue file write error' })
  await finish(w)
})

test('an alias is expanded, a circle is not followed for ever', async () => {
  const w = await world((mta) => {
    mta.resolve.tap((v) => {
      if (v.recipient.local === 'staff') return expand(['a@d.example', 'b@d.example', 'staff@d.example'])
      return undefined
    })
  })
  await send(w, ['staff@d.example', 'a@d.example'])
  assert.equal(w.deliveries.flatMap((d) => d.to).sort(), ['a@d.example', 'a@d.example', 'b@d.example'])
  await finish(w)
})

test('failures of one round are one report, durable before they are settled', async () => {
  let told: string[] = []
  const w = await world(
    (mta) => {
      mta.report.tap((v) => {
        told = v.recipients.map((r) => `${r.address} ${r.status}`)
        return report({ sender: '', recipients: [v.sender], content: 'Subject: bounce\n\nno' })
      })
    },
    (a) => (a.startsWith('bad') ? failedWith('5.1.1', 'no such user') : delivered('2.0.0', 'ok')),
  )
  await send(w, ['bad1@d.example', 'ok@d.example', 'bad2@e.example'])
  assert.equal(told.sort(), ['bad1@d.example 5.1.1', 'bad2@e.example 5.1.1'])
  const commit = w.store.log.findIndex((l) => l === 'commit ID00000000002')
  const failed = w.store.log.findIndex((l) => l.endsWith('failed'))
  assert.ok(commit >= 0 && commit < failed, w.store.log.join('\n'))
  assert.is(w.deliveries[w.deliveries.length - 1]!.to[0], 'a@b.example')
  await finish(w)
})

test('without a reporter nothing is settled', async () => {
  const w = await world(
    () => undefined,
    () => failedWith('5.1.1', 'no such user'),
  )
  await send(w, ['u@d.example'])
  assert.is(w.store.messages.size, 1)
  assert.is([...w.store.messages.values()][0]!.recipients[0]!.state, 'pending')
  await finish(w)
})

test('a transport that throws half way defers only the open recipients', async () => {
  let n = 0
  const w = await world(
    () => undefined,
    () => {
      if (n++ === 1) throw new Error('half way')
      return delivered('2.0.0', 'ok')
    },
  )
  await send(w, ['a@d.example', 'b@d.example', 'c@d.example'])
  const m = [...w.store.messages.values()][0]!
  assert.equal(
    m.recipients.map((r) => r.state),
    ['delivered', 'pending', 'delivered'],
  )
  await finish(w)
})

test('deferred mail waits, and flush tries again', async () => {
  let up = false
  const w = await world(
    () => undefined,
    () => (up ? delivered('2.0.0', 'ok') : deferred('4.4.1', 'connect: refused', { siteDown: true })),
  )
  await send(w, ['u@d.example'])
  assert.is(w.store.messages.size, 1)
  up = true
  w.node.flush()
  await w.node.idle()
  assert.is(w.store.messages.size, 0)
  await finish(w)
})

test.run()
