import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Characters } from '../../src/flow/characters.ts'

const CASES: [title: string, strip: string, reject: string, chunks: string[], out: string, found?: string][] = [
  ['nothing is there', '\0', '\x01', ['abc\r\n', 'd'], 'abc\r\nd'],
  ['one is taken out', '\0\x07', '', ['a\0b\x07\r\n', '\x07\r\n'], 'ab\r\n\r\n'],
  ['line ends stay', '\r\n\0', '\r\n', ['\0a\r\n'], 'a\r\n'],
  ['bytes above 127', '\x80', '\xff', ['a\x80b\xff'], 'ab\xff', 'ab\ufffd'],
  [
    'the line of the first one',
    '',
    '\x01',
    ['one\r\ntwo \x01\r\nthree \x01'],
    'one\r\ntwo \x01\r\nthree \x01',
    'two \x01',
  ],
  ['judged before it is taken out', 'x', 'x', ['axb'], 'ab', 'axb'],
]
for (const [title, messageStripCharacters, messageRejectCharacters, chunks, out, found] of CASES)
  test(title, () => {
    const characters = Characters.of({ messageStripCharacters, messageRejectCharacters })!
    const given = chunks.map((text) => Buffer.from(text, 'latin1'))
    assert.is(Buffer.concat(given.map((chunk) => characters.clean(chunk))).toString('latin1'), out)
    assert.is(Buffer.concat(given).toString('latin1'), chunks.join(''))
    if (found !== 'ab\ufffd') assert.is(characters.found, found)
    else assert.ok(characters.found)
  })
test('there is nothing to look for', () => {
  assert.is(Characters.of({ messageStripCharacters: '', messageRejectCharacters: '' }), undefined)
})
test.run()
