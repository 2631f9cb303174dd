import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialogue, dotStuffed, nextHop } from '@postern/testkit'

async function server(serve: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const s = createServer((socket) => serve(socket.on('error', () => undefined)))
  await new Promise<void>((ready) => s.listen(0, '127.0.0.1', ready))
  return { server: s, port: (s.address() as { port: number }).port }
}

test('content is dot-stuffed (RFC 5321 section 4.5.2)', () => {
  const cases: [string, string][] = [
    ['a\nb', 'a\r\nb\r\n.\r\n'],
    ['.\n..\n.x\n', '..\r\n...\r\n..x\r\n.\r\n'],
    ['a\r\n', 'a\r\n.\r\n'],
    ['', '.\r\n'],
    ['ü', 'ü\r\n.\r\n'],
  ]
  for (const [text, wire] of cases) assert.is(dotStuffed(text).toString(), wire)
  assert.equal(dotStuffed(Buffer.from([0xfc, 10])), Buffer.from([0xfc, 13, 10, 46, 13, 10]))
})

test('replies of several lines come whole, also in pieces', async () => {
  const { port, server: s } = await server((socket) => {
    socket.write('220-one\r\n22')
    setTimeout(() => socket.write('0 two\r\n'), 20)
  })
  const d = await dialogue(port)
  assert.is(d.greeting, '220-one\n220 two')
  await d.close()
  s.close()
})

test('a command without an answer is named in the error', async () => {
  const { port, server: s } = await server((socket) => socket.write('220 hi\r\n'))
  const d = await dialogue(port, { timeout: 50 })
  const error = await d.send('MAIL FROM:<a@b.example>').then(
    () => undefined,
    (e: Error) => e,
  )
  assert.is(error?.name, 'ReplyTimeout')
  assert.match(error!.message, 'MAIL FROM:<a@b.example>: no reply within 50 ms')
  await d.close()
  s.close()
})

test('a connection that is closed shows, after its last reply', async () => {
  const { port, server: s } = await server((socket) => {
    socket.write('220 hi\r\n')
    socket.once('data', () => socket.end('421 4.3.2 bye\r\n'))
  })
  const d = await dialogue(port)
  assert.is(d.closed, false)
  assert.is(await d.send('NOOP'), '421 4.3.2 bye')
  await d.ended()
  assert.is(d.closed, true)
  const error = await d.send('NOOP').then(
    () => undefined,
    (e: Error) => e,
  )
  assert.is(error?.name, 'ConnectionClosed')
  await d.close()
  s.close()
})

test('nobody listens: the address stands in the error', async () => {
  const { port, server: s } = await server(() => undefined)
  await new Promise((done) => s.close(done))
  const error = await dialogue(port).then(
    () => undefined,
    (e: Error) => e,
  )
  assert.match(error!.message, `connect to 127.0.0.1:${port}`)
})

test('raw bytes, several replies, and the whole of a message', async () => {
  const hop = await nextHop()
  const d = await dialogue(hop.port)
  const replies = await d.raw('EHLO a.example\r\nMAIL FROM:<x@a.example>\r\nRSET\r\n', 3)
  assert.equal(
    replies.map((r) => r.slice(0, 3)),
    ['250', '250', '250'],
  )
  const all = await d.message({
    from: 'x@a.example',
    to: ['y@b.example', 'z@b.example'],
    text: 'Subject: hi\n\n.dot\n',
  })
  assert.is(all.at(-1), '250 2.0.0 Ok: queued as HOP')
  assert.is(hop.messages[0]?.message, 'Subject: hi\r\n\r\n.dot\r\n')
  await d.close()
  await hop.stop()
})

test.run()
