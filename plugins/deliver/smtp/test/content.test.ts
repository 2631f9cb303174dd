/** What goes over the wire between DATA and the final dot. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BodyDamaged } from '@postern/core'
import { deliver, rig } from './core.ts'
import { nextHop } from './next-hop.ts'
import { frame, Stuffer } from '../src/stuff.ts'

const table: [content: string, wire: string][] = [
  ['', '\r\n.\r\n'],
  ['hello\r\n', 'hello\r\n.\r\n'],
  ['no line end', 'no line end\r\n.\r\n'],
  ['.\r\n', '..\r\n.\r\n'],
  ['a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n.\r\n'],
  ['a\r\n..b\r\n.c', 'a\r\n...b\r\n..c\r\n.\r\n'],
  ['a.b\r\n', 'a.b\r\n.\r\n'],
  ['.\r\n.\r\n.\r\n', '..\r\n..\r\n..\r\n.\r\n'],
  ['a\n.\r\nb', 'a\n..\r\nb\r\n.\r\n'],
  ['a\n', 'a\n\r\n.\r\n'],
  ['a\r', 'a\r\r\n.\r\n'],
]
for (const [content, wire] of table)
  test(`stuffed in any pieces: ${JSON.stringify(content)}`, () => {
    const bytes = Buffer.from(content)
    for (let i = 0; i <= bytes.length; i++)
      for (let j = i; j <= bytes.length; j++) {
        const stuffer = new Stuffer()
        const chunks = [bytes.subarray(0, i), bytes.subarray(i, j), bytes.subarray(j)]
        const out = chunks.flatMap((c) => stuffer.chunk(c))
        // an empty message is header and empty line: the state before the first byte is that of a line's start
        if (content === '') continue
        assert.is(Buffer.concat([...out, ...stuffer.end()]).toString(), wire)
        assert.is(frame([Buffer.from('H: v\r\n\r\n'), ...chunks]).toString(), `H: v\r\n\r\n${wire}`)
      }
    if (content === '') assert.is(frame([Buffer.from('H: v\r\n\r\n')]).toString(), 'H: v\r\n\r\n.\r\n')
  })
test('a header that begins with a dot', () => {
  assert.is(frame([Buffer.from('.H: v\r\n\r\n')]).toString(), '..H: v\r\n\r\n.\r\n')
})

const HEADER = 'Subject: hello\r\n'
async function sent(mail: object, options: object = {}) {
  const hop = await nextHop()
  const out = rig(options)
  try {
    const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, header: HEADER, ...mail })
    return { outcome: outcomes['x@remote.example']!, messages: hop.sessions.flatMap((s) => s.messages) }
  } finally {
    await out.stop()
    await hop.close()
  }
}
const LARGE = `${'.'.repeat(70)}\r\n`.repeat(12_000)
const stuffedLarge = `${HEADER}\r\n${LARGE.replaceAll(/^\./gm, '..')}`

test('small, in memory', async () => {
  const { messages } = await sent({ body: '.a\r\nb\r\n' })
  assert.equal(messages, [`${HEADER}\r\n..a\r\nb\r\n`])
})
test('large, in memory', async () => {
  const { messages, outcome } = await sent({ body: LARGE })
  assert.is(outcome.kind, 'delivered')
  assert.ok(messages[0] === stuffedLarge)
})
test('large, as a stream', async () => {
  const bytes = Buffer.from(LARGE)
  const { messages, outcome } = await sent({
    body: 'x',
    async *stream() {
      for (let at = 0; at < bytes.length; at += 9973) yield bytes.subarray(at, at + 9973)
    },
  })
  assert.is(outcome.kind, 'delivered')
  assert.ok(messages[0] === stuffedLarge)
})

for (const error of [new BodyDamaged('checksum'), new Error('EIO')])
  test(`a body that cannot be read to its end (${error.name}) gets no final dot`, async () => {
    const hop = await nextHop()
    const out = rig()
    const settled = { outcomes: {}, order: [] }
    let thrown: unknown
    await deliver(
      out,
      {
        nexthop: `[${hop.host}]:${hop.port}`,
        async *stream() {
          yield Buffer.from('first half\r\n')
          throw error
        },
      },
      undefined,
      settled,
    ).catch((e: unknown) => (thrown = e))
    assert.is(thrown, error)
    assert.equal(settled.order, [])
    for (let i = 0; i < 200 && !hop.sessions[0]!.closed; i++) await new Promise((r) => setTimeout(r, 5))
    assert.ok(hop.sessions[0]!.closed)
    assert.equal(hop.sessions[0]!.messages, [])
    await out.stop()
    await hop.close()
  })

/** A server that is told of each chunk by itself. */
async function rawServer(serve: (socket: Socket, chunk: string, n: number) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    let n = 0
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.write('220 x\r\n')
    socket.on('data', (chunk) => serve(socket, chunk.toString(), n++))
  })
  server.listen(0, '127.0.0.9')
  await once(server, 'listening')
  const close = async () => {
    for (const s of sockets) s.destroy()
    await new Promise((r) => server.close(r))
  }
  return { nexthop: `[127.0.0.9]:${(server.address() as { port: number }).port}`, close }
}
const GO = '250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n'
async function* endless() {
  for (let i = 0; i < 100_000; i++) yield Buffer.alloc(16_384, 'x\r\n')
}
for (const early of ['250 2.0.0 thanks', '552 5.3.4 too much'])
  test(`an answer before the end of the data (${early}) is no answer to it`, async () => {
    const server = await rawServer((socket, _chunk, n) => {
      if (n === 0) socket.write('250-x\r\n250 PIPELINING\r\n')
      if (n === 1) socket.write(GO)
      if (n === 2) socket.write(`${early}\r\n`)
    })
    const out = rig()
    const { outcomes } = await deliver(out, { nexthop: server.nexthop, stream: endless })
    assert.is(outcomes['x@remote.example']!.kind, 'deferred')
    assert.match(outcomes['x@remote.example']!.text, `Protocol error: host 127.0.0.9[127.0.0.9] said: ${early}`)
    await out.stop()
    await server.close()
  })
test('a server that no longer reads: not more than a little is taken from the store', async () => {
  let taken = 0
  const server = await rawServer((socket, _chunk, n) => {
    if (n === 0) socket.write('250-x\r\n250 PIPELINING\r\n')
    if (n === 1) socket.write(GO)
    if (n === 2) socket.pause()
  })
  const out = rig({ smtpDataXferTimeout: '200ms' })
  const { outcomes } = await deliver(out, {
    nexthop: server.nexthop,
    async *stream() {
      for await (const chunk of endless()) {
        taken += chunk.length
        yield chunk
      }
    },
  })
  assert.is(
    outcomes['x@remote.example']!.text,
    'conversation with 127.0.0.9[127.0.0.9] timed out while sending message body',
  )
  // kernel buffers on loopback hold a few MB; the stream has 1.6 GB
  assert.ok(taken < 100e6, `${taken}`)
  await out.stop()
  await server.close()
})
test('replies in any pieces', async () => {
  const say = async (socket: Socket, text: string) => {
    for (const c of text) {
      socket.write(c)
      await new Promise((r) => setImmediate(r))
    }
  }
  const server = await rawServer((socket, _chunk, n) => {
    if (n === 0) void say(socket, '250-x\r\n250 PIPELINING\r\n')
    if (n === 1) void say(socket, GO)
    if (n === 2) void say(socket, '250-2.0.0 two\n250 2.0.0 lines\r\n')
  })
  const out = rig()
  const { outcomes } = await deliver(out, { nexthop: server.nexthop })
  assert.is(outcomes['x@remote.example']!.text, '250-2.0.0 two 250 2.0.0 lines')
  await out.stop()
  await server.close()
})

test.run()
