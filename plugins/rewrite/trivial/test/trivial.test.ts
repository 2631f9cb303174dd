import { addressOf } from '@postern/core'
import type { AddressRewriter, Edits, HeaderEdit } from '@postern/core'
import { draftView, mailView, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import trivial from '@postern/rewrite-trivial'

type Options = Parameters<typeof trivial>[0]
const site = { myhostname: 'mail.postern.example', mydomain: 'postern.example', myorigin: 'postern.example' }
const plugin = (options: Options = {}, more = {}) => tap(trivial, options, { site, ...more })
const role = (options?: Options) => plugin(options).provided('addressRewriter') as AddressRewriter

const ENVELOPE: [given: string, standard: string, options?: Options][] = [
  ['joe', 'joe@postern.example'],
  ['joe@host', 'joe@host'],
  ['joe@host', 'joe@host.postern.example', { appendDotMydomain: true }],
  ['joe@[192.0.2.1]', 'joe@[192.0.2.1]', { appendDotMydomain: true }],
  ['joe', 'joe', { appendAtMyorigin: false }],
  ['joe', 'joe@postern.example', { appendDotMydomain: true }],
  ['host!joe', 'joe@host'],
  ['a!b!joe', 'b!joe@a'],
  ['host!joe', 'host!joe@postern.example', { swapBangpath: false }],
  ['joe%host', 'joe@host'],
  ['joe%a%b', 'joe%a@b'],
  ['joe%host', 'joe%host@postern.example', { allowPercentHack: false }],
  ['host!joe%x', 'joe%x@host'],
  ['joe%host@x.example', 'joe%host@x.example'],
  ['"a b"', '"a b"@postern.example'],
  ['"a@b"', 'a@b'],
  ['"a@b"@c.example', '"a@b"@c.example'],
  ['joe+ext@x.example', 'joe+ext@x.example'],
  ['postmaster', 'postmaster@postern.example'],
  ['', ''],
]
for (const [given, standard, options] of ENVELOPE)
  test(`${given || 'the null sender'} is ${standard}${options ? ` with ${JSON.stringify(options)}` : ''}`, async () => {
    assert.is(role(options).standard(addressOf(given)).text, standard)
  })
test('an address that is standard stays the same object', async () => {
  const address = addressOf('joe@x.example')
  assert.is(role().standard(address), address)
})

const WITHIN: [address: string, inner: string | undefined][] = [
  ['x!y@postern.example', 'y@x'],
  ['rich%postern.example@postern.example', 'rich@postern.example'],
  ['a%b%c.example@postern.example', 'a%b@c.example'],
  ['"a@b.example"@postern.example', 'a@b.example'],
  ['joe@postern.example', undefined],
  ['"a b"@postern.example', undefined],
  ['100%@postern.example', undefined],
  ['"joe]%far"@postern.example', '"joe]"@far'],
  ['""@postern.example', 'MAILER-DAEMON@postern.example'],
]
for (const [address, inner] of WITHIN)
  test(`${address} holds ${inner ?? 'none'}`, async () => {
    assert.is(role().within(addressOf(address))?.text, inner)
  })

const BARE: [address: string, inner: string | undefined][] = [
  ['joe', 'joe@mail.postern.example'],
  ['"a b"', '"a b"@mail.postern.example'],
  ['joe%far.example', 'joe@far.example'],
  ['joe@far.example', undefined],
]
for (const [address, inner] of BARE)
  test(`${address}, where nothing is appended, is ${inner ?? 'that'}`, () => {
    const to = role({ appendAtMyorigin: false }).within(addressOf(address))
    assert.is(to?.text, inner)
  })

const NOWHERE: [address: string, nowhere: boolean, options?: Options][] = [
  ['x%', true],
  ['!x', true],
  ['!', true],
  ['%', true],
  ['!!', true],
  ['"x%"', true],
  ['x!', false],
  ['%x', false],
  ['a%b%', false],
  ['a!b%', false],
  ['a!!b', false],
  ['x', false],
  ['100%@remote.example', false],
  ['x%', false, { allowPercentHack: false }],
  ['!x', false, { swapBangpath: false }],
]
for (const [address, nowhere, options] of NOWHERE)
  test(`${address} leads ${nowhere ? 'nowhere' : 'somewhere'}${options ? ` with ${JSON.stringify(options)}` : ''}`, () => {
    assert.is(role(options).leadsNowhere?.(addressOf(address)), nowhere)
  })

async function fields(header: string, options: Options, client: string, more = {}) {
  const t = plugin(options, more)
  const mail = mailView({ session: { client: { address: client } } })
  const answer = await t.data({ ...mail, accepted: [] })
  if (answer) return answer
  const draft = draftView({ header, slots: mail.slots })
  const edits = (await t.cleanup(draft)) as Edits<HeaderEdit> | undefined
  return edits?.edits.map((e) => (e.kind === 'header.replace' ? `${e.name}[${e.index}]: ${e.value}` : e.kind)) ?? []
}
const HEADER = 'From: joe\r\nTo: rich, "Q P" <katie>\r\nCc: x@y.example\r\nTo: bob\r\nX-To: joe\r\nSubject: joe'
const LOCAL = [
  'From[0]: joe@postern.example',
  'To[0]: rich@postern.example, "Q P" <katie@postern.example>',
  'To[1]: bob@postern.example',
]
const REMOTE = LOCAL.map((line) => line.replaceAll('postern.example', 'domain.invalid'))
const CLIENTS: [title: string, client: string, options: Options, result: string[]][] = [
  ['from this machine', '127.0.0.1', {}, LOCAL],
  ['from elsewhere', '192.0.2.1', {}, []],
  ['from elsewhere, with a domain for those', '192.0.2.1', { remoteHeaderRewriteDomain: 'domain.invalid' }, REMOTE],
  ['from this machine, with a domain for others', '127.0.0.1', { remoteHeaderRewriteDomain: 'domain.invalid' }, LOCAL],
  ['from a network', '192.0.2.1', { localHeaderRewriteClients: ['192.0.2.0/24'] }, LOCAL],
  ['from a network that is not listed', '198.51.100.1', { localHeaderRewriteClients: ['192.0.2.0/24'] }, []],
  [
    'from an address in a table',
    '192.0.2.1',
    { localHeaderRewriteClients: [{ type: 'inline', map: { '192.0.2.1': 'x' } }] },
    LOCAL,
  ],
]
for (const [title, client, options, result] of CLIENTS)
  test(`header fields of mail ${title}`, async () => {
    assert.equal(await fields(HEADER, options, client), result)
  })
test('a table of clients that fails defers', async () => {
  const answer = await fields(HEADER, { localHeaderRewriteClients: ['hash:/none'] }, '192.0.2.1')
  assert.is((answer as unknown as { kind: string }).kind, 'defer')
})
const SENDERS: [sender: string, nobody: boolean][] = [
  ['MAILER-DAEMON@postern.example', true],
  ['mailer-daemon@Postern.Example', true],
  ['mailer-daemon@mail.postern.example', false],
  ['joe@postern.example', false],
]
for (const [sender, nobody] of SENDERS)
  test(`${sender} is ${nobody ? 'the null sender' : 'a sender'}`, async () => {
    const answer = await plugin().cleanup(draftView({ header: 'From: x@y.example\n', sender }))
    assert.equal(
      answer,
      nobody ? { kind: 'edits', edits: [{ kind: 'sender.set', address: '' }], verdict: undefined } : undefined,
    )
  })

const DOT: Options = { appendDotMydomain: true }
const FIELDS: [value: string, rewritten: string | undefined, options?: Options][] = [
  ['a@b.example, Joe <joe@c.example>, "Doe, J" <d@e.example>', undefined],
  ['a@b.example, joe, c@d.example', 'a@b.example, joe@postern.example, c@d.example'],
  ['a@b.example, c@host', 'a@b.example, c@host.postern.example', DOT],
  ['Joe <a@b.example', '"Joe <a"@b.example'],
  ['<a b@c.example>', undefined],
  ['<a b@c.example>, joe', '<ab@c.example>, joe@postern.example'],
  ['x (a\r\n b), "c\r\n d"@e.example', 'x@postern.example (a  b), "c  d"@e.example'],
]
for (const [value, rewritten, options] of FIELDS)
  test(`To: ${JSON.stringify(value)} ${rewritten === undefined ? 'stays' : `is ${rewritten}`}`, async () => {
    const given = await fields(`To: ${value}\r\n`, options ?? {}, '127.0.0.1')
    assert.equal(given, rewritten === undefined ? [] : [`To[0]: ${rewritten}`])
  })
test.run()
