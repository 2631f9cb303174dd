/** Dots and line ends, against a reader that works line by line and knows nothing of chunks. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from './support/host.ts'
import { Client } from './support/client.ts'
import { ContentDecoder } from '../dist/decoder.js'

type Mode = 'no' | 'normalize' | 'reject'
interface Decoded {
  content: string
  /** what follows the end; undefined when there was none */
  rest: string | undefined
}

/** RFC 5321 section 4.5.2 and Postfix's smtpd_forbid_bare_newline, one line at a time. */
function reference(input: string, mode: Mode): Decoded {
  let content = ''
  let at = 0
  let previousBare = false
  while (at < input.length) {
    const lf = input.indexOf('\n', at)
    if (lf < 0) break
    const bare = lf === at || input[lf - 1] !== '\r'
    let line = input.slice(at, bare ? lf : lf - 1)
    // any number of CRs belongs to the line end
    if (mode === 'no') line = line.replace(/\r+$/, '')
    at = lf + 1
    if (line === '.' && (mode === 'no' || (!bare && !previousBare))) return { content, rest: input.slice(at) }
    if (line !== '.') content += (line.startsWith('.') ? line.slice(1) : line) + '\r\n'
    previousBare = bare
  }
  return { content, rest: undefined }
}
function decode(chunks: readonly string[], mode: Mode): Decoded {
  const out: string[] = []
  const decoder = new ContentDecoder(true, mode, (chunk) => out.push(chunk.toString('latin1')))
  for (let i = 0; i < chunks.length; i++) {
    const stopped = decoder.decode(Buffer.from(chunks[i]!, 'latin1'), 0)
    if (decoder.ended) return { content: out.join(''), rest: chunks[i]!.slice(stopped) + chunks.slice(i + 1).join('') }
  }
  return { content: out.join(''), rest: undefined }
}

const MESSAGES = [
  '.\r\n',
  '..\r\n.\r\n',
  'a\r\n.\r\nNOOP\r\n',
  'a\r\n..b\r\n...\r\n.c\r\n\r\n.\r\nrest',
  '.\rx\r\n.\r\n',
  '.\r\r\n.\r\n',
  'bare\rcr\r\r\n.\r\n',
  'a\r\r\n\r\r\r\nb\r\rc\r\r\n.\r\r\n.\r\n',
  '.\r\r\rx\r\r\n..\r\r\n.\r\n',
  'a\nb\r\n.\r\n',
  'x\n.\r\nMAIL FROM:<evil@b.example>\r\n.\r\n',
  'x\r\n.\nMAIL FROM:<evil@b.example>\r\n.\r\n',
  'x\n.\nMAIL\r\n.\r\n',
  'x\n..y\n\n.z\r\n.\r\n',
  '\n\n\r\n\r\r\n.\r\n',
  'long'.repeat(30) + '\r\n' + '.'.repeat(70) + '\n' + 'x'.repeat(40) + '\r\n.\r\n',
]

test('each message, split at each pair of positions', () => {
  for (const mode of ['no', 'normalize'] as const)
    for (const message of MESSAGES) {
      const want = reference(message, mode)
      assert.equal(decode([message], mode), want, JSON.stringify([message, mode]))
      const step = message.length > 60 ? 7 : 1
      for (let i = 0; i <= message.length; i += step)
        for (let j = i; j <= message.length; j += step)
          assert.equal(
            decode([message.slice(0, i), message.slice(i, j), message.slice(j)], mode),
            want,
            JSON.stringify([message, mode, i, j]),
          )
    }
})

test('random messages in random chunks', () => {
  let seed = 20240229
  const random = (n: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n
  const pieces = ['.', '..', '\r\n', '\n', '\r', 'a', 'some text', '.\r\n', '\r\n.', 'x'.repeat(50)]
  for (let n = 0; n < 4000; n++) {
    let message = ''
    for (let k = random(14); k >= 0; k--) message += pieces[random(pieces.length)]!
    message += '\r\nend\r\n.\r\nQUIT\r\n'
    const chunks: string[] = []
    for (let at = 0; at < message.length;) {
      const to = at + 1 + random(12)
      chunks.push(message.slice(at, to))
      at = to
    }
    const mode = (['no', 'normalize'] as const)[n % 2]!
    assert.equal(decode(chunks, mode), reference(message, mode), JSON.stringify([message, mode]))
  }
})

test('a chunk that needs no change is passed on uncopied', () => {
  const chunk = Buffer.from('line one\r\nline two\r\n\r\nbody\r\n')
  const seen: Buffer[] = []
  new ContentDecoder(true, 'no', (c) => seen.push(c)).decode(chunk, 0)
  assert.is(seen.length, 1)
  assert.is(seen[0]!.buffer, chunk.buffer)
  assert.is(seen[0]!.byteOffset, chunk.byteOffset)
})

test('over a socket: the message arrives whole however TCP cuts it', async () => {
  const server = await run()
  try {
    const message = 'Subject: x\r\n\r\n..\r\n...x\r\n.y\r\nbare\nlf\r\n.\r\n'
    const client = await Client.open(server.port)
    await client.reply()
    await client.say('EHLO c.example')
    for (let i = 0; i <= message.length; i++) {
      client.raw('MAIL FROM:<a@b.example>\r\nRCPT TO:<rich@postern.example>\r\nDATA\r\n')
      for (const want of ['250', '250', '354']) assert.match(await client.reply(), new RegExp(`^${want} `))
      client.raw(message.slice(0, i))
      await new Promise((done) => setImmediate(done))
      client.raw(message.slice(i))
      assert.is(await client.reply(), '250 2.0.0 Ok: queued as QID')
    }
    client.destroy()
    assert.is(server.fake.messages.length, message.length + 1)
    for (const { content } of server.fake.messages)
      assert.is(content, 'Subject: x\r\n\r\n.\r\n..x\r\ny\r\nbare\r\nlf\r\n')
  } finally {
    await server.stop()
  }
})

test.run()
