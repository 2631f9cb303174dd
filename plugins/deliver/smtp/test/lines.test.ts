/** Long lines, as a live Postfix broke them. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deliver, rig } from './core.ts'
import { nextHop } from './next-hop.ts'
import { LineBreaker } from '../src/lines.ts'
import { frame, Stuffer } from '../src/stuff.ts'

interface Recorded {
  readonly name: string
  readonly limit: number
  readonly sent: string
  readonly got: string
}
// long8 is quoted-printable there: of that only the lines count here
const RECORDED = (JSON.parse(readFileSync(new URL('long-lines.json', import.meta.url), 'utf8')) as Recorded[]).filter(
  ({ sent }) => !sent.includes('8bit') && !/[\x80-\xff]/.test(sent),
)
const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')
const unstuffed = (wire: Buffer) =>
  wire
    .toString('latin1')
    .replace(/\r\n\.\r\n$/, '\r\n')
    .replace(/^\.\./gm, '.')

for (const { name, limit, sent, got } of RECORDED)
  test(`as Postfix breaks them: ${name}, ${limit}`, () => {
    const bytes = crlf(sent)
    for (const size of [1e9, 1000, 999, 7, 1]) {
      const stuffer = new Stuffer(limit)
      const out: Uint8Array[] = []
      for (let at = 0; at < bytes.length; at += size) out.push(...stuffer.chunk(bytes.subarray(at, at + size)))
      assert.is(unstuffed(Buffer.concat([...out, ...stuffer.end()])), crlf(got).toString('latin1'), `${size}`)
    }
    const end = bytes.indexOf('\r\n\r\n') + 2
    if (limit === 998)
      assert.is(unstuffed(frame([bytes.subarray(0, end), bytes.subarray(end)], limit)), crlf(got).toString('latin1'))
  })

const CASES: [text: string, broken: string][] = [
  ['aaaa\r\n', 'aaaa\r\n'],
  ['aaaab\r\n', 'aaaa\r\n b\r\n'],
  ['aaaabbb\r\n', 'aaaa\r\n bbb\r\n'],
  ['aaaabbbc', 'aaaa\r\n bbb\r\n c'],
  ['aaaa\nb\naaaab\n', 'aaaa\nb\naaaa\r\n b\n'],
  ['aaaa\r', 'aaaa\r'],
  ['aaaa\rb\r\n', 'aaaa\r\n \rb\r\n'],
  ['\r\n\r\naaaa\r\n\r\n', '\r\n\r\naaaa\r\n\r\n'],
  ['a\r\naaaa\r\naaaab', 'a\r\naaaa\r\naaaa\r\n b'],
]
for (const [text, broken] of CASES)
  test(`in any pieces: ${JSON.stringify(text)}`, () => {
    for (let i = 0; i <= text.length; i++)
      for (let j = i; j <= text.length; j++) {
        const breaker = new LineBreaker(4)
        const pieces = [text.slice(0, i), text.slice(i, j), text.slice(j)].flatMap((t) => breaker.chunk(Buffer.from(t)))
        assert.is(Buffer.concat([...pieces, ...breaker.end()]).toString(), broken, `${i} ${j}`)
      }
  })
test('a message without long lines is not copied', () => {
  const chunk = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(50))
  assert.ok(new LineBreaker(998).chunk(chunk)[0] === chunk)
  assert.ok(new LineBreaker(0).chunk(Buffer.alloc(5000, 'x')).length === 1)
})

for (const [what, times] of [
  ['small', 1],
  ['in pieces', 200],
  ['as a stream', 1],
] as const)
  test(`over the wire: ${what}`, async () => {
    const hop = await nextHop()
    const out = rig({ smtpLineLengthLimit: 20 })
    const text = `${'x'.repeat(30)}\r\n.dot\r\n`.repeat(10 * times)
    const stream = async function* () {
      yield Buffer.from(text.slice(0, 25))
      yield Buffer.from(text.slice(25))
    }
    const header = `Subject: ${'y'.repeat(20)}\r\n`
    const mail = {
      nexthop: `[${hop.host}]:${hop.port}`,
      header,
      body: text,
      stream: what === 'as a stream' ? stream : undefined,
    }
    const { outcomes } = await deliver(out, mail)
    assert.is(outcomes['x@remote.example']?.kind, 'delivered')
    const wanted = `${'x'.repeat(20)}\r\n ${'x'.repeat(10)}\r\n..dot\r\n`.repeat(10 * times)
    assert.is(hop.sessions[0]!.messages[0], `Subject: ${'y'.repeat(11)}\r\n ${'y'.repeat(9)}\r\n\r\n${wanted}`)
    await out.stop()
    await hop.close()
  })
test.run()
