import { addressClasses, addressOf, failed } from '@postern/core'
import type { AddressClasses, Report } from '@postern/core'
import { resolveView } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BAD, ask, plugin, reportOf } from './support.ts'

const ORIGINALS: [sender: string, orcpt: string | undefined][] = [
  ['a@site.example', undefined],
  ['"a b"@site.example', 'rfc822;a b@site.example'],
  ['"a\\"b"@site.example', 'rfc822;a"b@site.example'],
  ['"a ü"@site.example', 'utf-8;a ü@site.example'],
]
for (const [sender, orcpt] of ORIGINALS)
  test(`a report to ${sender} ${orcpt ? `is for ${orcpt}` : 'needs no ORCPT'}`, async () => {
    const { draft } = await reportOf({ sender, recipients: [BAD] })
    const [to] = draft.recipients
    assert.equal(typeof to === 'string' ? [to] : [to!.address, to!.orcpt], orcpt ? [sender, orcpt] : [sender])
  })

test('a sender in UTF-8, and as Postfix 3.7 quotes it', async () => {
  const spec = { sender: 'sü@site.example', recipients: [BAD], view: { smtputf8: true } }
  const { text } = await reportOf(spec)
  assert.match(text, 'X-Postern-Sender: utf-8; sü@site.example\n')
  assert.match(text, 'Return-Path: <sü@site.example>\n')
  const { draft } = (await ask(plugin({ quotedUtf8Sender: true }), spec)) as Report
  const bytes = Buffer.concat(draft.content as Uint8Array[]).toString('latin1')
  assert.match(bytes, 'X-Postern-Sender: rfc822; "s\\\xc3\\\xbc"@site.example\r\n')
  assert.match(bytes, 'Return-Path: <"s\\\xc3\\\xbc"@site.example>\r\n')
  assert.match(
    (await reportOf({ sender: 'a@site.example', recipients: [BAD] }, { quotedUtf8Sender: true })).text,
    '<a@',
  )
})

const classes: AddressClasses = {
  classOf: ({ domain }) =>
    domain === 'away.example'
      ? (failed('away') as never)
      : { kind: 'class', class: domain === 'site.example' ? 'local' : 'default' },
}
const RECIPIENTS: [address: string, to: string | undefined][] = [
  ['double-bounce@site.example', 'route'],
  ['Double-Bounce@site.example', 'route'],
  ['double-bounce@far.example', undefined],
  ['bounce@site.example', undefined],
  ['double-bounce@away.example', 'defer'],
]
for (const [address, to] of RECIPIENTS)
  test(`mail for ${address} ${to === 'route' ? 'ends here' : (to ?? 'goes on')}`, async () => {
    const t = plugin({}, { needs: { classes } } as never)
    const view = resolveView({ recipient: address })
    assert.is(((await t.resolve(view)) as { kind?: string } | undefined)?.kind, to)
    assert.is(view.recipient.text, addressOf(address).text)
  })
test('nobody knows classes', () => {
  assert.ok(plugin({}))
  assert.ok(addressClasses)
})
test.run()
