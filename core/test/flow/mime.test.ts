/** MIME parts: a part is shown as it stands, and none hides from a filter behind a broken structure. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Header, memoryBody, mimeParts } from '@postern/core'
import { world } from '../support/world.ts'

const crlf = (text: string) => text.replace(/\n/g, '\r\n')
interface Part {
  readonly path: string
  readonly type: string
  readonly text: string
}
async function parts(message: string, chunk = Infinity): Promise<Part[]> {
  const cut = message.indexOf('\n\n') + 1
  const bytes = Buffer.from(crlf(message.slice(cut + 1)), 'latin1')
  const chunks: Buffer[] = []
  for (let i = 0; i < bytes.length; i += Math.min(chunk, bytes.length))
    chunks.push(bytes.subarray(i, i + Math.min(chunk, bytes.length)))
  const out: Part[] = []
  for await (const p of mimeParts(new Header(Buffer.from(crlf(message.slice(0, cut)))), memoryBody(chunks))) {
    let text = ''
    for await (const c of p.stream()) text += Buffer.from(c).toString('latin1')
    out.push({ path: p.path, type: p.contentType, text: text.replace(/\r\n/g, '\n') })
  }
  return out
}
const multi = (boundary: string, sub = 'mixed') => `Content-Type: multipart/${sub}; boundary="${boundary}"\n`

const CASES: [name: string, message: string, wanted: [path: string, type: string, text: string][]][] = [
  ['no type', 'A: b\n\nx\n', [['0', 'text/plain', 'x\n']]],
  ['a broken type', 'Content-Type: nonsense\n\nx\n', [['0', 'text/plain', 'x\n']]],
  ['one part', 'Content-Type: TEXT/Html; charset=x\n\n<p>\n', [['0', 'text/html', '<p>\n']]],
  ['nothing in it', 'A: b\n\n', [['0', 'text/plain', '']]],
  [
    'two',
    multi('b') + '\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'one'],
      ['2', 'text/html', 'two'],
    ],
  ],
  [
    'preamble and epilogue are no parts',
    multi('b') + '\npreamble\n\n--b\n\none\n--b--\nepilogue\n--b\n\nnot a part\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'one'],
    ],
  ],
  [
    'no end',
    multi('b') + '\n--b\n\none\n--b\n\ntwo\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'one'],
      ['2', 'text/plain', 'two\n'],
    ],
  ],
  ['no boundary parameter', 'Content-Type: multipart/mixed\n\n--b\n\nx\n', [['0', 'multipart/mixed', '--b\n\nx\n']]],
  [
    'white space behind a boundary',
    multi('b') + '\n--b  \t\n\none\n--b-- \n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'one'],
    ],
  ],
  [
    'a line that only begins like one',
    multi('b') + '\n--b\n\n--bc\n-- b\n--\n--b--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', '--bc\n-- b\n--'],
    ],
  ],
  [
    'an empty part',
    multi('b') + '\n--b\n\n--b--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', ''],
    ],
  ],
  [
    'a part of a header alone',
    multi('b') + '\n--b\nContent-Type: image/png\n--b--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'image/png', ''],
    ],
  ],
  [
    'nested',
    multi('o') + '\n--o\n' + multi('i', 'alternative') + '\n--i\n\none\n--i\n\ntwo\n--i--\n--o\n\nthree\n--o--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'multipart/alternative', ''],
      ['1.1', 'text/plain', 'one'],
      ['1.2', 'text/plain', 'two'],
      ['2', 'text/plain', 'three'],
    ],
  ],
  [
    'an outer boundary ends what is inside',
    multi('o') + '\n--o\n' + multi('i') + '\n--i\n\none\n--o\n\ntwo\n--o--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'multipart/mixed', ''],
      ['1.1', 'text/plain', 'one'],
      ['2', 'text/plain', 'two'],
    ],
  ],
  [
    'a boundary that begins with another',
    multi('b') + '\n--b\n' + multi('bb') + '\n--bb\n\none\n--bb--\n--b--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'multipart/mixed', ''],
      ['1.1', 'text/plain', 'one'],
    ],
  ],
  [
    'a folded type',
    'Content-Type: multipart/mixed;\n\tboundary=b\n\n--b\n\none\n--b--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'one'],
    ],
  ],
  [
    'a boundary with quoted characters',
    'Content-Type: multipart/mixed; boundary="a\\"b c"\n\n--a"b c\n\none\n--a"b c--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'one'],
    ],
  ],
  // as with the message's own header: a line that cannot be a field begins the content
  [
    'a part without a header',
    multi('b') + '\n--b\nnot a field\nmore\n--b--\n',
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'not a field\nmore'],
    ],
  ],
  // mime_boundary_length_limit: boundaries are told apart by their first 2048 characters
  [
    'a boundary of 3000',
    multi('x'.repeat(3000)) + `\n--${'x'.repeat(3000)}\n\none\n--${'x'.repeat(3000)}--\n`,
    [
      ['0', 'multipart/mixed', ''],
      ['1', 'text/plain', 'one'],
    ],
  ],
]
for (const [name, message, wanted] of CASES)
  test(`parts: ${name}`, async () => {
    const expected = wanted.map(([path, type, text]) => ({ path, type, text }))
    assert.equal(await parts(message), expected)
    if (message.length < 500)
      for (const n of [1, 2, 3, 7]) assert.equal(await parts(message, n), expected, `in chunks of ${n}`)
  })
test('nesting ends somewhere, and what is deeper is shown as it stands', async () => {
  let text = 'secret\n'
  for (let i = 150; i > 0; i--) text = `${multi(`b${i}`)}\n--b${i}\n${i === 150 ? '\n' : ''}${text}--b${i}--\n`
  const all = await parts(text)
  assert.is(all.length, 101)
  assert.match(all[100]!.text, 'secret')
})
test('a header of a part has its limit', async () => {
  const big = `X-A: ${'x'.repeat(1000)}\n`.repeat(300)
  const all = await parts(`${multi('b')}\n--b\n${big}\none\n--b\n\ntwo\n--b--\n`)
  assert.is(all.length, 3)
  assert.match(all[1]!.text, 'one')
  assert.is(all[2]!.text, 'two')
  // no line of it may be in neither header nor content
  assert.ok(all[1]!.text.split('\n').filter((l) => l.startsWith('X-A')).length >= 300 - Math.ceil(102_400 / 1007))
})
test('a tap may read parts in any order, and some twice', async () => {
  const seen: string[] = []
  const w = await world((m) =>
    m.cleanup.tap({ body: 'mime' }, async (d) => {
      const all = []
      for await (const p of d.parts()) all.push(p)
      for (const p of [all[2]!, all[1]!, all[1]!])
        for await (const c of p.stream()) seen.push(Buffer.from(c).toString())
      return undefined
    }),
  )
  await w.send(undefined, crlf(`${multi('b')}\n--b\n\none\n--b\n\ntwo\n--b--\n`))
  assert.equal(seen, ['two', 'one', 'one'])
  await w.stop()
})

test.run()
