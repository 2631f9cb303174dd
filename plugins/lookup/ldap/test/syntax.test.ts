/** What is read and written without a server: filters, names, URLs, hosts, messages. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BerWriter } from 'ldapts'
import { escapeDn, escapeFilter } from '../src/escape.ts'
import { attributesOf, parseFilter } from '../src/filter.ts'
import { parseHost } from '../src/hosts.ts'
import { chooseMechanism, startExchange } from '../src/sasl.ts'
import { parseUrl } from '../src/url.ts'
import { Frames, readResponse } from '../src/wire.ts'

const filters: [string, string | RegExp][] = [
  ['mail=x', '(mail=x)'],
  ['(mail=x)', '(mail=x)'],
  [' ( & ( mail=x) (uid=*) ) ', '(&(mail=x)(uid=*))'],
  ['(|(a=1)(!(b=2)))', '(|(a=1)(!(b=2)))'],
  ['(cn=ann\\c3\\bc)', '(cn=\\61\\6e\\6e\\c3\\bc)'],
  ['(cn=\\2a)', '(cn=\\2a)'],
  ['(cn=\\*)', /two hexadecimal digits/],
  ['(cn=a*b*c)', '(cn=a*b*c)'],
  ['(cn=*a*)', '(cn=*a*)'],
  ['(cn=a**b)', '(cn=a*b)'],
  ['(2.5.4.3=x)', '(2.5.4.3=x)'],
  ['(cn;lang-en=x)', '(cn;lang-en=x)'],
  ['(n>=5)', '(n>=5)'],
  ['(n<=5)', '(n<=5)'],
  ['(n~=5)', '(n~=5)'],
  ['(cn:dn:2.4.6.8.10:=x)', '(cn:dn:2.4.6.8.10:=x)'],
  ['(:caseExactMatch:=x)', '(:caseExactMatch:=x)'],
  ['(cn=)', '(cn=)'],
  ["(&(mailLocalAddress=x)(status='paid'))", "(&(mailLocalAddress=x)(status='paid'))"],
  ['(mail=x', /not closed/],
  ['(mail=x))', /behind/],
  ['(a=1)(b=2)', /behind/],
  ['(&(a=1)', /not closed/],
  ['(mail)', /expected attribute=value/],
  ['()', /expected attribute=value/],
  ['(=x)', /name of an attribute/],
  ['(m l=x)', /name of an attribute/],
  ['(cn=a(b)', /opening parenthesis/],
  ['(cn=\\zz)', /two hexadecimal digits/],
  ['(cn=\\ff*)', /UTF-8/],
  ['(:=x)', /matching rule/],
  ['('.repeat(200), /expected attribute|name of an attribute|not closed/],
  ['(!'.repeat(200), /nested/],
]
/** Its text, with every byte of a value that is kept as bytes escaped or as it is. */
const plain = (text: string) =>
  text.replace(/\\(6[0-9a-f]|7[0-9a])/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)))
for (const [text, wanted] of filters)
  test(`filter ${text.slice(0, 40)}`, () => {
    if (wanted instanceof RegExp) assert.throws(() => parseFilter(text), wanted)
    else
      assert.is(
        plain(parseFilter(text).toString())
          .replace(/\\3([0-9])/g, '$1')
          .replace(/\\27/g, "'"),
        plain(wanted),
      )
  })
test('the attributes of a filter', () => {
  assert.equal(attributesOf(parseFilter('(|(a=1)(!(b=*))(&(c=x*)(a=2)(d>=1)(e:dn:=1)))')), ['a', 'b', 'c', 'd', 'e'])
})
test('no key gets out of a value in a filter', () => {
  for (const key of ['*)(uid=*', '*', '\\', 'a\\2a', '(', ')', '\0', 'x)(|(a=*', '\\29', 'ü', '\u0001'])
    assert.is(
      parseFilter(`(&(mail=${escapeFilter(key)})(x=1))`).toString(),
      `(&(mail=${[...Buffer.from(key)].map((b) => `\\${b.toString(16).padStart(2, '0')}`).join('')})(x=\\31))`,
      key,
    )
})
for (const [text, wanted] of [
  ['joe', 'joe'],
  ['a,b', 'a\\,b'],
  ['a+b', 'a\\+b'],
  ['"a" <b>;', '\\"a\\" \\<b\\>\\;'],
  ['\\', '\\\\'],
  [' x ', '\\ x\\ '],
  [' ', '\\ '],
  ['#x', '\\#x'],
  ['x#', 'x#'],
  ['a\\ ', 'a\\\\\\ '],
  ['\0', '\\00'],
  ['ü', 'ü'],
] as const)
  test(`in a name: ${JSON.stringify(text)}`, () => assert.is(escapeDn(text), wanted))

const hosts: [string, unknown][] = [
  ['ldap.example.com', ['ldap', 'ldap.example.com', 1389]],
  ['ldap.example.com:1444', ['ldap', 'ldap.example.com', 1444]],
  ['[::1]:99', ['ldap', '::1', 99]],
  ['ldap://a', ['ldap', 'a', 389]],
  ['ldap://a:2/', ['ldap', 'a', 2]],
  ['LDAPS://a', ['ldaps', 'a', 636]],
  ['ldap://', ['ldap', 'localhost', 389]],
  ['ldapi://%2Fsome%2Fpath', ['ldapi', '/some/path', 0]],
  ['ldapi:///', ['ldapi', '/var/run/slapd/ldapi', 0]],
  ['http://a', /expected a host/],
  ['ldap://a/dc=x', /expected a host/],
  ['a:0', /expected a host/],
  ['a:99999', /expected a host/],
  ['ldapi://%zz', /bad escape/],
]
for (const [text, wanted] of hosts)
  test(`host ${text}`, () => {
    if (wanted instanceof RegExp) return assert.throws(() => parseHost(text, 1389), wanted)
    const { scheme, host, port } = parseHost(text, 1389)
    assert.equal([scheme, host, port], wanted)
  })

const urls: [string, unknown][] = [
  ['ldap:///ou=a,dc=b??sub?(uid=x)', ['ou=a,dc=b', [], 'sub', '(uid=x)']],
  ['ldap://h:1/dc=b?mail,cn?one', ['dc=b', ['mail', 'cn'], 'one', undefined]],
  ['ldap:///cn=a%2Cb?', ['cn=a,b', [], undefined, undefined]],
  ['ldap://h', ['', [], undefined, undefined]],
  ['<URL:ldap:///dc=x??SUBTREE>', ['dc=x', [], 'sub', undefined]],
  ['ldap:///dc=x??base?(a=%3f)', ['dc=x', [], 'base', '(a=?)']],
  ['ldap:///dc=x????!x-foo', /extension/],
  ['ldap:///dc=x??bogus', /scope/],
  ['ldap:///dc=%zz', /escape/],
  ['ldap:///dc=x?????', /not an LDAP URL/],
  ['http://x', /not an LDAP URL/],
]
for (const [text, wanted] of urls)
  test(`URL ${text}`, () => {
    if (wanted instanceof RegExp) return assert.throws(() => parseUrl(text), wanted)
    const { dn, attributes, scope, filter } = parseUrl(text)
    assert.equal([dn, attributes, scope, filter], wanted)
  })

/** A search's end (code 0) with this id, and a text to make it long. */
function message(id: number, text = ''): Buffer {
  const w = new BerWriter()
  w.startSequence()
  w.writeInt(id)
  w.startSequence(0x65)
  w.writeEnumeration(0)
  w.writeString('')
  w.writeString(text)
  w.endSequence()
  w.endSequence()
  return w.buffer
}
test('messages are cut out of a stream however it comes', () => {
  const all = Buffer.concat([message(1), message(2, 'x'.repeat(300)), message(70_000), message(3, 'y'.repeat(70_000))])
  for (const size of [1, 2, 3, 7, 100, all.length]) {
    const frames = new Frames()
    const ids: number[] = []
    for (let at = 0; at < all.length; at += size)
      for (const frame of frames.push(all.subarray(at, at + size))) ids.push(readResponse(frame).id)
    assert.equal(ids, [1, 2, 70_000, 3], String(size))
    assert.ok(frames.empty)
  }
})
test('what is no LDAP is an error', () => {
  for (const bytes of [
    'HTTP/1.1 400 Bad Request',
    '\x30\x80\x00\x00',
    '\x30\x85\x01\x01\x01\x01\x01',
    '\x30\x84\x7f\xff\xff\xff',
  ])
    assert.throws(() => new Frames().push(Buffer.from(bytes, 'latin1')), /LDAP|bytes/, bytes)
  const whole = message(5, 'text')
  // each byte of a message changed in turn: an answer or an error, never a hang
  for (let i = 2; i < whole.length; i++)
    for (const value of [0x00, 0x7f, 0x80, 0xff, 0x30]) {
      const bad = Buffer.from(whole)
      bad[i] = value
      try {
        readResponse(bad)
      } catch (error) {
        assert.instance(error, Error)
      }
    }
})

test('the strongest mechanism that both know', () => {
  assert.is(chooseMechanism([], ['PLAIN', 'SCRAM-SHA-256', 'EXTERNAL']), 'SCRAM-SHA-256')
  assert.is(chooseMechanism(['PLAIN', 'DIGEST-MD5'], ['PLAIN', 'DIGEST-MD5']), 'DIGEST-MD5')
  assert.is(chooseMechanism(['EXTERNAL'], ['PLAIN', 'EXTERNAL']), 'EXTERNAL')
  assert.is(chooseMechanism([], ['EXTERNAL', 'GSSAPI']), undefined)
})
const identity = { user: 'user', password: 'pencil', authzId: '', realm: '', host: 'h' }
test('SCRAM: a server that does not know the password is found out', async () => {
  const exchange = startExchange('SCRAM-SHA-256', identity)
  const nonce = /r=(.*)$/.exec(exchange.initial!)![1]!
  await exchange.answer(`r=${nonce}abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`)
  assert.throws(() => exchange.finish('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), /did not prove/)
  assert.throws(() => exchange.finish(''), /did not prove/)
})
for (const [what, challenge] of [
  ['another nonce', 'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
  ['billions of rounds', 'r=NONCEx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000'],
  ['no salt', 'r=NONCEx,i=4096'],
] as const)
  test(`SCRAM: ${what} is not answered`, async () => {
    const exchange = startExchange('SCRAM-SHA-1', identity)
    const nonce = /r=(.*)$/.exec(exchange.initial!)![1]!
    try {
      await exchange.answer(challenge.replace('NONCE', nonce))
      assert.unreachable()
    } catch (error) {
      assert.match((error as Error).message, /bad SCRAM challenge/)
    }
  })
test.run()
