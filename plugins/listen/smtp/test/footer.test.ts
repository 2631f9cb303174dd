/** The text behind refusals: what becomes of each template. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reply } from '@postern/core'
import { withFooter } from '../src/footer.ts'

const facts = { client_address: '192.0.2.1', client_port: '4711', server_name: 'mx.example' }
const refused: Reply = { code: 550, esc: '5.1.1', text: 'no' }

/** template, lines */
const cases: [string, string[]][] = [
  ['see our page', ['no', 'see our page']],
  ['c=$client_address:$client_port s=${server_name}', ['no', 'c=192.0.2.1:4711 s=mx.example']],
  ['one\\ntwo', ['no', 'one', 'two']],
  ['\\c. Ask $(server_name)', ['no. Ask mx.example']],
  ['\\c.\\nmore', ['no.', 'more']],
]
for (const [template, lines] of cases)
  test(template, () => assert.equal(withFooter(refused, template, facts).text, lines))

test('$localtime is the time here', () =>
  assert.match(String(withFooter(refused, '$localtime', facts).text[1]), /^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d$/))
test('what is no refusal is as it was', () => {
  const reply: Reply = { code: 250, esc: '2.0.0', text: 'Ok' }
  assert.is(withFooter(reply, 'x', facts), reply)
})
test('a reply of several lines keeps them', () =>
  assert.equal(withFooter({ code: 450, esc: undefined, text: ['a', 'b'] }, 'c', facts).text, ['a', 'b', 'c']))
test('a name that means nothing is empty', () =>
  assert.equal(withFooter(refused, 'a$client_adress b', facts).text, ['no', 'a b']))
test.run()
