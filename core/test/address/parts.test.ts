/** Quoting, extensions, comparison. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  NULL_SENDER,
  addressKey,
  addressOf,
  internal,
  isLiteral,
  isUtf8,
  parseAddress,
  parsePath,
  quoteLocal,
  splitExtension,
} from '@postern/core'

const QUOTED: [local: string, wire: string][] = [
  ['a', 'a'],
  ['a.b', 'a.b'],
  ["!#$%&'*+-/=?^_`{|}~", "!#$%&'*+-/=?^_`{|}~"],
  ['jürgen', 'jürgen'],
  ['', ''],
  ['a b', '"a b"'],
  ['.a', '".a"'],
  ['a.', '"a."'],
  ['a..b', '"a..b"'],
  ['a@b', '"a@b"'],
  ['a"b', '"a\\"b"'],
  ['a\\b', '"a\\\\b"'],
  ['a\tb', '"a\tb"'],
  ['a,b', '"a,b"'],
  ['a;b', '"a;b"'],
  ['a(b)', '"a(b)"'],
  ['<a>', '"<a>"'],
  ['[a]', '"[a]"'],
  ['a:b', '"a:b"'],
]
for (const [local, wire] of QUOTED)
  test(`quoteLocal ${JSON.stringify(local)}`, () => {
    assert.is(quoteLocal(local), wire)
    if (local === '' || local === 'a\tb') return
    assert.is(parseAddress(`${wire}@b.example`)?.local, local)
  })

const EXTENSIONS: [string, string, string, string?][] = [
  ['user+ext', '+', 'user', 'ext'],
  ['user+', '+', 'user', ''],
  ['user', '+', 'user'],
  ['user+a+b', '+', 'user', 'a+b'],
  ['+ext', '+', '+ext'],
  ['++ext', '+', '+', 'ext'],
  ['user-ext', '+', 'user-ext'],
  ['user-ext', '+-', 'user', 'ext'],
  ['user-a+b', '+-', 'user', 'a+b'],
  ['user+ext', '', 'user+ext'],
  ['', '+', ''],
  // Postfix's split_addr leaves these three alone
  ['mailer-daemon', '-', 'mailer-daemon'],
  ['MAILER-DAEMON', '-', 'MAILER-DAEMON'],
  ['double-bounce', '-', 'double-bounce'],
  ['postmaster', 'm', 'postmaster'],
  ['owner-list', '-', 'owner-list'],
  ['owner-list', '+', 'owner-list'],
  ['List-Request', '+-', 'List-Request'],
  ['-request', '-', '-request'],
  ['x-request-y', '-', 'x', 'request-y'],
  ['owner+x', '+-', 'owner', 'x'],
]
for (const [local, delimiters, user, extension] of EXTENSIONS)
  test(`splitExtension ${local} at ${JSON.stringify(delimiters)}`, () => {
    const got = splitExtension(local, delimiters)
    assert.is(got.user, user)
    assert.is(got.extension, extension)
  })

const SAME: [string, string, boolean][] = [
  ['a@b.example', 'a@B.EXAMPLE', true],
  ['a@b.example', 'A@b.example', false],
  ['"a"@b.example', 'a@b.example', true],
  ['a@b.example.', 'a@b.example', true],
  ['@r.example:a@b.example', 'a@b.example', true],
  ['a@[IPV6:2001:DB8::1]', 'a@[IPv6:2001:db8::1]', true],
  ['a@xn--bcher-kva.example', 'a@bücher.example', false],
  ['a@b.example', 'a@c.example', false],
]
for (const [a, b, same] of SAME)
  test(`${a} and ${b} are ${same ? 'one' : 'two'}`, () => {
    assert.is(addressKey(parseAddress(a)!) === addressKey(parseAddress(b)!), same)
  })

test('the parts of an address', () => {
  const a = parseAddress('"a b"@B.example.')!
  assert.equal({ ...a }, { text: '"a b"@B.example', local: 'a b', domain: 'B.example' })
  assert.is(internal(a), 'a b@B.example')
  assert.equal({ ...parseAddress('root')! }, { text: 'root', local: 'root', domain: '' })
  assert.is(internal(parseAddress('root')!), 'root')
})
test('literals and UTF-8 are told apart', () => {
  assert.is(isLiteral('[192.0.2.1]'), true)
  assert.is(isLiteral('b.example'), false)
  assert.is(isUtf8('jürgen@b.example'), true)
  assert.is(isUtf8('a@xn--bcher-kva.example'), false)
})
test('addressOf never fails', () => {
  assert.is(addressOf(''), NULL_SENDER)
  assert.is(addressOf('a@b.example').domain, 'b.example')
  assert.equal({ ...addressOf('a@b..example') }, { text: '"a@b..example"', local: 'a@b..example', domain: '' })
})
test('the null sender cannot be changed', () => {
  assert.throws(() => ((NULL_SENDER as { text: string }).text = 'x'))
})
test('the short way and the long way of parsePath agree', () => {
  for (const text of ['a@b.example', 'a.b+c=d-e@x-y.example', 'a_b@1.example']) {
    const long = parsePath(`<@r.example:${text}>`)
    if (!long.ok) throw new Error(text)
    const { typed, ...address } = long.address
    assert.equal([parsePath(`<${text}>`), typed], [{ ...long, address }, `@r.example:${text}`])
  }
})

test.run()
