/** Which paths Postfix 3.7 takes with strict_rfc821_envelopes = no, as recorded from a live one. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { internal, parsePath } from '@postern/core'

/** What stands behind the colon; the internal form when it is taken, undefined when Postfix answers 501. */
const SENDERS: [path: string, internal: string | undefined, rest?: string][] = [
  ['<a@b.example>', 'a@b.example'],
  ['a@b.example', 'a@b.example'],
  [' <a@b.example>', 'a@b.example'],
  ['<>', ''],
  ['< >', ''],
  ['<@r1.example,@r2.example:a@b.example>', 'a@b.example'],
  ['<@r1.example:a@b.example', undefined],
  ['<a@b.example', undefined],
  ['a@b.example>', 'a@b.example'],
  ['<<a@b.example>>', 'a@b.example'],
  ['<"a b"@b.example>', 'a b@b.example'],
  ['<"a\\"b"@b.example>', 'a"b@b.example'],
  ['<a b@b.example>', undefined],
  // 555 Unsupported option: <a@b.example>
  ['Name <a@b.example>', 'Name', '<a@b.example>'],
  ['"Name" <a@b.example>', 'Name', '<a@b.example>'],
  ['<a@[127.0.0.1]>', 'a@[127.0.0.1]'],
  ['<a@[127.0.0.1>', 'a@[127.0.0.1]'],
  ['<a@b@c.example>', 'a@b@c.example'],
  ['<a@>', undefined],
  ['<@b.example>', '@b.example'],
  ['<.a@b.example>', '.a@b.example'],
  ['<a..b@b.example>', 'a..b@b.example'],
  ['<a@b..example>', undefined],
]
const RECIPIENTS: [path: string, internal: string | undefined, text?: string][] = [
  ['<rich@postern.example>', 'rich@postern.example'],
  ['rich@postern.example', 'rich@postern.example'],
  [' <rich@postern.example>', 'rich@postern.example'],
  ['<rich>', 'rich'],
  // 501 5.1.3 at RCPT: the path is good, the null address is no recipient
  ['<>', ''],
  ['<"rich"@postern.example>', 'rich@postern.example', 'rich@postern.example'],
  // 550 5.1.1: the syntax is taken; the log writes to=<"ri ch"@postern.example>
  ['<"ri ch"@postern.example>', 'ri ch@postern.example', '"ri ch"@postern.example'],
  ['<@r1.example:rich@postern.example>', 'rich@postern.example'],
  ['<@r1.example,@r2.example:rich@postern.example>', 'rich@postern.example'],
  ['<postmaster>', 'postmaster'],
  ['<POSTMASTER>', 'POSTMASTER'],
  ['<Postmaster@postern.example>', 'Postmaster@postern.example'],
  ['<rich@[127.0.0.1]>', 'rich@[127.0.0.1]'],
  ['<rich@[192.0.2.77]>', 'rich@[192.0.2.77]'],
  ['<rich@postern.example.>', 'rich@postern.example'],
  ['<rich@POSTERN.example>', 'rich@POSTERN.example'],
  ['<rich@@postern.example>', undefined],
  // the log writes to=<"rich."@postern.example>
  ['<rich.@postern.example>', 'rich.@postern.example', '"rich."@postern.example'],
  ['<rich%postern.example@mail.postern.example>', 'rich%postern.example@mail.postern.example'],
  ['<mail.postern.example!rich>', 'mail.postern.example!rich'],
  [
    '<"rich%postern.example"@postern.example>',
    'rich%postern.example@postern.example',
    'rich%postern.example@postern.example',
  ],
  ['<rich@localhost>', 'rich@localhost'],
  ['<rich@mail.postern.example>', 'rich@mail.postern.example'],
  ['<rich@mail>', 'rich@mail'],
  ['<rich@other.postern.example>', 'rich@other.postern.example'],
  ['<rich @postern.example>', 'rich@postern.example'],
  ['<(comment)rich@postern.example>', 'rich@postern.example'],
]

for (const [path, wanted, rest = ''] of SENDERS)
  test(`MAIL FROM:${path}`, () => {
    const r = parsePath(path, { lenient: true })
    assert.is(r.ok ? internal(r.address) : undefined, wanted)
    if (r.ok) assert.is(r.rest, rest)
  })
for (const [path, wanted, text] of RECIPIENTS)
  test(`RCPT TO:${path}`, () => {
    const r = parsePath(path, { lenient: true })
    assert.is(r.ok ? internal(r.address) : undefined, wanted)
    if (r.ok && text !== undefined) assert.is(r.address.text, text)
  })

test.run()
