/** Fields and addresses as a live Postfix 3.7 sent them on. */
import { addressOf, failed } from '@postern/core'
import type { AddressClasses, AddressRewriter, OutgoingRewriter } from '@postern/core'
import { fakeCall, tap } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import generic from '@postern/rewrite-generic'

const classes: AddressClasses = {
  classOf: ({ domain }) => ({ kind: 'class', class: domain === 'postern.example' ? 'local' : 'default' }),
}
const standard: AddressRewriter = {
  standard: (a) => (a.domain === '' ? addressOf(`${a.text}@postern.example`) : a),
  within: () => undefined,
}
const MAP = {
  'rich@postern.example': 'rich.public@isp.example',
  'katie@postern.example': 'katie.public@isp.example',
  plain: 'bare',
  'ext+one@postern.example': 'ext.one@isp.example',
  'ext@postern.example': 'ext@isp.example',
  'multi@postern.example': 'm1@isp.example, m2@isp.example',
  'loop1@postern.example': 'loop2@postern.example',
  'loop2@postern.example': 'loop3@postern.example',
  'x@remote.example': 'y@remote.example',
  'dom@postern.example': '@only.example',
  '"q r"@postern.example': 'qr2@isp.example',
  'same@postern.example': 'same@postern.example',
  '@postern.example': 'all@isp.example',
  '@gone.example': '@new.example',
  'sp@postern.example': '"s p"@isp.example',
  'jörg@b.example': 'grün@isp.example',
}
type Options = Parameters<typeof generic>[0]
const inline = [{ type: 'inline', map: MAP }]
const plugin = (options: Options, tables = {}) =>
  tap(generic, options, {
    site: { myorigin: 'postern.example', recipientDelimiter: '+' },
    needs: { classes, rewriter: standard },
    tables,
  } as never)
const role = (options: Options = { smtpGenericMaps: inline }, protocol = 'smtp', tables = {}) =>
  plugin(options, tables).provided('outgoingRewriter', protocol) as OutgoingRewriter

const ADDRESSES: [address: string, becomes: string, propagated?: string][] = [
  ['rich@postern.example', 'rich.public@isp.example'],
  ['ext+one@postern.example', 'ext.one@isp.example'],
  ['ext+two@postern.example', 'ext@isp.example', 'ext+two@isp.example'],
  ['multi@postern.example', 'm1@isp.example'],
  ['loop1@postern.example', 'loop2@postern.example'],
  ['dom@postern.example', 'dom@only.example'],
  ['"q r"@postern.example', 'qr2@isp.example'],
  ['sp@postern.example', '"s p"@isp.example'],
  ['nobody@postern.example', 'all@isp.example'],
  ['plain@postern.example', 'bare@postern.example'],
  ['z+ext@gone.example', 'z+ext@new.example'],
  ['z@b.example', 'z@b.example'],
  ['jörg@b.example', 'grün@isp.example'],
]
for (const [address, becomes, propagated = becomes] of ADDRESSES)
  test(`${address} leaves as ${becomes}`, async () => {
    assert.is(await role().address(address, fakeCall()), becomes)
    const other = role({ smtpGenericMaps: inline, propagateUnmatchedExtensions: true })
    assert.is(await other.address(address, fakeCall()), propagated)
  })

const FIELDS: [field: string, becomes?: string][] = [
  ['From: Rich <rich@postern.example>', 'From: Rich <rich.public@isp.example>'],
  [
    'To: x@remote.example, "K, t" <katie@postern.example> (home), plain@postern.example, other@remote.example',
    'To: y@remote.example, "K, t" <katie.public@isp.example>(home),\r\n\tbare@postern.example, other@remote.example',
  ],
  [
    'Cc: ext+one@postern.example, ext+two@postern.example, multi@postern.example',
    'Cc: ext.one@isp.example, ext@isp.example, m1@isp.example',
  ],
  ['From: loop1@postern.example', 'From: loop2@postern.example'],
  ['Sender: same@postern.example'],
  ['Reply-To: dom@postern.example', 'Reply-To: dom@only.example'],
  ['To: "q r"@postern.example, sp@postern.example', 'To: qr2@isp.example, "s p"@isp.example'],
  ['Errors-To: x@remote.example', 'Errors-To: y@remote.example'],
  ['Return-Receipt-To: x@remote.example', 'Return-Receipt-To: y@remote.example'],
  ['X-Other: rich@postern.example'],
  ['Message-Id: <rich@postern.example>'],
  ['To: undisclosed-recipients:;'],
  [
    'Cc: group: rich@postern.example, katie@postern.example;,\r\n\t<rich@postern.example>',
    'Cc: group: rich.public@isp.example, katie.public@isp.example;,\r\n\t<rich.public@isp.example>',
  ],
  [
    'To: "rich"@postern.example, plain, katie@postern.example.',
    'To: rich.public@isp.example, bare@postern.example,\r\n\tkatie@postern.example.',
  ],
  ['Cc: "a b"@x.example, @y.example:z@x.example'],
  ['Reply-To: "z"@x.example'],
  ['From: rich'],
  ['To:'],
  ['To:   "weird \xff" <z@b.example>'],
  ['To: "weird \xff" <rich@postern.example>', 'To: "weird \xff" <rich.public@isp.example>'],
  ['To: j\xc3\xb6rg@b.example', 'To: gr\xc3\xbcn@isp.example'],
]
for (const [field, becomes] of FIELDS)
  test(field, async () => {
    const header = Buffer.from(`A: b\r\n${field}\r\nSubject:  x\r\n y\r\n`, 'latin1')
    const out = (await role().header(header, fakeCall())) as Uint8Array
    if (becomes === undefined) assert.ok(out === header)
    else assert.is(Buffer.from(out).toString('latin1'), `A: b\r\n${becomes}\r\nSubject:  x\r\n y\r\n`)
  })
test('tables for LMTP are others', async () => {
  const both = {
    smtpGenericMaps: inline,
    lmtpGenericMaps: [{ type: 'inline', map: { '@postern.example': '@l.example' } }],
  }
  assert.is(await role(both, 'lmtp').address('rich@postern.example', fakeCall()), 'rich@l.example')
  assert.is(role({ smtpGenericMaps: inline }, 'lmtp'), undefined)
  assert.is(role({}, 'smtp'), undefined)
})
for (const [title, table] of [
  ['away', () => failed('away')],
  ['no address', { 'rich@postern.example': '()' }],
] as const)
  test(`a table that fails is no table that says nothing: ${title}`, async () => {
    const rewriter = role({ smtpGenericMaps: ['hash:/t'] }, 'smtp', { 'hash:/t': table })
    const call = fakeCall()
    assert.is(((await rewriter.address('rich@postern.example', call)) as { kind?: string }).kind, 'failed')
    const header = Buffer.from('Subject: x\r\nTo: rich@postern.example\r\n')
    assert.is(((await rewriter.header(header, call)) as unknown as { kind?: string }).kind, 'failed')
  })
test.run()
