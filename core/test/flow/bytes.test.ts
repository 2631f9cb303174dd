/** Bytes of a message on its way in: stray CRs, fields that are too long, a header without its empty line. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cutFields, endsWithHeader, findBody } from '../../src/flow/header.ts'
import { StrayCr } from '../../src/flow/stray.ts'

test('a stray CR becomes a blank, however the content is cut into chunks', () => {
  const content = 'a\rb\r\n\r\r\nc\r\r\r\n\rd\r\n'
  for (let first = 0; first <= content.length; first++)
    for (let second = first; second <= content.length; second++) {
      const stray = new StrayCr()
      const chunks = [content.slice(0, first), content.slice(first, second), content.slice(second)]
      const given = chunks.map((chunk) => Buffer.from(chunk))
      const out = given.map((chunk) => stray.clean(chunk).toString()).join('')
      assert.is(out, 'a b\r\n \r\nc  \r\n d\r\n')
      assert.is(Buffer.concat(given).toString(), content)
    }
})
test('a chunk without one goes on uncopied', () => {
  const chunk = Buffer.from('a\r\nb\r\n')
  assert.is(new StrayCr().clean(chunk), chunk)
})

/** what Postfix 3.7 leaves of these with header_size_limit = 200 */
const a = (n: number) => `X: ${'a'.repeat(n - 3)}\r\n`
const LIMITS: [name: string, given: string, left: string][] = [
  ['a line', a(300), a(200)],
  ['a continuation that fits', `${a(180)} ${'b'.repeat(18)}\r\n`, `${a(180)} ${'b'.repeat(18)}\r\n`],
  ['one that is cut', `${a(150)} ${'b'.repeat(100)}\r\n c\r\n`, `${a(150)} ${'b'.repeat(48)}\r\n`],
  ['a tenth is left', `${a(179)} ${'b'.repeat(30)}\r\n`, `${a(179)} ${'b'.repeat(19)}\r\n`],
  ['less is left', `${a(180)} ${'b'.repeat(30)}\r\n c\r\n`, a(180)],
  ['the next field', `${a(180)} ${'b'.repeat(30)}\r\nY: c\r\n`, `${a(180)}Y: c\r\n`],
]
for (const [name, given, left] of LIMITS)
  test(`header_size_limit: ${name}`, () => assert.is(cutFields(Buffer.from(given), 200).toString(), left))

for (const [content, expected] of [
  ['A: b\r\n', true],
  ['', true],
  ['A: b\r\n\r\n', false],
  ['\r\n', false],
  ['A: b\r\nno field\r\n', false],
] as const)
  test(`ends with its header: ${JSON.stringify(content)}`, () => {
    const bytes = Buffer.from(content)
    assert.is(endsWithHeader(findBody(bytes, true), bytes.length), expected)
  })

test.run()
