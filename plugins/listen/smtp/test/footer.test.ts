/** The text behind refusals: what becomes of each template. Outcomes are a live Postfix 3.7's. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reply } from '@postern/core'
import { footerFor, footerProblem, withFooter } from '../src/footer.ts'

const FACTS: Record<string, string> = { client_address: '192.0.2.1', client_port: '4711', server_name: 'mx.example' }
const facts = (name: string) => FACTS[name]
const refused: Reply = { code: 550, esc: '5.1.1', text: 'no' }

/** template, lines */
const cases: [string, string[]][] = [
  ['see our page', ['no', 'see our page']],
  ['c=$client_address:$client_port s=${server_name}', ['no', 'c=192.0.2.1:4711 s=mx.example']],
  ['one\\ntwo', ['no', 'one', 'two']],
  ['\\n', ['no', '', '']],
  ['\\c', ['no']],
  ['\\c. Ask $(server_name)', ['no. Ask mx.example']],
  ['\\c.\\nmore', ['no.', 'more']],
  ['two \\c words', ['no', 'two \\c words']],
  ['${client_port?{p=$client_port}:{none}} ${nobody?yes}${nobody:no}', ['no', 'p=4711 no']],
  ['${{$client_port}=={4711}?{same}:{other}} $$x', ['no', 'same $x']],
  // a name that means nothing is empty
  ['a$client_adress b', ['no', 'a b']],
]
for (const [template, lines] of cases)
  test(template, () => {
    const { text } = withFooter(refused, template, facts)
    assert.equal([text].flat(), lines)
    assert.is(footerProblem(template), undefined)
  })

const client = (sender?: string) => ({
  remoteAddress: '192.0.2.1',
  remotePort: 4711,
  transaction: sender === undefined ? undefined : { sender, smtputf8: false, recipients: 0 },
})
const said = (rejectFooter: string, sender?: string) =>
  footerFor({ rejectFooter, serverName: 'mx.example' }, client(sender), () => undefined)!(refused).text

/** sender; $sender, $sender_name, $sender_domain */
const senders: [string | undefined, string][] = [
  [undefined, '||'],
  ['', '<>|<>|'],
  ['a@b.example', 'a@b.example|a|b.example'],
  ['a', 'a|a|'],
  ['"x@y"@z', '"x@y"@z|"x@y"|z'],
]
for (const [sender, line] of senders)
  test(`the sender ${sender}`, () => assert.equal(said('$sender|$sender_name|$sender_domain', sender), ['no', line]))

test('who the client is', () =>
  assert.equal(said('$client $client_name $reverse_client_name $helo_name.'), [
    'no',
    'unknown[192.0.2.1] unknown unknown .',
  ]))
test('$localtime is the time here', () => assert.match(said('$localtime')[1]!, /^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d$/))
test('what is no refusal is as it was', () => {
  const reply: Reply = { code: 250, esc: '2.0.0', text: 'Ok' }
  assert.is(withFooter(reply, 'x', facts), reply)
})
test('a reply of several lines keeps them', () =>
  assert.equal(withFooter({ code: 450, esc: undefined, text: ['a', 'b'] }, 'c', facts).text, ['a', 'b', 'c']))
test('a template that cannot be read adds nothing', () => {
  assert.ok(footerProblem('x ${sender'))
  assert.equal(said('x ${sender'), 'no')
})
test.run()
