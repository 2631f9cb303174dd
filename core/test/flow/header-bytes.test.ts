/** Header bytes that are no UTF-8 go out as they came in, in a field that was rewritten too. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Header } from '../../src/flow/header.ts'

const CASES: [title: string, bytes: string][] = [
  ['Latin-1', 'Ren\xe9 M\xfcller'],
  ['UTF-8', 'Ren\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80'],
  ['both', '\xc3\xa9\xe9\xc3\xa9 \xc3'],
  ['a sequence that is cut off', '\xe2\x82 x \xf0\x9f\x98'],
  ['overlong, surrogates, too high', '\xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xff'],
  ['the replacement character itself', '\xef\xbf\xbd'],
]
for (const [title, bytes] of CASES)
  test(title, () => {
    const header = new Header(Buffer.from(`From: ${bytes} <rene>\r\n`, 'latin1'))
    const value = header.get('From')!
    header.apply({ kind: 'header.replace', name: 'From', value: value.replace('rene', 'rene@site.example'), index: 0 })
    assert.is(header.toBuffer().toString('latin1'), `From: ${bytes} <rene@site.example>\r\n`)
  })
test('what can be read is text', () => {
  assert.is(new Header(Buffer.from('X: Ren\xc3\xa9 \xe9\r\n', 'latin1')).get('x'), 'Ren\u00e9 \udce9')
})
test.run()
