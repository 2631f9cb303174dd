/** Paths as RFC 5321 section 4.1.2 writes them, and what strict mode refuses of what Postfix takes. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseAddress, parsePath } from '@postern/core'

/** path; address text and rest, or the error */
const STRICT: [string, string | { error: string }, string?][] = [
  ['<a@b.example>', 'a@b.example'],
  ['<a@b.example> SIZE=10', 'a@b.example', 'SIZE=10'],
  ['<a@b.example>  SIZE=10 BODY=8BITMIME ', 'a@b.example', 'SIZE=10 BODY=8BITMIME'],
  ['<>', ''],
  ['<> SIZE=10', '', 'SIZE=10'],
  ['<postmaster>', 'postmaster'],
  ['<PostMaster> NOTIFY=NEVER', 'PostMaster', 'NOTIFY=NEVER'],
  ['<a.b.c@b.example>', 'a.b.c@b.example'],
  ["<!#$%&'*+-/=?^_`{|}~@b.example>", "!#$%&'*+-/=?^_`{|}~@b.example"],
  ['<a+ext@b.example>', 'a+ext@b.example'],
  ['<"a b"@b.example>', '"a b"@b.example'],
  ['<"a>b"@b.example> SIZE=1', '"a>b"@b.example', 'SIZE=1'],
  ['<"a@b"@c.example>', '"a@b"@c.example'],
  ['<"a\\"b"@b.example>', '"a\\"b"@b.example'],
  ['<"a\\\\b"@b.example>', '"a\\\\b"@b.example'],
  ['<"ab"@b.example>', 'ab@b.example'],
  ['<""@b.example>', '""@b.example'],
  ['<a@xn--bcher-kva.example>', 'a@xn--bcher-kva.example'],
  ['<a@XN--BCHER-KVA.example>', 'a@XN--BCHER-KVA.example'],
  ['<a@bücher.example>', 'a@bücher.example'],
  ['<jürgen@bücher.example> SMTPUTF8', 'jürgen@bücher.example', 'SMTPUTF8'],
  ['<用户@例え.テスト>', '用户@例え.テスト'],
  ['<"jür gen"@b.example>', '"jür gen"@b.example'],
  ['<a@[192.0.2.1]>', 'a@[192.0.2.1]'],
  ['<a@[IPv6:2001:db8::1]>', 'a@[IPv6:2001:db8::1]'],
  ['<a@[IPv6:::1]>', 'a@[IPv6:::1]'],
  ['<a@[x400:c=de]>', 'a@[x400:c=de]'],
  ['<a@b.example.>', 'a@b.example'],
  ['<a@localhost>', 'a@localhost'],
  ['<@r.example:a@b.example>', 'a@b.example'],
  ['<@r.example,@s.example:a@b.example>', 'a@b.example'],
  ['<@[192.0.2.9]:a@b.example>', 'a@b.example'],
  ['a@b.example', { error: 'syntax' }],
  [' <a@b.example>', { error: 'syntax' }],
  ['', { error: 'syntax' }],
  ['< >', { error: 'syntax' }],
  ['<<a@b.example>>', { error: 'syntax' }],
  ['<a@b.example', { error: 'syntax' }],
  ['<a@b.example>x', { error: 'syntax' }],
  ['<a@b.example>,<c@d.example>', { error: 'syntax' }],
  ['<.a@b.example>', '".a"@b.example'],
  ['<a.@b.example>', '"a."@b.example'],
  ['<a..b@b.example>', '"a..b"@b.example'],
  ['<a b@b.example>', { error: 'syntax' }],
  ['<a@b@c.example>', '"a@b"@c.example'],
  ['<a@b..example>', { error: 'syntax' }],
  ['<a@.b.example>', { error: 'syntax' }],
  ['<a@.>', { error: 'syntax' }],
  ['<a@>', { error: 'syntax' }],
  ['<@b.example>', { error: 'syntax' }],
  ['<@>', { error: 'syntax' }],
  ['<a@b example>', { error: 'syntax' }],
  ['<a@b,example>', { error: 'syntax' }],
  ['<a@[192.0.2.1>', 'a@[192.0.2.1]'],
  ['<a@[]>', { error: 'syntax' }],
  ['<a@[192.0.2.1]x>', { error: 'syntax' }],
  ['<a@[19 2.0.2.1]>', { error: 'syntax' }],
  ['<(c)a@b.example>', { error: 'syntax' }],
  ['<a(c)@b.example>', { error: 'syntax' }],
  ['<"a@b.example>', { error: 'syntax' }],
  ['<"a\\"@b.example>', { error: 'syntax' }],
  ['<"a"b@c.example>', { error: 'syntax' }],
  ['<a"b"@c.example>', { error: 'syntax' }],
  ['<@r.example a@b.example>', { error: 'syntax' }],
  ['<@r..example:a@b.example>', 'a@b.example'],
  ['<@r.example,s.example:a@b.example>', { error: 'syntax' }],
  ['<a\u0000@b.example>', { error: 'syntax' }],
  ['<a\u007f@b.example>', { error: 'syntax' }],
  ['<a\t@b.example>', { error: 'syntax' }],
  ['<a@b\u0001.example>', { error: 'syntax' }],
]
const LENIENT: [string, string | { error: string }, string?][] = [
  ['', { error: 'empty' }],
  ['   ', { error: 'empty' }],
  ['a@b.example SIZE=1', 'a@b.example', 'SIZE=1'],
  ['"a b"@b.example SIZE=1', '"a b"@b.example', 'SIZE=1'],
  ['  <a@b.example>  SIZE=1', 'a@b.example', 'SIZE=1'],
  ['< a@b.example >', 'a@b.example'],
  ['<a@b.example (comment)>', 'a@b.example'],
  ['<a@(comment)b.example>', 'a@b.example'],
  ['<a . b@c.example>', 'a.b@c.example'],
  ['<a@ b.example>', 'a@b.example'],
  ['<a\\ b@c.example>', '"a b"@c.example'],
  ['<a\\@b@c.example>', '"a@b"@c.example'],
  ['<(unclosed@b.example>', ''],
  ['<a@b.example>x', { error: 'syntax' }],
  ['"unclosed@b.example', { error: 'syntax' }],
  ['<a@b,example>', { error: 'syntax' }],
  ['<a@[not closed>', { error: 'syntax' }],
  ['<a@[IPv6:2001:db8::1]>', 'a@[IPv6:2001:db8::1]'],
  ['<jürgen@bücher.example>', 'jürgen@bücher.example'],
  ['<a\u0000@b.example>', { error: 'syntax' }],
]
for (const [mode, table] of [
  ['strict', STRICT],
  ['lenient', LENIENT],
] as const)
  for (const [path, wanted, rest = ''] of table)
    test(`${mode}: ${JSON.stringify(path)}`, () => {
      const r = parsePath(path, { lenient: mode === 'lenient' })
      assert.equal(r.ok ? r.address.text : { error: r.error }, wanted)
      if (r.ok) assert.is(r.rest, rest)
    })

// a line end inside quotes would begin a command of its own at the next hop; RFC 5321 section 4.1.2 has none in a quoted-string
for (const text of ['"a\r\nb"@c.example', '"a\nb"@c.example', '"a\0b"@c.example', '"a\\\r\nb"@c.example'])
  for (const lenient of [false, true])
    test(`no control characters in quotes: ${JSON.stringify(text)}${lenient ? ', lenient' : ''}`, () => {
      assert.is(parseAddress(text, { lenient }), undefined)
      assert.is(parsePath(`<${text}>`, { lenient }).ok, false)
    })
test('nor behind a backslash', () => {
  assert.is(parseAddress('a\\\r\nb@c.example', { lenient: true }), undefined)
})

const LENGTHS: [string, string][] = [
  ['64 octets of local part', `${'l'.repeat(64)}@b.example`],
  ['more than 64', `${'l'.repeat(900)}@b.example`],
  ['a label of 63', `a@${'d'.repeat(63)}.example`],
  ['a domain of 255', `a@${Array.from({ length: 32 }, () => 'd234567').join('.')}`],
  ['one octet each', 'a@b'],
]
for (const [name, text] of LENGTHS)
  test(`length: ${name}`, () => {
    const r = parsePath(`<${text}>`)
    assert.is(r.ok && r.address.text, text)
  })
for (const [name, text] of [
  ['open comments', `<${'('.repeat(20_000)}a@b.example>`],
  ['dots', `<${'.'.repeat(20_000)}@b.example>`],
  ['quotes', `<${'"a".'.repeat(5000)}@b.example>`],
  ['at signs', `<${'@'.repeat(20_000)}>`],
  ['spaces', `<a${' '.repeat(20_000)}b@c.example>`],
] as const)
  test(`a line of nothing but ${name} is answered`, () => {
    for (const lenient of [true, false]) assert.is(typeof parsePath(text, { lenient }).ok, 'boolean')
  })

test.run()
